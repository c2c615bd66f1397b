"""Words that people and programs use for one thing, for questions asked in other words.

From general knowledge of system administration; a word may stand in several lines. Whoever adds
to it adds what is true of logs everywhere, never what makes one judged query right.
"""

from collections import defaultdict
from functools import cache

from tools.stems import stem

_ALIKE = """
fail failed failure error fault broken unsuccessful cannot couldn unable problem wrong
refuse reject deny denied disallow forbid forbidden block permission unauthorized prohibited
stop shutdown halt terminate exit quit kill end finish
start startup boot launch spawn begin began init initialize up
restart respawn reload relaunch reboot
die died dead crash abort panic core segfault killed gone
memory mem ram oom swap heap
disk storage volume drive filesystem mount device
full exhausted space quota limit exceeded
login logon logged session signin sign
auth authentication authenticate credential password passwd pam
user username account
delete remove erase purge unlink cleanup clean discard
create make add new generate
connect connection socket link channel
disconnect close drop hangup reset lost terminate
timeout expire slow delay late deadline elapsed
node host machine server peer member
unreachable unresponsive respond response answer reply reach route down offline
dns resolve lookup hostname nameserver domain
mail smtp sendmail postfix email message
print printer cups
clock time ntp ntpd synchronize sync
network net interface ethernet nic wifi wlan internet lan
dhcp lease address
cron crond job schedule task
certificate cert tls ssl
sleep suspend hibernate standby wake resume
battery charge power voltage psu supply
temperature thermal overheat hot fan cooling
usb plug attach device
copy replicate replica duplicate mirror
verify validate check checksum integrity
read fetch load get
write save store persist insert flush
file path directory folder
missing absent exist nonexistent unknown
retry again attempt
proxy gateway upstream relay
allow permit accept grant
request query call
update upgrade patch
install setup deploy
config configuration setting option parameter property
deprecated obsolete outdated legacy
lock mutex deadlock semaphore
queue pending wait backlog
process pid program daemon service
container docker pod
instance guest virtual
election elect leader follower quorum ensemble
image snapshot backup
corrupt damage invalid malformed bad illegal
program binary executable image
cpu processor core
screen display monitor
firmware bios acpi
register enroll join
attack intrusion breach hack
warning alert alarm
size length large big
old stale outdated expired
increase raise grow
application app
database sql table
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
