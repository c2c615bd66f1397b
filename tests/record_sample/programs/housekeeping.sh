#!/bin/sh
# housekeeping.sh: hourly; counts what lies about and says so.
old=$(find /srv -xdev -type f -name '*.gz' | wc -l)
all=$(find /srv -xdev -type f | wc -l)
logger -t housekeeping -p cron.notice "$old rotated logs kept, $all files in /srv, $(du -sxm /srv | cut -f1) MiB"
