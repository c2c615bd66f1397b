#!/bin/sh
# sync_feed.sh: fetch the price list of a partner whose server is often away.
rsync --timeout=1 --contimeout=1 rsync://10.20.0.53/feed/ /srv/feed/ 2>&1 | systemd-cat -t sync-feed -p warning
exit 10
