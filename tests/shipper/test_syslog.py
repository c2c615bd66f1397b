"""`devmesh ship --syslog` in a process of its own, with the senders that people have."""

import asyncio
import logging
import logging.handlers
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from conftest import need
from journals import ROOT
from lab import until
from stub_server import StubServer
from syslog_lab import free_port, lines, numbered, send_udp

from shipper.spool_records import scan

SHIP = [sys.executable, "-c", "from server.cli import main; main()", "ship"]


class Ship:
    """`devmesh ship` with a state folder of its own, receiving at one port over UDP and TCP."""

    def __init__(self, server: StubServer, folder: Path) -> None:
        self.port = free_port()
        self.spool = folder / "state/shipper/syslog"
        self.environment = {
            **os.environ,
            "DEVMESH_SERVER_URL": server.url,
            "DEVMESH_STATE_DIR": str(folder / "state"),
            "DEVMESH_SHIP_BATCH_SECONDS": "0.1",
            "PYTHONPATH": str(ROOT),
        }

    @property
    def addresses(self) -> list[str]:
        return [f"--syslog={scheme}://127.0.0.1:{self.port}" for scheme in ("udp", "tcp")]

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run to the end; exit status and everything it wrote."""
        done = subprocess.run(
            [*SHIP, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=20,
            check=False,
        )
        return done.returncode, done.stdout

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        """Start, and wait until it listens."""
        process = await asyncio.create_subprocess_exec(
            *SHIP, *(arguments or self.addresses), env=self.environment
        )
        while not self.listens():
            assert process.returncode is None
            await asyncio.sleep(0.02)
        return process

    def listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @asynccontextmanager
    async def running(self, *arguments: str) -> AsyncIterator[None]:
        """At work while the body runs, and ended politely."""
        process = await self.start(*arguments)
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 15) == 0

    def spooled(self) -> list[int]:
        """The numbers of all whole messages in the spool, in order."""
        found = []
        for file in sorted(self.spool.glob("*.spool")):
            records, _, _ = scan(file.read_bytes(), 1 << 30, complete=True)
            found += [int(one.received.data[6:].split(b" ")[0]) for one in records]
        return found


@pytest.fixture
def ship(server: StubServer, tmp_path: Path) -> Ship:
    return Ship(server, tmp_path)


LOGGER = [
    ["--udp", "--rfc3164"],
    ["--udp", "--rfc5424"],
    ["--tcp", "--rfc3164"],
    ["--tcp", "--rfc5424"],
    ["--tcp", "--rfc3164", "--octet-count"],
    ["--tcp", "--rfc5424", "--octet-count"],
]


async def test_every_way_of_logger(server: StubServer, ship: Ship) -> None:
    need(shutil.which("logger") is not None, "logger")
    async with ship.running():
        for number, way in enumerate(LOGGER):
            place = ["-n", "127.0.0.1", "-P", str(ship.port), "-t", "lab", "-p", "auth.err"]
            command = ["logger", *place, "--id=77", *way, f"n={number} ä"]
            await asyncio.to_thread(subprocess.run, command, check=True)
        await until(lambda: len(server.rows) == len(LOGGER))

    assert server.seqs() == list(range(len(LOGGER)))
    for row in server.rows.values():
        assert (row["service"], row["level"], row["source"]) == ("lab", "ERROR", "syslog")
        assert row["host"].split(".")[0] == socket.gethostname().split(".")[0]
        assert row["message"].endswith(" ä")
        assert (row["meta_json"]["facility"], row["meta_json"]["procid"]) == ("auth", "77")
        assert abs(seconds(row["timestamp"]) - seconds(row["meta_json"]["received"])) < 5
    layouts = [row["meta_json"]["layout"] for row in server.rows.values()]
    assert sorted(layouts) == ["rfc3164"] * 3 + ["rfc5424"] * 3
    five = [row for row in server.rows.values() if row["meta_json"]["layout"] == "rfc5424"]
    assert all("timeQuality" in row["meta_json"]["structured_data"] for row in five)


def seconds(timestamp: str) -> float:
    """Within its day."""
    hours, minutes, rest = timestamp[11:-1].split(":")
    return (int(hours) * 60 + int(minutes)) * 60 + float(rest)


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
async def test_pythons_handler(server: StubServer, ship: Ship, kind: socket.SocketKind) -> None:
    """It ends messages with a NUL, and gives neither time nor host."""
    log = logging.Logger("lab")
    async with ship.running():
        handler = logging.handlers.SysLogHandler(("127.0.0.1", ship.port), socktype=kind)
        handler.ident = "myapp: "
        log.addHandler(handler)
        log.error("n=0 of python")
        log.warning("n=1 of python\nwith a second line")
        await until(lambda: len(server.rows) >= 2)
        handler.close()

    first = next(row for row in server.rows.values() if row["message"] == "n=0 of python")
    assert (first["service"], first["level"], first["host"]) == ("myapp", "ERROR", "127.0.0.1")


RSYSLOGD = Path("/usr/sbin/rsyslogd")
RSYSLOG = """
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{folder}/log" CreatePath="on" UseSysTimeStamp="off" RateLimit.Interval="0")
action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" {how} action.resumeRetryCount="-1")
"""


@contextmanager
def rsyslogd(folder: Path, port: int, how: str) -> Iterator[None]:
    """A real rsyslogd that forwards what is written to `folder`/log."""
    folder.mkdir()
    (folder / "conf").write_text(RSYSLOG.format(folder=folder, port=port, how=how))
    command = [str(RSYSLOGD), "-n", "-f", str(folder / "conf"), "-i", str(folder / "pid")]
    process = subprocess.Popen(command, env={**os.environ, "TMPDIR": str(folder)})
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.parametrize(
    ("how", "layout"),
    [
        ('TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format"', "rfc5424"),
        ('template="RSYSLOG_ForwardFormat"', "rfc3164"),
        ("", "rfc3164"),
    ],
)
async def test_a_real_rsyslogd_forwards(
    server: StubServer, ship: Ship, tmp_path: Path, how: str, layout: str
) -> None:
    need(RSYSLOGD.exists(), "rsyslogd")
    async with ship.running():
        with rsyslogd(tmp_path / "r", ship.port, how):
            await until((tmp_path / "r/log").exists)
            writing = ["logger", "-u", str(tmp_path / "r/log"), "-t", "lab", "-p", "daemon.warning"]
            await asyncio.to_thread(
                subprocess.run, writing, input="".join(f"n={n} x\n" for n in range(200)), text=True
            )
            await until(lambda: len(server.rows) >= 200)

    rows = [row for row in server.rows.values() if row["service"] == "lab"]
    assert sorted(int(row["message"].split("=")[1].split()[0]) for row in rows) == list(range(200))
    assert {(row["level"], row["meta_json"]["layout"]) for row in rows} == {("WARN", layout)}
    assert {row["host"] for row in rows} == {socket.gethostname().split(".")[0]}


async def test_sigkill_again_and_again_loses_and_doubles_nothing_that_was_spooled(
    server: StubServer, ship: Ship
) -> None:
    """A sender that after each kill goes on behind the last message that reached the spool.

    TCP acknowledges nothing, so that this is what a sender can be promised: what the spool has
    is never lost and never doubled, and it has an unbroken beginning of what was sent.
    """
    server.busy_share, server.lost_ack_share = 0.2, 0.1
    dice, count, sent = random.Random(5), 6_000, 0
    while sent < count:
        process = await ship.start()
        with socket.create_connection(("127.0.0.1", ship.port)) as sender:
            try:
                for first in range(sent, count, 20):
                    sender.sendall(lines(numbered(first, 20)))
                    await asyncio.sleep(0.001)
                    if dice.random() < 0.012:
                        break
                else:
                    await until(lambda: (count - 1) in {*ship.spooled(), *server.seqs()})
            finally:
                process.kill()
                await process.wait()
        spooled = {*ship.spooled(), *server.seqs()}
        assert spooled == set(range(len(spooled)))
        assert sorted(set(ship.spooled())) == sorted(ship.spooled())
        sent = len(spooled)
    async with ship.running():
        await until(lambda: len(server.rows) == count)

    assert server.seqs() == list(range(count))


async def test_status_and_settings(server: StubServer, ship: Ship) -> None:
    ship.environment["DEVMESH_SHIP_JOURNAL"] = "false"
    ship.environment["DEVMESH_SHIP_SYSLOG"] = (
        f'["udp://127.0.0.1:{ship.port}", "tcp://127.0.0.1:{ship.port}"]'
    )
    async with ship.running("--server", server.url):
        send_udp(ship.port, numbered(0, 7))
        await until(lambda: len(server.rows) == 7)
    status, output = await asyncio.to_thread(ship.run, "--status")

    assert status == 0
    assert "  received    7\n" in output
    assert "  dropped     0\n" in output
    assert "  sent        7 " in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--syslog", "tls://0.0.0.0:6514"], "'tls' is neither udp nor tcp"),
        (["--syslog", "udp://192.0.2.1:5514"], "no interface of this machine has this address"),
        (["--syslog", "udp://127.0.0.1:5514", "--once"], "--once does not go with --syslog"),
    ],
)
def test_what_cannot_be_done_ends_with_its_reason(
    ship: Ship, arguments: list[str], message: str
) -> None:
    status, output = ship.run(*arguments)

    assert status == 2
    assert message in output
    assert "Traceback" not in output
