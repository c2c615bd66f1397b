"""Senders of syslog, and a whole shipper that receives from them in this process."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from stub_server import StubServer

from shipper.errand import Errand
from shipper.run import Shipper
from shipper.settings import ShipperSettings
from shipper.status import Status, read_statuses


def free_port() -> int:
    """A port that neither UDP nor TCP uses."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            with contextlib.suppress(OSError):
                udp.bind(tcp.getsockname())
                return int(udp.getsockname()[1])


def numbered(first: int, count: int, size: int = 0) -> list[bytes]:
    """Messages that StubServer.seqs() finds again."""
    return [f"<13>n={n} of syslog".encode().ljust(size, b".") for n in range(first, first + count)]


def send_udp(port: int, messages: list[bytes], host: str = "127.0.0.1") -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        for message in messages:
            sender.sendto(message, (host, port))


async def send_tcp(port: int, stream: bytes) -> None:
    """Send it all, without much of it waiting in the kernel, and hang up."""
    sender = socket.socket()
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
    sender.connect(("127.0.0.1", port))
    _, writer = await asyncio.open_connection(sock=sender)
    writer.write(stream)
    await writer.drain()
    writer.close()
    await writer.wait_closed()


def lines(messages: list[bytes]) -> bytes:
    return b"".join(message + b"\n" for message in messages)


def settings_for(server: StubServer, folder: Path, **others: Any) -> ShipperSettings:
    others = {"ship_batch_seconds": 0.1, **others}
    return ShipperSettings(server_url=server.url, state_dir=folder / "state", **others)


@contextlib.asynccontextmanager
async def receiving(settings: ShipperSettings, *addresses: str) -> AsyncIterator[Shipper]:
    """A shipper that receives at the addresses until the body is through."""
    stop = asyncio.Event()
    shipper = Shipper(settings, stop)
    running = asyncio.create_task(shipper.run(Errand(syslog=addresses)))
    ready = settings.state_dir / "shipper/syslog.status.json"
    ready.unlink(missing_ok=True)
    try:
        while not ready.exists() and not running.done():
            await asyncio.sleep(0.01)
        yield shipper
    finally:
        stop.set()
        await asyncio.wait_for(running, 20)


def last_status(settings: ShipperSettings) -> Status:
    (status,) = read_statuses(settings.state_dir / "shipper")
    return status
