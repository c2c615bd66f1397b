"""Nobody works for a client that has gone: the server stops its statement."""

import asyncio
import time

import httpx2
import pytest

from sql.pool import Address, Pool


async def statements(pool: Pool) -> list[str]:
    """What the test's database is busy with."""
    async with pool.connection() as connection:
        rows = await connection.execute(
            "SELECT info FROM information_schema.PROCESSLIST WHERE db = DATABASE() "
            "AND info LIKE '%log_events%' AND info NOT LIKE '%PROCESSLIST%'"
        )
    return [text for (text,) in rows]


async def settle(pool: Pool, busy: bool) -> list[str]:
    """Waits until there is such a statement, or none, for five seconds at most."""
    deadline = time.monotonic() + 5
    while bool(found := await statements(pool)) is not busy and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    return found


@pytest.mark.parametrize("hang_up", [True, False])
async def test_a_client_that_hangs_up_ends_its_statement(
    client: httpx2.AsyncClient, database: Address, hang_up: bool
) -> None:
    """While a table is locked a question waits for it, but only as long as its client does."""
    await client.post("/ingest/logs", json=[{"message": "one"}])
    pool = Pool(database)
    async with pool.connection() as lock:
        await lock.execute("LOCK TABLES log_events WRITE")
        asked = asyncio.create_task(client.get("/query/logs", params={"contains": "one"}))
        assert await settle(pool, busy=True)
        if hang_up:
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
            assert await settle(pool, busy=False) == []
        await lock.execute("UNLOCK TABLES")
    if not hang_up:
        assert (await asked).json()["total"] == 1
    assert (await client.get("/query/logs")).json()["total"] == 1
    await pool.close()
