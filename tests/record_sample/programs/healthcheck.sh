#!/bin/sh
# healthcheck.sh: the half-hourly look around; fails when a disk is nearly full.
exec 2>&1
read -r one five rest </proc/loadavg
logger -t healthcheck -p daemon.info "load $one $five, memory free $(awk '/MemAvailable/ {print int($2/1024)}' /proc/meminfo) MiB"
full=$(df --output=pcent /srv | tail -n 1 | tr -dc 0-9)
if [ "$full" -gt 50 ]; then
    logger -t healthcheck -p daemon.warning "/srv is ${full}% full"
    exit 1
fi
[ "$full" -le 3 ] || logger -t healthcheck -p daemon.notice "/srv is ${full}% full"
