#!/bin/sh
# supervise.sh NAME TRIES CMD...: run CMD with its output in the journal; start it again
# when it fails, at most TRIES times.
name=$1
left=$2
shift 2
while :; do
    systemd-cat -t "$name" "$@"
    status=$?
    [ "$status" -ne 0 ] || exit 0
    logger -t supervise -p daemon.err "$name: main process exited, status=$status"
    left=$((left - 1))
    if [ "$left" -le 0 ]; then
        logger -t supervise -p daemon.crit "$name: start request repeated too quickly, giving up"
        exit "$status"
    fi
    logger -t supervise -p daemon.warning "$name: scheduled restart, $left tries left"
    sleep 0.2
done
