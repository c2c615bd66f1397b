"""Receiving syslog over UDP and TCP: what arrives is shipped, and what is dropped is counted."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from journals import ROOT
from lab import until
from stub_server import StubServer
from syslog_lab import (
    free_port,
    last_status,
    lines,
    numbered,
    receiving,
    send_tcp,
    send_udp,
    settings_for,
)

from shipper.errors import CannotListen, ShipperError
from shipper.settings import ShipperSettings
from shipper.spool import Spool
from shipper.syslog_listen import DEFAULT_PORT, Address
from shipper.syslog_udp import UdpReceiver

MIB = 1 << 20


async def test_datagrams_of_both_families_arrive_whole(server: StubServer, tmp_path: Path) -> None:
    port, large = free_port(), b"<13>large " + b"x" * 60_000
    addresses = f"udp://127.0.0.1:{port}", f"udp://[::1]:{port}"
    async with receiving(settings_for(server, tmp_path), *addresses):
        send_udp(port, [*numbered(0, 50), large, b""])
        send_udp(port, numbered(50, 50), "::1")
        await until(lambda: len(server.rows) == 101)

    assert server.seqs() == list(range(100))
    assert any(row["message"] == large[4:].decode() for row in server.rows.values())
    assert {row["host"] for row in server.rows.values()} == {"127.0.0.1", "::1"}


async def test_streams_of_both_framings_arrive(server: StubServer, tmp_path: Path) -> None:
    port = free_port()
    counted = b"".join(b"%d %b" % (len(one), one) for one in numbered(100, 100))
    async with receiving(settings_for(server, tmp_path), f"tcp://127.0.0.1:{port}"):
        await asyncio.gather(
            send_tcp(port, lines(numbered(0, 100))),
            send_tcp(port, counted),
            send_tcp(port, b"<13>n=200 cut off"),
        )
        await until(lambda: len(server.rows) == 201)

    assert server.seqs() == list(range(201))
    partial = [row for row in server.rows.values() if row["meta_json"].get("partial")]
    assert [row["message"] for row in partial] == ["n=200 cut off"]
    assert {row["meta_json"]["transport"] for row in server.rows.values()} == {"tcp"}


async def test_heartbeats_and_status_speak_of_syslog(server: StubServer, tmp_path: Path) -> None:
    port = free_port()
    settings = settings_for(server, tmp_path)
    async with receiving(settings, f"udp://127.0.0.1:{port}"):
        send_udp(port, numbered(0, 5))
        await until(lambda: len(server.rows) == 5)
    status = last_status(settings)

    assert (status.source, status.sent, status.host) == ("syslog", 5, socket.gethostname())
    assert (status.counts["received"], status.counts["dropped"]) == (5, 0)
    assert {(beat["source"], beat["host"]) for beat in server.beats} == {
        ("syslog", socket.gethostname())
    }


async def test_receiving_goes_on_while_the_server_is_down(
    server: StubServer, tmp_path: Path
) -> None:
    port = free_port()
    settings = settings_for(server, tmp_path)
    await server.stop()
    async with receiving(settings, f"tcp://127.0.0.1:{port}", f"udp://127.0.0.1:{port}"):
        await send_tcp(port, lines(numbered(0, 500)))
        send_udp(port, numbered(500, 200))
    assert server.rows == {}
    assert last_status(settings).counts["received"] == 700
    await server.start()
    async with receiving(settings, f"udp://127.0.0.1:{port}"):
        await until(lambda: len(server.rows) == 700)

    assert server.seqs() == list(range(700))


async def test_what_waits_in_the_sockets_at_a_stop_is_taken(
    server: StubServer, tmp_path: Path
) -> None:
    port = free_port()
    settings = settings_for(server, tmp_path)
    async with receiving(settings, f"tcp://127.0.0.1:{port}", f"udp://127.0.0.1:{port}"):
        with socket.create_connection(("127.0.0.1", port)) as sender:
            sender.sendall(lines(numbered(0, 1)))
            await until(lambda: len(server.rows) == 1)
            sender.sendall(lines(numbered(1, 300)))
            send_udp(port, numbered(301, 100))
    async with receiving(settings, f"udp://127.0.0.1:{port}"):
        await until(lambda: len(server.rows) == 401)

    assert server.seqs() == list(range(401))


def spooled_bytes(settings: ShipperSettings) -> int:
    folder = settings.state_dir / "shipper/syslog"
    return sum(file.stat().st_size for file in folder.glob("*.spool"))


async def test_a_full_spool_stops_tcp_and_loses_nothing(server: StubServer, tmp_path: Path) -> None:
    port, count = free_port(), 1_000
    settings = settings_for(server, tmp_path, ship_syslog_spool_bytes=MIB)
    server.busy_share = 1.0
    async with receiving(settings, f"tcp://127.0.0.1:{port}"):
        sending = asyncio.create_task(send_tcp(port, lines(numbered(0, count, 8_000))))
        await until(lambda: spooled_bytes(settings) >= MIB)
        await asyncio.sleep(0.3)
        assert not sending.done()
        assert spooled_bytes(settings) < 2 * MIB
        server.busy_share = 0.0
        await until(lambda: len(server.rows) == count, 40)
        await sending

    assert server.seqs() == list(range(count))
    assert last_status(settings).counts["dropped"] == 0


async def test_what_a_full_spool_makes_udp_drop_is_reported_exactly(
    server: StubServer, tmp_path: Path
) -> None:
    port, count = free_port(), 6_000
    settings = settings_for(server, tmp_path, ship_syslog_spool_bytes=MIB)
    server.busy_share = 1.0
    async with receiving(settings, f"udp://127.0.0.1:{port}"):
        for first in range(0, count, 500):
            send_udp(port, numbered(first, 500, 8_000))
            await asyncio.sleep(0)
        server.busy_share, sent = 0.0, count
        # The first one of these to arrive comes behind all that was sent before.
        while not server.seqs() or server.seqs()[-1] < count:
            send_udp(port, numbered(sent, 1))
            sent += 1
            await asyncio.sleep(0.1)
    counts = last_status(settings).counts
    gaps = [gap for beat in server.beats for gap in beat["gaps"]]

    assert counts["received"] + counts["dropped"] == sent
    assert sum(gap["missing"] for gap in gaps) == counts["dropped"] > 0
    assert last_status(settings).gaps == counts["dropped"]
    assert {(gap["source"], gap["start"] < gap["end"]) for gap in gaps} == {("syslog", True)}
    lost = set(range(server.seqs()[-1])) - set(server.seqs())
    assert len(lost) == counts["dropped"]


async def test_what_the_kernel_drops_is_counted_exactly(tmp_path: Path) -> None:
    address = Address("udp", "127.0.0.1", free_port())
    spool = Spool(tmp_path, 64 * MIB, time.time)
    with address.listen() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
        receiver = UdpReceiver(listening, spool)
        send_udp(address.port, numbered(0, 1_000))
        taken = receiver.take(2_000)
        send_udp(address.port, numbered(0, 1_000))
        receiver.count_drops()
        taken += receiver.take(2_000)

    assert 0 < taken == spool.received
    assert spool.dropped == 2_000 - taken > 0


def test_a_large_receive_buffer_is_asked_for() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as plain:
        usual = plain.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    with Address("udp", "127.0.0.1", free_port()).listen() as listening:
        assert listening.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) > usual


async def test_connections_beyond_the_most_are_refused_and_counted(
    server: StubServer, tmp_path: Path
) -> None:
    port = free_port()
    settings = settings_for(server, tmp_path, ship_syslog_connections=2)
    async with receiving(settings, f"tcp://127.0.0.1:{port}"):
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        reader, extra = await asyncio.open_connection("127.0.0.1", port)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        extra.close()
        idle[0][1].close()
        await asyncio.sleep(0.1)
        await send_tcp(port, lines(numbered(0, 3)))
        idle[1][1].write(lines(numbered(3, 3)))
        await until(lambda: len(server.rows) == 6)
        idle[1][1].close()

    assert last_status(settings).counts["refused"] == 1


async def test_an_absurd_count_ends_its_connection_alone(
    server: StubServer, tmp_path: Path
) -> None:
    port = free_port()
    settings = settings_for(server, tmp_path)
    async with receiving(settings, f"tcp://127.0.0.1:{port}"):
        _, good = await asyncio.open_connection("127.0.0.1", port)
        reader, bad = await asyncio.open_connection("127.0.0.1", port)
        bad.write(lines(numbered(0, 1)) + b"99999999999 <13>n=1")
        assert await asyncio.wait_for(reader.read(), 5) == b""
        bad.close()
        good.write(lines(numbered(2, 1)))
        await until(lambda: len(server.rows) == 3)
        good.close()

    assert server.seqs() == [0, 2]
    assert last_status(settings).counts["bad frames"] == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("http://0.0.0.0:5514", "'http' is neither udp nor tcp"),
        ("0.0.0.0:5514", "does not appear to be an IPv4 or IPv6 address"),
        ("udp://syslog.example:5514", "'syslog.example' does not appear to be an IPv4"),
        ("udp://0.0.0.0:70000", "Port out of range 0-65535"),
        ("udp://0.0.0.0:0", "the port is 0"),
        ("udp://0.0.0.0:syslog", "Port could not be cast"),
        ("udp://[::1:5514", "Invalid IPv6 URL"),
        ("tcp://0.0.0.0:5514/path", "more than an address and a port"),
        ("tcp://user@0.0.0.0:5514", "more than an address and a port"),
        ("udp://", "does not appear to be an IPv4"),
        ("", "does not appear to be an IPv4"),
    ],
)
def test_a_wrong_address_is_an_error_that_says_what_it_takes(text: str, problem: str) -> None:
    with pytest.raises(CannotListen) as caught:
        Address.parse(text)

    assert problem in str(caught.value)
    assert repr(text) in str(caught.value)
    assert "e.g. udp://0.0.0.0:5514" in str(caught.value)


def test_addresses_are_written_as_they_are_read() -> None:
    for text in ("udp://0.0.0.0:5514", "tcp://[::1]:601"):
        assert str(Address.parse(text)) == text
    assert Address.parse("udp://10.0.0.1").port == DEFAULT_PORT


@pytest.mark.parametrize("scheme", ["udp", "tcp"])
def test_a_port_in_use_is_an_error_that_says_so(scheme: str) -> None:
    address = Address.parse(f"{scheme}://127.0.0.1:{free_port()}")
    with address.listen(), pytest.raises(CannotListen, match="another program uses this port"):
        address.listen()


def test_an_address_of_another_machine_is_an_error() -> None:
    with pytest.raises(CannotListen, match="no interface of this machine"):
        Address.parse("udp://192.0.2.1:5514").listen()


def test_a_privileged_port_without_the_right_is_an_error_with_its_mend() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if lowest <= 1:
        pytest.skip("no port is privileged on this machine")
    probe = (
        "import os; from shipper.syslog_listen import Address\n"
        "if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        f"Address.parse('udp://127.0.0.1:{lowest - 1}').listen()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "CAP_NET_BIND_SERVICE" in done.stderr


async def test_a_second_receiver_in_one_state_folder_is_refused(
    server: StubServer, tmp_path: Path
) -> None:
    settings = settings_for(server, tmp_path)
    async with receiving(settings, f"udp://127.0.0.1:{free_port()}"):
        refused = pytest.RaisesExc(ShipperError, match="another shipper is at work")
        with pytest.RaisesGroup(refused):
            async with receiving(settings, f"udp://127.0.0.1:{free_port()}"):
                pass
