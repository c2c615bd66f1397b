"""`make bench-embed`: ingest with the embedder off and on, round by round in one run, and how far
new patterns fall behind.

One event in a hundred is of a pattern never seen before. Rounds at 100,000 events a minute show
whether the embedder keeps up and what it costs a sender; rounds as fast as it goes show what it
takes from a machine that has nothing to spare.
"""

import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import httpx2
import orjson
import uvicorn
from cpu import of_process
from store import Bench

from server.app import home
from server.http_app import http_app
from server.settings import ServerSettings

BATCH, IN_FLIGHT, SERVICES = 500, 4, 40
PER_MINUTE, NEW = 100_000, 0.01
PACED_SECONDS, PACED_PAIRS = 30, 2
FAST_EVENTS, FAST_PAIRS = 20_000, 3
PORT = 8971
_LETTERS = "ghjklmnpqrstvwxz"  # no word of them is a number, hexadecimal ones included
_USUAL = ("handled", "served", "stored", "queued", "dropped", "closed", "opened", "checked")
_dice = random.Random(1)


def batch(size: int = BATCH) -> bytes:
    """Events as senders write them, one in a hundred of a new pattern."""
    return orjson.dumps({"events": [_event() for _ in range(size)]})


def _event() -> dict[str, str]:
    service = f"service-{_dice.randrange(SERVICES):02}.service"
    if _dice.random() < NEW:
        words = " ".join("".join(_dice.choices(_LETTERS, k=7)) for _ in range(3))
        message = f"module {words} could not be reached, request {_dice.randrange(10**6)}"
    else:
        kind = _dice.choice(_USUAL)
        message = f"{kind} request {_dice.randrange(10**6)} in {_dice.randrange(900)} ms"
    return {
        "uid": f"{_dice.getrandbits(120):x}",
        "timestamp": datetime.now(UTC).isoformat(),
        "service": service,
        "host": f"host-{_dice.randrange(12):02}",
        "level": "INFO",
        "message": message,
    }


@dataclass
class Server:
    """A child process that serves one database, and what its rounds gave."""

    client: httpx2.AsyncClient
    pid: int
    rates: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    peak: int = 0
    oldest: float = 0.0
    drains: list[float] = field(default_factory=list)

    async def send(self, batches: list[bytes], every: float) -> None:
        """All batches, a few at a time; one each `every` seconds where that is not 0."""
        begin = time.monotonic()
        left = iter(enumerate(batches))

        async def work() -> None:
            for number, body in left:
                await asyncio.sleep(max(0.0, begin + number * every - time.monotonic()))
                sent = time.monotonic()
                (await self.client.post("/ingest/logs", content=body)).raise_for_status()
                self.latencies.append(time.monotonic() - sent)

        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
        self.rates.append(len(batches) * BATCH / (time.monotonic() - begin))

    async def watch(self) -> None:
        """Remember how far behind it ever is."""
        while True:
            index = await self.index()
            self.peak = max(self.peak, index["pending"])
            self.oldest = max(self.oldest, index.get("oldest_pending_seconds", 0.0))
            await asyncio.sleep(0.5)

    async def drain(self) -> None:
        """Until nothing waits; the seconds are kept."""
        begin = time.monotonic()
        while (await self.index())["pending"]:
            await asyncio.sleep(0.2)
        self.drains.append(time.monotonic() - begin)

    async def index(self) -> dict[str, Any]:
        """The state of its index."""
        answer = await self.client.get("/health")
        found: dict[str, Any] = answer.json()["parts"]["index"]
        return found


async def child(url: str, port: int, embeds: bool) -> None:
    """Serve until killed."""
    folder = Path(os.environ["DEVMESH_STATE_DIR"])
    async with home(ServerSettings(database_url=url, state_dir=folder)) as parts:
        server = uvicorn.Server(uvicorn.Config(http_app(parts), port=port, log_level="warning"))
        work = [server.serve()] + ([parts.keep_embedding()] if embeds else [])
        await asyncio.gather(*work)


@asynccontextmanager
async def serving(bench: Bench, port: int, embeds: bool) -> AsyncIterator[Server]:
    """A server of its own database that is ready, its model loaded where it embeds."""
    mode = "on" if embeds else "off"
    socket = bench.server.socket
    url = f"mysql://{bench.server.user}@localhost/embed_{mode}?unix_socket={socket}"
    environment = os.environ | {
        "DEVMESH_CONFIG": "/nonexistent",
        "DEVMESH_STATE_DIR": str(bench.folder / mode),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, __file__, "child", url, str(port), mode]
    process = await asyncio.to_thread(subprocess.Popen, command, env=environment)
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            server = Server(client, process.pid)
            await _ready(server, embeds)
            yield server
    finally:
        process.terminate()
        process.wait()


async def _ready(server: Server, embeds: bool) -> None:
    for _ in range(600):
        try:
            await server.index()
            break
        except (httpx2.TransportError, KeyError):
            await asyncio.sleep(0.2)
    (await server.client.post("/ingest/logs", content=batch(2_000))).raise_for_status()
    if embeds:
        await server.drain()
        server.drains.clear()


async def rounds(off: Server, on: Server, batches: int, every: float, pairs: int) -> None:
    """Off and on by turns; the next round begins when nothing waits."""
    for server in (off, on):
        server.rates, server.latencies, server.drains = [], [], []
        server.peak, server.oldest = 0, 0.0
    for number in range(2 * pairs):
        server = on if number % 2 else off
        bodies = [batch() for _ in range(batches)]
        watching = asyncio.create_task(on.watch())
        await server.send(bodies, every)
        if server is on:
            await on.drain()
        watching.cancel()


def tell(name: str, off: Server, on: Server) -> None:
    """Both modes beside each other."""
    print(f"\n{name}, load {os.getloadavg()[0]:.1f}")
    for mode, server in (("off", off), ("on", on)):
        slow = sorted(server.latencies)[int(0.95 * (len(server.latencies) - 1))]
        print(
            f"embedder {mode:4}{median(server.rates):8,.0f} events/s   batch of {BATCH}: "
            f"{median(server.latencies) * 1000:5.0f} ms, p95 {slow * 1000:5.0f} ms"
        )
    ratio = median(b / a for a, b in zip(off.rates, on.rates, strict=True))
    print(f"on / off {ratio:.2f}   rounds: " + " ".join(f"{rate:,.0f}" for rate in on.rates))
    print(
        f"waiting patterns: {on.peak:,} at most, the oldest {on.oldest:.1f} s; "
        f"drained {max(on.drains):.1f} s after the last event"
    )


async def main() -> None:
    """Both kinds of rounds on one MariaDB."""
    with tempfile.TemporaryDirectory(prefix="devmesh-bench-") as folder:
        bench = Bench(Path(folder))
        await bench.server.join()
        try:
            async with serving(bench, PORT, False) as off, serving(bench, PORT + 1, True) as on:
                every = 60 * BATCH / PER_MINUTE
                await rounds(off, on, round(PACED_SECONDS / every), every, PACED_PAIRS)
                tell(f"{PER_MINUTE:,} events a minute, {NEW:.0%} of new patterns", off, on)
                begin = of_process(on.pid)
                await rounds(off, on, FAST_EVENTS // BATCH, 0, FAST_PAIRS)
                tell("as fast as it goes", off, on)
                print(f"CPU seconds of the embedding server: {of_process(on.pid) - begin:.0f}")
        finally:
            await bench.server.leave()


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        asyncio.run(child(sys.argv[2], int(sys.argv[3]), sys.argv[4] == "on"))
    else:
        asyncio.run(main())
