"""What runs by itself: cron, logrotate, backups, name service, the indexer, billing, the clock."""

import contextlib
import gzip
import os
import shutil
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

from machine import HOUSE, call
from stage import Stage, scene

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
TICK_LEAD = 1.0  # seconds between the start of cron and the minute it waits for


def prepare_jobs(stage: Stage) -> None:
    """Tables, scripts and the files they work on."""
    Path("/etc/cron.d/homelab").write_text(Path("/opt/homelab/cron.txt").read_text())
    Path("/etc/cron.d/homelab").chmod(0o644)
    Path("/etc/crontab").write_text("")
    Path("/etc/cron.hourly/housekeeping").symlink_to("/opt/homelab/housekeeping.sh")
    if stage.host == "nas-01":
        Path("/etc/cron.d/old-jobs").write_text("61 * * * * root /usr/local/bin/forgotten\n")
        Path("/etc/cron.d/old-jobs").chmod(0o644)
    for folder in ("/srv/log", "/srv/open", "/srv/photos", "/srv/small", "/srv/mirror"):
        Path(folder).mkdir(exist_ok=True)
    Path("/srv/open").chmod(0o777)
    for name in ("/srv/log/app.log", "/srv/open/world.log"):
        Path(name).write_text("a line that nobody reads\n" * 200)
    for number in range(1, 10):
        Path(f"/srv/photos/IMG_{number:04}.jpg").write_bytes(os.urandom(20_000))


@scene
def cron_tick(stage: Stage) -> None:
    """cron under a clock that stands shortly before the planned minute and runs five times as fast.

    It decides by itself what is due. It is started anew for every tick, so the lines of
    the daemon itself (not of its jobs) are kept only once.
    """
    moment = datetime.fromtimestamp(round(stage.planned) - 5 * TICK_LEAD, UTC)
    clock = {
        "LD_PRELOAD": FAKETIME,
        "FAKETIME": f"@{moment:%Y-%m-%d %H:%M:%S} x5",
        "TZ": "UTC",
        "PATH": os.environ["PATH"],
    }
    stage.start("cron", "/usr/sbin/cron", "-f", "-L", "5", env=clock)
    if stage.cron_seen:
        stage.unwanted.append(stage.running["cron"].pid)
    stage.cron_seen = True
    time.sleep(TICK_LEAD + 0.9)
    stage.stop("cron")


@scene
def logrotate(stage: Stage) -> None:
    """A rotation with one good log, one in an unsafe folder and one that is missing."""
    Path("/srv/log/app.log").write_text("a line that nobody reads\n" * 200)
    Path("/opt/homelab/logrotate.conf").chmod(0o644)
    for _ in range(2):
        call(
            "systemd-cat",
            "-t",
            "logrotate",
            "logrotate",
            "-v",
            "-f",
            "-s",
            "/srv/logrotate.state",
            "/opt/homelab/logrotate.conf",
        )
    for old in Path("/srv/log").glob("*.gz"):
        gzip.decompress(old.read_bytes())


@scene
def backup(stage: Stage, room: str, talkative: bool = False) -> None:
    """The photographs into a tar, on a disk that is large enough or is not."""
    call("mount", "-n", "-t", "tmpfs", "-o", f"size={room}", "backup", "/srv/small")
    call("/opt/homelab/backup.sh", "/srv/photos", "/srv/small", "debug" if talkative else "")
    call("umount", "-n", "/srv/small")


@scene
def mirror(stage: Stage) -> None:
    """rsync to the mirror: new files, now and then an unreadable one or a full disk."""
    kind = stage.rng.choice(["good", "good", "good", "full", "gone"])
    call(
        "mount",
        "-n",
        "-t",
        "tmpfs",
        "-o",
        f"size={'64k' if kind == 'full' else '16m'}",
        "mirror",
        "/srv/mirror",
    )
    source = "/srv/photos-2019/" if kind == "gone" else "/srv/photos/"
    argv = ["rsync", "-a", "-v", "--stats", source, "/srv/mirror/"]
    done = call("systemd-cat", "-t", "rsync", "--stderr-priority=err", *argv)
    call("umount", "-n", "/srv/mirror")
    if done.returncode:
        stage.say("mirror", "err", f"mirror of {source} failed, rsync exit code {done.returncode}")
    else:
        stage.say("mirror", "info", f"mirror of {source} complete")


@scene
def index(stage: Stage, broken: bool) -> None:
    """The indexer, supervised; a broken photograph crashes it until it is given up."""
    bad = Path("/srv/photos/IMG_0666.jpg")
    if broken:
        bad.write_bytes(b"BROKEN" + stage.rng.randbytes(30))
    call(
        "/opt/homelab/supervise.sh",
        "media-indexer",
        "3",
        "/usr/bin/python3",
        "/opt/homelab/media_indexer.py",
        "/srv/photos",
    )
    bad.unlink(missing_ok=True)


@scene
def billing(stage: Stage, orders: int, bank: str = "up") -> None:
    """One run of the billing batch."""
    first = stage.rng.randint(1000, 9000)
    call("/usr/bin/python3", "/opt/homelab/billing_worker.py", str(orders), str(first), bank)
    if bank == "down":
        stage.say("supervise", "err", "billing-worker: main process exited, status=3")


def start_dnsmasq(stage: Stage) -> None:
    """Names for the house; the server for all the others is not there."""
    options = [
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--no-resolv",
        "--server=10.20.0.53",
        "--log-queries",
        "--user=dnsmasq",
    ]
    options += [
        "--listen-address=10.20.0.41",
        "--bind-interfaces",
        "--domain=example.lan",
        "--local=/example.lan/",
        "--cache-size=50",
    ]
    options += ["--log-facility=daemon", "--pid-file=/run/dnsmasq.pid", "--no-poll"]
    stage.start("dnsmasq", "/usr/sbin/dnsmasq", *options)
    time.sleep(0.4)


def ask(name: str, source: str) -> None:
    """One DNS question for an address."""
    question = (
        b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0\0\1\0\1"
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind((source, 0))
        link.settimeout(0.1)
        link.sendto(os.urandom(2) + b"\1\0\0\1\0\0\0\0\0\0" + question, ("10.20.0.41", 53))
        with contextlib.suppress(OSError):
            link.recv(512)


@scene
def names(stage: Stage, count: int) -> None:
    """The house asks for its machines."""
    for _ in range(count):
        name = stage.rng.choice(["web-01", "web-02", "db-01", "nas-01", "db-01", "printer", "tv"])
        ask(f"{name}.example.lan", stage.rng.choice(HOUSE[:5]))
        stage.pause(0, 0.05)


@scene
def dns_upstream_lost(stage: Stage) -> None:
    """Questions that only the absent server could answer, then a reload."""
    for name in ("pool.example.net", "updates.example.org", "mail.example.com"):
        ask(name, stage.rng.choice(HOUSE[:5]))
    stage.running["dnsmasq"].send_signal(1)
    time.sleep(0.2)


def start_chrony(stage: Stage) -> None:
    """chronyd that may not touch the clock (-x), and a silent server for it to follow."""
    Path("/run/chrony").mkdir(exist_ok=True)
    shutil.chown("/run/chrony", "_chrony", "_chrony")
    Path("/run/chrony").chmod(0o750)
    server = [
        "port 123",
        "bindaddress 10.20.0.53",
        "allow",
        "local stratum 8",
        "cmdport 0",
        "pidfile /run/chrony/server.pid",
        "bindcmdaddress /",
    ]
    client = [
        "server 10.20.0.53 iburst minpoll 1 maxpoll 2",
        "port 0",
        "makestep 1 3",
        "pidfile /run/chrony/chronyd.pid",
        "driftfile /var/lib/chrony/drift",
    ]
    stage.start("time server", "/usr/sbin/chronyd", "-n", "-x", "-l", "/dev/null", *server)
    stage.start("chronyd", "/usr/sbin/chronyd", "-n", "-x", *client)


@scene
def time_source_lost(stage: Stage) -> None:
    """The link to the time server goes and comes back."""
    call("chronyc", "offline")
    stage.pause(0.3, 0.5)
    call("chronyc", "online")
    call("chronyc", "burst", "4/6")
    time.sleep(1.2)
