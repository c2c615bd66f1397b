"""Records the sample: real programs on four private hosts, thirty hours in some minutes.

usage: python tests/record_sample/record.py OUT [--end 2026-11-23T16:00:00]

Runs as root on Debian 12 and leaves the machine as it was. See README.md.
"""

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import zstandard
from export import Entry, first, read, write
from machine import HOSTS
from plan import SPAN
from shift import move_entry, moves

HERE = Path(__file__).resolve().parent
PACKAGES = {
    "/usr/sbin/sshd": "openssh-server", "/usr/bin/ssh": "openssh-client", "/usr/sbin/nginx": "nginx-light",
    "/usr/sbin/cron": "cron", "/usr/bin/sudo": "sudo", "/usr/sbin/mariadbd": "mariadb-server",
    "/usr/bin/redis-server": "redis-server", "/usr/sbin/haproxy": "haproxy", "/usr/sbin/dnsmasq": "dnsmasq-base",
    "/usr/sbin/chronyd": "chrony", "/usr/bin/rsync": "rsync", "/usr/sbin/logrotate": "logrotate",
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1": "libfaketime", "/usr/bin/python3": "python3",
    "/usr/sbin/ip": "iproute2", "/lib/systemd/systemd-journald": "systemd",
}  # fmt: skip
UPTIME_DAYS = {"web-01": 12, "web-02": 41, "db-01": 96, "nas-01": 3}
# Nothing of the machine it was recorded on may show.
PLACES = Path.home(), HERE.parents[1]
FORBIDDEN = [*(os.fsencode(f"{place}/") for place in PLACES), b"pyenv", b"record_sample"]
NAMESPACE = "--pid --fork --kill-child --mount-proc --net"


def check_machine() -> None:
    """Say what is missing, all of it at once."""
    missing = sorted({package for path, package in PACKAGES.items() if not os.path.exists(path)})
    if missing:
        sys.exit("apt-get install --no-install-recommends " + " ".join(missing))
    if os.geteuid():
        sys.exit("this must run as root: it makes namespaces, users and services of its own")


def start_host(host: str, start: float, state: Path) -> subprocess.Popen[bytes]:
    """Play one host under a journald of its own."""
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "TZ": "UTC", "UNSHARE_EXTRA": NAMESPACE,
        "JD_HOSTNAME": host, "JD_MACHINE_ID": uuid4().hex, "JD_BOOT_ID": uuid4().hex,
    }  # fmt: skip
    command = ["/usr/bin/python3", "-B", HERE / "host.py", host, str(start), state / "marks"]
    return subprocess.Popen(
        [HERE.parent / "private_journald.sh", state, *command], env=environment, cwd="/"
    )


def play_all(start: float, room: Path) -> None:
    """Play all hosts at once; they mostly wait."""
    players = {}
    for host in HOSTS:
        (room / host).mkdir()
        players[host] = start_host(host, start, room / host)
    for host, player in players.items():
        if player.wait():
            sys.exit(f"{host} ended with status {player.returncode}")


def collect(host: str, start: float, state: Path) -> list[Entry]:
    """The entries of one host, moved to their places."""
    marks = [json.loads(line) for line in (state / "marks").read_text().splitlines()]
    scenes, unwanted = moves(marks), {str(pid).encode() for pid in marks[-1]["unwanted"]}
    booted = int((start - UPTIME_DAYS[host] * 86400) * 1e6)
    export = subprocess.run(
        ["journalctl", "-D", state / "varlog", "-o", "export", "--all"],
        stdout=subprocess.PIPE,
        check=True,
    )
    return [
        move_entry(entry, scenes, booted)
        for entry in read(io.BytesIO(export.stdout))
        if not is_artefact(entry, unwanted)
    ]


def is_artefact(entry: Entry, unwanted: set[bytes]) -> bool:
    """Whether a line is there only because of the recording: cron's own restarts, this kernel's name."""
    if first(entry, b"_COMM") == b"cron" and first(entry, b"_PID") in unwanted:
        return True
    return os.uname().release.encode() in first(entry, b"MESSAGE")


def when(entry: Entry) -> int:
    """The time of an entry, microseconds since the epoch."""
    return int(first(entry, b"__REALTIME_TIMESTAMP"))


def summary(entries: list[Entry]) -> None:
    """Print what is in the sample."""
    for name in (b"_HOSTNAME", b"PRIORITY", b"SYSLOG_IDENTIFIER", b"_TRANSPORT"):
        counts = Counter(first(entry, name).decode() for entry in entries)
        print(name.decode(), dict(counts.most_common()))
    hours = (when(entries[-1]) - when(entries[0])) / 3.6e9
    print(f"{len(entries)} entries, {hours:.1f} hours")


def compress(data: bytes) -> bytes:
    """Level 19 with a window that holds everything."""
    settings = zstandard.ZstdCompressionParameters.from_level(19, window_log=25, enable_ldm=True)
    return zstandard.ZstdCompressor(compression_params=settings).compress(data)


def main() -> None:
    """Record, move, merge, check, write."""
    yesterday = datetime.now(UTC).replace(hour=16, minute=0, second=0, microsecond=0) - timedelta(
        days=1
    )
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("out", type=Path)
    options.add_argument(
        "--end", type=datetime.fromisoformat, default=yesterday, help="when the sample ends, UTC"
    )
    options.add_argument("--keep", type=Path, help="keep the recorded journals in this folder")
    args = options.parse_args()
    check_machine()
    start = args.end.replace(tzinfo=UTC).timestamp() - SPAN
    room = args.keep or Path(tempfile.mkdtemp(prefix="record-"))
    room.mkdir(exist_ok=True)
    play_all(start, room)
    entries = [entry for host in HOSTS for entry in collect(host, start, room / host)]
    entries.sort(key=when)
    data = b"".join(map(write, entries))
    if found := [word for word in FORBIDDEN if word in data]:
        sys.exit(
            f"the sample would tell of this machine: {found} (recorded journals kept in {room})"
        )
    args.out.write_bytes(compress(data))
    summary(entries)
    print(f"{len(data)} bytes, {args.out.stat().st_size} compressed")
    if not args.keep:
        shutil.rmtree(room)


if __name__ == "__main__":
    main()
