"""`make bench-store`: what the store takes, holds and answers, beside DuckDB, journalctl and a
bare INSERT, all in one run.

usage: store.py [SIZE ...]   sizes in events, 1000000 3000000 10000000 by default
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import httpx2
from filled import filled, opened, raw_bytes
from ingest_rate import SETTLED_SECONDS, added, measure_ingest
from peers import duckdb_file, journal_folder
from questions import (
    DEPTH,
    EACH,
    Question,
    of_devmesh,
    of_duckdb,
    of_journalctl,
    p95,
    questions,
    times,
    times_in_turn,
)

from sql.pool import Address
from sql.private import PrivateServer
from sql.store import MariaStore

ROOT = Path(__file__).resolve().parents[2]
DEVMESH = str(Path(sys.executable).with_name("devmesh"))
PORT = 8979
SIZES = (1_000_000, 3_000_000, 10_000_000)
BUFFER_MIB = 1_024
INGEST = "ingest of a new event, µs"


class Bench:
    """One private MariaDB in a folder that goes away afterwards."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = PrivateServer(folder / "mariadb", ROOT / ".mariadb", BUFFER_MIB)
        self.served = 0
        """Process id of the `devmesh serve` that was started last."""

    def address(self, database: str) -> Address:
        """A database of its own."""
        return Address(database, self.server.user, unix_socket=str(self.server.socket))

    async def restart(self) -> None:
        """With nothing in the buffer."""
        await self.server.leave()
        (self.server.folder / "data/ib_buffer_pool").unlink(missing_ok=True)
        await self.server.join()

    def disk(self, database: str) -> int:
        """Bytes that a database really takes, holes not counted."""
        files = (self.server.folder / "data" / database).rglob("*")
        return sum(file.stat().st_blocks * 512 for file in files)

    @contextmanager
    def serving(self, database: str, port: int = PORT) -> Iterator[httpx2.Client]:
        """`devmesh serve` on a database, and a client of it."""
        url = f"mysql://{self.server.user}@localhost/{database}?unix_socket={self.server.socket}"
        environment = {
            **os.environ,
            "DEVMESH_CONFIG": "/nonexistent",
            "DEVMESH_STATE_DIR": str(self.folder / f"state-{database}"),
            "DEVMESH_DATABASE_URL": url,
            "DEVMESH_PORT": str(port),
        }
        with (self.folder / "serve.log").open("ab") as log:
            process = subprocess.Popen([DEVMESH, "serve"], env=environment, stdout=log, stderr=log)
        self.served = process.pid
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                _wait_for(client)
                yield client
        finally:
            process.terminate()
            process.wait()


def _wait_for(client: httpx2.Client) -> None:
    """Until it answers and has nothing left to embed."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        try:
            if client.get("/health").json()["parts"]["index"]["pending"] == 0:
                return
        except (httpx2.TransportError, KeyError):
            pass
        time.sleep(0.2)
    raise TimeoutError("the server did not become ready")


async def _deep(store: MariaStore) -> tuple[datetime, int]:
    """The row at depth DEPTH, or the last but 100 of a smaller store."""
    async with store.pool.connection() as connection:
        [(count,)] = await connection.execute("SELECT COUNT(*) FROM log_events")
        [(moment, key)] = await connection.execute(
            "SELECT timestamp, id FROM log_events ORDER BY timestamp DESC, id DESC "
            f"LIMIT 1 OFFSET {min(DEPTH, count - 100)}"
        )
    return moment.replace(tzinfo=UTC), int(key)


@dataclass
class Asked:
    """A store of `size` events, the questions to it, and what the answers took, ms and µs."""

    size: int
    makers: dict[str, Callable[[], Question]]
    first: dict[str, list[float]] = field(default_factory=dict)
    then: dict[str, list[float]] = field(default_factory=dict)
    ingest: float = 0.0


async def fill(bench: Bench, size: int) -> Asked:
    """A store with so many events up to now; its disk is printed."""
    now = datetime.now(UTC).replace(microsecond=0)
    database = f"bench_{size}"
    begin = time.monotonic()
    async with filled(bench.address(database), size, now) as store:
        share = bench.disk(database) / (raw_bytes(now) * size)
        print(f"{size:,} events, filled in {time.monotonic() - begin:.0f} s", end="; ")
        print(f"disk: {share:.2f} of the raw JSON, indexes and counts included", flush=True)
        return Asked(size, questions(now, await _deep(store)))


async def ask(bench: Bench, stores: list[Asked]) -> None:
    """All questions twice, each of one store after the other, then ingest into each there and back.

    The database begins with an empty buffer, so that no store has more in memory than another, and
    what slows the machine meets all sizes alike.
    """
    with ExitStack() as still_open:
        clients = [
            still_open.enter_context(bench.serving(f"bench_{one.size}", PORT + number))
            for number, one in enumerate(stores)
        ]
        await asyncio.sleep(SETTLED_SECONDS)
        for found in [one.first for one in stores], [one.then for one in stores]:
            for name in stores[0].makers:
                asks = [
                    (one.makers[name], of_devmesh(client))
                    for one, client in zip(stores, clients, strict=True)
                ]
                for each, took in zip(found, times_in_turn(asks), strict=True):
                    each[name] = took
        there = list(zip(stores, clients, strict=True))
        for one, client in there + there[::-1]:
            one.ingest += await added(str(client.base_url)) / 2


def print_answers(asked: Asked, duck: Path | None, journal: Path | None) -> None:
    """A line a question: our p95 twice; where there are peers theirs, and how many times the first."""
    peers = f"{'DuckDB':>9}{'':7}{'journalctl':>12}" if duck else ""
    print(f"\n{f'{asked.size:,}: p95 of {EACH}, ms':32}{'DevMesh':>9}{'again':>9}{peers}")
    for name, make in asked.makers.items():
        own = p95(asked.first[name])
        line = f"{make().name:32}{own:9.1f}{p95(asked.then[name]):9.1f}"
        if duck:
            line += _beside(p95(times(make, of_duckdb(duck))), own, 9)
        if journal and make().journalctl:
            line += _beside(p95(times(make, of_journalctl(journal))), own, 12)
        print(line, flush=True)


def print_curve(stores: list[Asked]) -> None:
    """How times grow with the size."""
    print(
        "\nby size, medians at first, then again: " + ", ".join(f"{one.size:,}" for one in stores)
    )
    for name in stores[0].then:
        first = [median(one.first[name]) for one in stores]
        print(f"{name:32}{_growth(first)}   {_growth([median(one.then[name]) for one in stores])}")
    print(f"{INGEST:32}{_growth([one.ingest for one in stores])}")


def _growth(found: list[float]) -> str:
    return "".join(f"{each:8.1f}" for each in found) + f" x{found[-1] / found[0]:.2f}"


def _beside(theirs: float, own: float, width: int) -> str:
    return f"{theirs:{width}.1f} x{theirs / own:<5.1f}"


async def main(sizes: list[int]) -> None:
    """Ingest, then every size, then the peers of the largest."""
    with tempfile.TemporaryDirectory(prefix="devmesh-bench-") as folder:
        bench = Bench(Path(folder))
        await bench.server.join()
        try:
            await measure_ingest(bench)
            stores = [await fill(bench, size) for size in sizes]
            await bench.restart()
            await ask(bench, stores)
            for one in stores:
                print_answers(one, None, None)
            print_curve(stores)
            largest = stores[-1]
            async with opened(bench.address(f"bench_{largest.size}"), datetime.now(UTC)) as store:
                duck = await duckdb_file(store, bench.folder)
                journal = await journal_folder(store, bench.folder)
            print_answers(largest, duck, journal)
        finally:
            await bench.server.leave()


if __name__ == "__main__":
    asyncio.run(main(sorted(int(size) for size in sys.argv[1:]) or list(SIZES)))
