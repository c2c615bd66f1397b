"""MariaDB goes away and comes back, and nobody else has to be restarted."""

import asyncio
import os
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from estate import Estate
from live_journal import Line, uid_of
from processes import until

from shipper.entries import order_number

SECONDS = 60.0 if os.environ.get("SOAK_MINUTES") else 15.0


@pytest_asyncio.fixture
async def estate(tmp_path: Path, mariadb_prefix: Path) -> AsyncIterator[Estate]:
    """A server on a MariaDB that it did not start and cannot start; nothing else goes wrong."""
    estate = Estate(tmp_path, mariadb_prefix, seed=3, own_database=False)
    estate.proxy.lossy = estate.proxy.poisonous = False
    try:
        await estate.open()
        yield estate
    finally:
        await estate.close()


async def test_an_outage_of_the_database_delays_and_does_nothing_else(estate: Estate) -> None:
    """What is written meanwhile arrives later, in order, through the same two processes."""
    await estate.shipper.start()
    before = estate.server.pid, estate.shipper.pid
    await estate.journal.write(seed=3)

    async def flowing() -> bool:
        return len(await estate.stored()) > 1_000

    await until(flowing, f"the first rows: {estate.shipper.said}", 30)
    await estate.database.leave()
    assert not await estate.healthy()
    await asyncio.sleep(SECONDS)
    await estate.database.join()
    await estate.journal.stop_writing()
    written = await estate.journal.written()

    async def all_there() -> bool:
        return len(await estate.stored()) >= len(written)

    await until(all_there, f"the rest: {estate.shipper.said}", 90)
    stored = await estate.stored()
    assert sorted(stored) == sorted(map(uid_of, written))
    assert (estate.server.pid, estate.shipper.pid) == before
    assert out_of_order(stored, written) == 0
    assert await estate.reported_lost() == 0


def out_of_order(stored: list[str], written: dict[str, Line]) -> int:
    """How many rows have a lower number than an earlier row of the same sequence of journald."""
    numbers = {uid_of(cursor): order_number(cursor) for cursor in written}
    highest: defaultdict[str, int] = defaultdict(int)
    early = 0
    for uid in stored:
        sequence, number = numbers[uid] or ("", 0)
        early += number < highest[sequence]
        highest[sequence] = max(highest[sequence], number)
    return early
