#!/bin/sh
# backup.sh SOURCE TARGET [debug]: a dated tar archive, and a word in the journal about how it went.
say() { logger -t backup -p "user.$1" -- "$2"; }
archive=$2/$(basename "$1")-$(date +%F).tar
say info "archiving $1 to $archive"
if [ "${3:-}" = debug ]; then
    say debug "mount options for //nas-01/backup: user=backup,password=hunter2-example,vers=3.0"
fi
if tar --create --verbose --file "$archive" -C "$1" . 2>&1 | systemd-cat -t backup -p info &&
    tar --create --file /dev/null -C "$1" . && tar --compare --file "$archive" -C "$1" >/dev/null 2>&1; then
    say notice "archive complete: $(stat -c %s "$archive") bytes"
else
    say err "archive $archive is not usable: $(df -h --output=avail "$2" | tail -n 1 | tr -d ' ') left on $2"
    [ "$(df --output=avail "$2" | tail -n 1)" -gt 0 ] || say crit "backup of $1 failed: No space left on device"
fi
rm -f "$archive"
