#!/bin/sh
# private_journald.sh STATE_DIR CMD...
#
# Runs CMD under a real systemd-journald of its own, in a mount namespace: journal in
# STATE_DIR/varlog (seen as /var/log/journal), sockets in STATE_DIR/run (seen as /run),
# /dev/log answered, own machine id and journald.conf. The host is left as it was.
# CMD gets JD_PID: kill -USR2 "$JD_PID" rotates. The exit status is CMD's.
#
#   JD_HOSTNAME            host name of the entries (own UTS namespace)
#   JD_MACHINE_ID          32 hex digits; else random. Kept in STATE_DIR either way
#   JD_BOOT_ID             32 hex digits; else the boot id of this machine
#   JD_MAXFILE, JD_MAXUSE  SystemMaxFileSize=, SystemMaxUse=
#   JD_CONF                more lines for journald.conf (they win)
#   UNSHARE_EXTRA          e.g. "--user --map-root-user" to run without root
set -eu

die() {
    echo "private_journald.sh: $*" >&2
    exit 125
}

prepare() {
    umask 022
    mkdir -p "$state/run/systemd/journal" "$state/run/lock" "$state/varlog" "$state/dev" "$state/conf.d"
    chmod 1777 "$state/run/lock"
    # Without the flag journald starts in /run/log and changes its seqnum id when flushed.
    : >"$state/run/systemd/journal/flushed"
    if [ -n "${JD_MACHINE_ID:-}" ]; then
        echo "$JD_MACHINE_ID" >"$state/machine-id"
    elif [ ! -s "$state/machine-id" ]; then
        tr -d - </proc/sys/kernel/random/uuid >"$state/machine-id"
    fi
    # Audit= empty: neither "yes" nor "no" leaves the kernel's audit switch alone.
    cat >"$state/journald.conf" <<CONF
[Journal]
Storage=persistent
RateLimitIntervalSec=0
ReadKMsg=no
Audit=
ForwardToSyslog=no
ForwardToWall=no
${JD_MAXFILE:+SystemMaxFileSize=$JD_MAXFILE}
${JD_MAXUSE:+SystemMaxUse=$JD_MAXUSE}
${JD_CONF:-}
CONF
}

# A copy of /dev with a "log" in it, for machines that have no /dev/log to mount over.
private_dev() {
    mount -t tmpfs -o mode=755 dev "$state/dev"
    for node in /dev/*; do
        copy=$state/dev/${node##*/}
        if [ -L "$node" ]; then
            cp -P "$node" "$copy"
        elif [ -d "$node" ]; then
            mkdir "$copy" && mount --rbind "$node" "$copy"
        else
            : >"$copy" && mount --bind "$node" "$copy"
        fi
    done
    ln -s /run/systemd/journal/dev-log "$state/dev/log"
    mount --rbind "$state/dev" /dev
}

enter() {
    mount -n --bind "$state/run" /run # first, and -n: mount(8) keeps notes in /run/mount
    [ -z "${JD_HOSTNAME:-}" ] || hostname "$JD_HOSTNAME"
    [ -L /dev/log ] || [ -S /dev/log ] || private_dev
    if [ -n "${JD_BOOT_ID:-}" ]; then
        echo "$JD_BOOT_ID" | sed -E 's/(.{8})(.{4})(.{4})(.{4})/\1-\2-\3-\4-/' >"$state/boot_id"
        mount --bind "$state/boot_id" /proc/sys/kernel/random/boot_id
    fi
    mount --bind "$state/machine-id" /etc/machine-id
    mount --bind "$state/journald.conf" /etc/systemd/journald.conf
    [ ! -d /etc/systemd/journald.conf.d ] || mount --bind "$state/conf.d" /etc/systemd/journald.conf.d
    mount --bind "$state/varlog" /var/log/journal
}

start_journald() {
    # pdeathsig: journald must not outlive this script, even one that is killed with -9.
    SYSTEMD_LOG_TARGET=console setpriv --pdeathsig TERM \
        /lib/systemd/systemd-journald </dev/null >"$log" 2>&1 &
    JD_PID=$!
    tries=0
    until journalctl --sync 2>/dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -gt 100 ] || ! kill -0 "$JD_PID" 2>/dev/null; then
            cat "$log" >&2
            die "journald did not start"
        fi
        sleep 0.1
    done
    # A socket, not the usual symlink, at /dev/log belongs to another daemon: cover it.
    [ -L /dev/log ] || mount --bind /run/systemd/journal/dev-log /dev/log
}

if [ "${1:-}" != --inside ]; then
    [ $# -ge 2 ] || die "usage: private_journald.sh STATE_DIR CMD..."
    for need in /lib/systemd/systemd-journald /etc/machine-id /etc/systemd/journald.conf /var/log/journal; do
        [ -e "$need" ] || die "$need is missing (apt-get install systemd)"
    done
    mkdir -p "$1"
    state=$(cd "$1" && pwd -P)
    shift
    prepare
    # shellcheck disable=SC2086  # UNSHARE_EXTRA is a list of options
    exec unshare --mount ${JD_HOSTNAME:+--uts} ${UNSHARE_EXTRA:-} -- sh "$0" --inside "$state" "$@"
fi

state=$2
log=$state/journald.log
shift 2
enter
start_journald
export JD_PID
status=0
"$@" || status=$?
journalctl --sync 2>/dev/null || echo "private_journald.sh: journald was gone at the end" >&2
kill -TERM "$JD_PID" 2>/dev/null || :
wait "$JD_PID" || :
exit "$status"
