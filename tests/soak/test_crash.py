"""Everything is killed again and again, and in the end each entry is in the store exactly once.

`make soak` runs the same for longer.
"""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio
from estate import Estate
from live_journal import Line, uid_of
from processes import Service, until
from writer import BAD_BATCH, BAD_RECORD

from tools.errors import StoreUnavailable

MINUTES = float(os.environ.get("SOAK_MINUTES", "0"))
SEED = int(os.environ.get("SOAK_SEED", "2026"))
KILLS = 20


@pytest_asyncio.fixture
async def estate(tmp_path: Path, mariadb_prefix: Path) -> AsyncIterator[Estate]:
    """journald, proxy, server and its own MariaDB, at work."""
    estate = Estate(tmp_path, mariadb_prefix, SEED)
    try:
        await estate.open()
        yield estate
    finally:
        await estate.close()


@dataclass
class Havoc:
    """Kills the parts of an estate at random moments until each has died often enough."""

    estate: Estate
    until: float
    """By the clock of the event loop."""

    def __post_init__(self) -> None:
        self.kills = {"shipper": 0, "server": 0, "database": 0}
        self.answers = 0
        self._over = asyncio.Event()

    async def wreak(self) -> None:
        """Kill and rotate; at the end the shipper and the server run once more."""
        async with asyncio.TaskGroup() as group:
            for work in (self._rotate(), self._kill_database(), self._ask()):
                group.create_task(work)
            async with asyncio.TaskGroup() as killers:
                killers.create_task(self._kill("shipper", self.estate.shipper, 0.2, 3.5))
                killers.create_task(self._kill("server", self.estate.server, 0.5, 3.5))
            self._over.set()

    async def _kill(self, name: str, service: Service, soonest: float, latest: float) -> None:
        dice = random.Random(f"{SEED} {name}")
        if service.pid is None:
            await service.start()
        while not self._enough():
            if name == "server" and self.kills[name] % 4 == 3:
                await until(self.estate.healthy, "a server at work", 60)
            await asyncio.sleep(dice.uniform(soonest, latest))
            await service.end(signal.SIGKILL)
            self.kills[name] += 1
            await service.start()

    def _enough(self) -> bool:
        often = min(self.kills["shipper"], self.kills["server"]) >= KILLS
        return often and asyncio.get_running_loop().time() >= self.until

    async def _rotate(self) -> None:
        dice = random.Random(f"{SEED} rotations")
        while not self._over.is_set():
            await asyncio.sleep(dice.uniform(0.2, 2.0))
            self.estate.journal.rotate()

    async def _ask(self) -> None:
        dice = random.Random(f"{SEED} questions")
        while not self._over.is_set():
            await asyncio.sleep(dice.uniform(0.05, 0.5))
            self.answers += await self.estate.asked()

    async def _kill_database(self) -> None:
        dice = random.Random(f"{SEED} database")
        while not self._over.is_set():
            await asyncio.sleep(dice.uniform(3, 12))
            with suppress(FileNotFoundError, ProcessLookupError, ValueError):  # it is being started
                pid = (self.estate.database.folder / "mariadb.pid").read_text()
                os.kill(int(pid), signal.SIGKILL)
                self.kills["database"] += 1


async def test_kills_lost_answers_rotation_and_poison_lose_and_double_nothing(
    estate: Estate,
) -> None:
    """20 kills of shipper and server, some of MariaDB: the ids in MariaDB are those of the journal, once each."""
    clock = asyncio.get_running_loop().time
    await estate.journal.write(SEED)
    havoc = Havoc(estate, clock() + 60 * MINUTES)
    await havoc.wreak()
    await estate.journal.stop_writing()
    written = await estate.journal.written()
    poison = {cursor for cursor, line in written.items() if is_poison(line)}
    expected = {uid_of(cursor) for cursor in written.keys() - poison}

    async def all_there() -> bool:
        try:
            stored = await estate.stored()
        except StoreUnavailable:  # killed at the very last
            return False
        return len(stored) >= len(expected) and estate.buried().keys() >= poison

    await until(all_there, f"all to arrive (seed {SEED}): {estate.shipper.said}", 180)
    assert await estate.shipper.end(signal.SIGTERM) == 0, estate.shipper.said
    assert min(havoc.kills["shipper"], havoc.kills["server"]) >= KILLS
    assert havoc.kills["database"] and havoc.answers
    check_writers(estate.journal.counts, written)
    await check_exactly(estate, expected)
    assert estate.buried().keys() == poison
    assert await estate.reported_lost() == 0
    print(summary(havoc, estate, written, poison))

    estate.proxy.poisonous = False
    status, output = await estate.shipper.run("--replay-dead")
    assert (status, f"{len(poison)} dead letters" in output) == (0, True), output
    assert not estate.buried()
    await check_exactly(estate, {uid_of(cursor) for cursor in written})


def is_poison(line: Line) -> bool:
    """Whether the proxy sees to it that this line is refused."""
    return BAD_BATCH in line.message or BAD_RECORD in line.message


def check_writers(counts: dict[str, int], written: dict[str, Line]) -> None:
    """The journal itself holds every numbered line of every writer, so that nothing hides."""
    for writer, count in counts.items():
        numbers = [
            int(line.message[2:].split(maxsplit=1)[0])
            for line in written.values()
            if line.writer == writer and line.message.startswith("n=")
        ]
        assert sorted(numbers) == list(range(count)), writer


async def check_exactly(estate: Estate, expected: set[str]) -> None:
    """The store holds the expected uids once each, and its counts say the same."""
    stored = await estate.stored()
    assert set(stored) == expected, (len(expected - set(stored)), len(set(stored) - expected))
    assert len(stored) == len(expected)
    assert await estate.counted() == len(expected)


def summary(havoc: Havoc, estate: Estate, written: dict[str, Line], poison: set[str]) -> str:
    """What the run went through, for whoever reads along with -s."""
    buried = estate.buried()
    return (
        f"\nseed {SEED}: {len(written)} entries, {len(poison)} of them poison "
        f"({buried.total()} dead letters), kills {havoc.kills}, {havoc.answers} answers, "
        f"{estate.journal.rotations} rotations, proxy {dict(estate.proxy.did)}"
    )
