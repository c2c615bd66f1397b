"""Words that people and programs use for one thing, for questions asked in other words.

From general knowledge of system administration; a word may stand in several lines. Whoever adds
to it adds what is true of logs everywhere, never what makes one judged query right.
"""

from collections import defaultdict
from functools import cache

from tools.stems import stem

_ALIKE = """
fail failure error fault broken unsuccessful cannot couldn unable problem wrong trouble malfunction
defect fault failure error broken
refuse reject deny denied disallow forbid forbidden block permission unauthorized prohibited decline
stop shutdown halt terminate exit quit kill end finish cease
start startup boot launch spawn begin began init initialize up open
complete finish done end succeed success successful conclude
success successful succeed successfully okay accepted
restart respawn reload relaunch reboot recycle
die died dead crash abort panic core segfault killed gone death
interrupt cancel abort break
suspend pause hold freeze frozen hang hung stuck stall
memory mem ram oom swap heap dimm ddr dram
cache buffer
disk storage volume drive filesystem mount device
full exhausted space quota limit exceeded
partition volume slice filesystem
login logon logged session signin sign
logout logoff signout disconnect
auth authentication authenticate credential password passwd pam
user username account person
root superuser administrator admin privileged
group role
delete remove erase purge unlink cleanup clean discard drop clear evict
create make add new generate allocate establish build
connect connection socket link channel
disconnect close drop hangup reset lost terminate
establish open connected accept
timeout expire slow delay late deadline elapsed overdue
node host machine server peer member computer
unreachable unresponsive respond response answer reply reach route down offline unavailable
available online up alive reachable ready
dns resolve lookup hostname nameserver domain
reverse ptr
mail smtp sendmail postfix email message
print printer cups spool
clock time ntp ntpd synchronize sync
drift skew offset
network net interface ethernet nic wifi wlan internet lan
wireless wifi wlan airport
dhcp lease address
packet datagram frame
port endpoint socket
listen bind bound
cron crond job schedule task
certificate cert tls ssl
encrypt cipher crypto key
sleep suspend hibernate standby wake resume idle
battery charge power voltage psu supply charger plug
electricity power current
temperature thermal overheat hot fan cooling heat cool
usb plug attach device
unplug detach eject remove
hardware physical board card module chip
copy replicate replica duplicate mirror
verify validate check checksum integrity confirm
compare match equal
mismatch differ inconsistent conflict disagree
read fetch load get retrieve obtain
write save store persist insert flush commit
send sent transmit forward dispatch push deliver
receive got arrive incoming obtain
upload transfer download send
file path directory folder
missing absent exist nonexistent unknown notfound
found find discover detect locate
invalid illegal malformed bad wrong incorrect unexpected
retry again attempt try
proxy gateway upstream relay
allow permit accept grant
request query call ask
invoke call execute run
run execute perform
update upgrade patch
change modify alter switch toggle set
install setup deploy
package app bundle
config configuration setting option parameter property preference
deprecated obsolete outdated legacy
lock mutex deadlock semaphore
unlock release free
free release deallocate reclaim
reserve allocate acquire obtain claim
queue pending wait backlog
process pid program daemon service
thread worker
child subprocess fork
parent master
container docker pod
vm virtual instance guest
election elect leader follower quorum ensemble
vote ballot notification
image snapshot backup
corrupt damage invalid malformed bad illegal
program binary executable image
cpu processor core
screen display monitor
bright brightness backlight dim
touch tap press click
keyboard key input
mouse pointer
sound audio volume speaker music
camera photo picture
phone call dial telephony
sim cellular mobile carrier
location gps position
bluetooth pair
step walk pedometer
firmware bios acpi
driver module kernel
register enroll join
unregister deregister leave
attack intrusion breach hack
brute guess crack
warning alert alarm
size length large big
small little short low
old stale outdated expired
increase raise grow
decrease reduce shrink lower
maximum max limit upper
minimum min least
application app
database sql table
transaction commit
task job work stage
assign allocate schedule dispatch
mapper map reduce reducer shuffle
block chunk
heartbeat ping keepalive
version release build
parse interpret decode
exception error
overflow exceed underflow
parity ecc checksum
correctable corrected recoverable
uncorrectable fatal unrecoverable
critical fatal severe
ignore skip omit disregard
enable activate turn
disable deactivate turn
enter entering join
leave exit leaving
visible show display appear
hide invisible
notify notification inform tell
subscribe listen observe
broadcast announce advertise publish
rename move
moved migrate relocate
register record
log record trace
statistics stats metric count usage
dump trace core
recover restore repair heal
rebuild reconstruct
ended closed over
duplicate repeated
empty blank null none
null none nil
permission privilege right access
access reach enter
owner holder
hold keep retain
web http
website url page
listener receiver
policy rule
"""


def alike(word: str) -> frozenset[str]:
    """The stems of words that may stand for a stem, itself left out."""
    return _table().get(word, frozenset())


@cache
def _table() -> dict[str, frozenset[str]]:
    table: dict[str, set[str]] = defaultdict(set)
    for line in _ALIKE.strip().splitlines():
        stems = {stem(word) for word in line.split()}
        for one in stems:
            table[one] |= stems - {one}
    return {word: frozenset(others) for word, others in table.items()}
