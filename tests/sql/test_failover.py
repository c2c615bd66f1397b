"""Several nodes: which is used, what happens when it is lost, and a COMMIT without an answer."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sql.leases import Lease
from sql.pool import Address, Connection, Pool, Row
from sql.private import PrivateServer
from sql.store import MariaStore
from tools.errors import StoreUnavailable
from tools.ports import ReadyEvent

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MakeEvents = Callable[..., list[ReadyEvent]]
Consistent = Callable[[MariaStore], Awaitable[int]]


@pytest.fixture
async def second(mariadb_prefix: Path, tmp_path: Path) -> AsyncIterator[PrivateServer]:
    """Another server, started, that the test may kill."""
    server = PrivateServer(tmp_path / "second", mariadb_prefix, 32)
    await server.join()
    yield server
    await server.leave()


@pytest.fixture
async def nodes(database: Address, second: PrivateServer) -> AsyncIterator[list[Address]]:
    """The second server first, then the session's: unlike Galera, each with data of its own."""
    yield [Address(database.database, second.user, unix_socket=str(second.socket)), database]


@pytest.fixture
async def pool(nodes: list[Address]) -> AsyncIterator[Pool]:
    """A pool on both."""
    pool = Pool(nodes)
    yield pool
    await pool.close()


async def _pid(pool: Pool) -> int:
    """Which server answers, by the number of its process."""

    async def work(connection: Connection) -> list[Row]:
        return await connection.execute("SELECT @@pid_file")

    [[file]] = await pool.retried(work)
    return int(Path(file).read_text())


async def test_a_process_stays_with_its_node(pool: Pool, nodes: list[Address]) -> None:
    """The first node that works is used for everything."""
    assert len({await _pid(pool) for _ in range(5)}) == 1
    assert pool.address == nodes[0]


async def test_a_node_that_is_away_is_passed_over(
    nodes: list[Address], caplog: pytest.LogCaptureFixture
) -> None:
    """A closed port, a socket of nobody and a name of nobody cost no more than a moment."""
    away = [
        Address(nodes[0].database, "u", "secret", "127.0.0.1", 1),
        Address(nodes[0].database, "u", "secret", unix_socket="/nonexistent"),
        Address(nodes[0].database, "u", "secret", "no-such-host.invalid"),
    ]
    pool = Pool([*away, *nodes])
    with caplog.at_level(logging.WARNING):
        await pool.open()
    assert pool.address == nodes[0]
    assert "127.0.0.1:1" in caplog.text and "secret" not in caplog.text
    await pool.close()
    pool = Pool(away)
    with pytest.raises(
        StoreUnavailable, match=r"no database node is usable: 127\.0\.0\.1:1: "
    ) as told:
        await pool.run("server_version")
    assert "secret" not in str(told.value)


async def test_a_killed_node_is_left_within_the_call(
    pool: Pool, nodes: list[Address], second: PrivateServer
) -> None:
    """Calls under way and later ones are done by the next node; nobody sees an error."""
    first = await _pid(pool)
    tasks = [asyncio.create_task(_pid(pool)) for _ in range(20)]
    os.kill(first, signal.SIGKILL)
    pids = await asyncio.gather(*tasks)
    other = await _pid(pool)
    assert other != first and set(pids) <= {first, other}
    assert pool.address == nodes[1]
    await second.revive()
    assert await _pid(pool) == other, "it stays where it is when the first comes back"


async def test_a_read_only_node_is_left(pool: Pool, nodes: list[Address]) -> None:
    """One that turns read-only is left by the write it refuses, and not chosen again."""

    async def write(connection: Connection) -> list[Row]:
        await connection.execute("CREATE TABLE IF NOT EXISTS t (id INT PRIMARY KEY)")
        return await connection.execute("REPLACE INTO t VALUES (1)")

    await pool.retried(write, transaction=False)
    async with pool.connection() as connection:
        # Root may write nevertheless, so the refusal is the pool's own at its next opening.
        await connection.execute("SET GLOBAL read_only = ON")
    reading = Pool(nodes[0], reads=True)
    assert await reading.run("server_version"), "for reading it will do"
    await reading.close()
    again = Pool(nodes)
    await again.retried(write, transaction=False)
    assert again.address == nodes[1]
    await again.close()
    alone = Pool(nodes[0])
    with pytest.raises(StoreUnavailable, match="read-only"):
        await alone.open()


async def _freeze(pid: int) -> None:
    """Stop a process and wait until all of its threads have: one on another core may yet answer."""
    os.kill(pid, signal.SIGSTOP)
    async with asyncio.timeout(10):
        while set(map(_state, Path(f"/proc/{pid}/task").glob("*/stat"))) - {"T", ""}:
            await asyncio.sleep(0.01)


def _state(task: Path) -> str:
    """A thread's state as proc(5) has it; "" when it has ended."""
    try:
        return task.read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


async def test_a_server_that_hangs_counts_as_lost(
    pool: Pool, nodes: list[Address], second: PrivateServer
) -> None:
    """A frozen process answers nobody and refuses nobody; after `seconds` the next has its turn."""
    first = await _pid(pool)
    await _freeze(first)
    try:

        async def work(connection: Connection) -> list[Row]:
            return await connection.execute("SELECT 1")

        assert await pool.retried(work, seconds=0.5) == [(1,)]
        assert pool.address == nodes[1]
    finally:
        os.kill(first, signal.SIGCONT)


class LossyDoor:
    """A socket before a server's, which loses the answer to the first COMMIT."""

    def __init__(self, server: Path, door: Path) -> None:
        self._server = server
        self.door = door
        self.lost = 0

    async def open(self) -> asyncio.Server:
        """Listen at the door."""
        return await asyncio.start_unix_server(self._serve, self.door)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_unix_connection(self._server)
        answers = asyncio.create_task(_pass_on(inner, writer))
        while data := await reader.read(65_536):
            if b"\x03COMMIT" in data and not self.lost:
                self.lost += 1
                answers.cancel()
                with suppress(asyncio.CancelledError):
                    await answers
                outer.write(data)
                await inner.read(1)  # it is committed
                break
            outer.write(data)
            await outer.drain()
        answers.cancel()
        outer.close()
        writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()


async def test_a_commit_whose_answer_is_lost(
    store: MariaStore, make_events: MakeEvents, consistent: Consistent, tmp_path: Path
) -> None:
    """The batch is done again, finds itself stored, and counts nothing a second time."""
    assert store.pool.address.unix_socket
    door = LossyDoor(Path(store.pool.address.unix_socket), tmp_path / "door")
    listening = await door.open()
    user, database = store.pool.address.user, store.pool.address.database
    lossy = MariaStore(lambda: NOW, address=Address(database, user, unix_socket=str(door.door)))
    try:
        await lossy.add_events(make_events(10, seed=1))
        door.lost = 0
        await lossy.add_events(make_events(300, seed=2))
        assert door.lost == 1
        assert await consistent(store) == 310
    finally:
        await lossy.close()
        listening.close()


async def test_a_lease_changes_hands_when_its_time_is_over(store: MariaStore) -> None:
    """Until then nobody else gets it, and the holder may renew it or give it back."""
    mine, yours = (Lease(store.pool, "thing", seconds=1) for _ in range(2))
    assert await mine.take() and await mine.take()
    assert not await yours.take()
    began = time.monotonic()
    async with yours.held():
        assert time.monotonic() - began > 0.5
        await asyncio.sleep(1.5)
        assert not await mine.take(), "it is renewed while it is held"
    assert await mine.take(), "and free as soon as it is not"


async def test_every_table_suits_a_cluster(store: MariaStore) -> None:
    """Galera replicates InnoDB, and deletes and orders rows by their primary keys."""
    async with store.pool.connection() as connection:
        tables = await connection.execute(
            "SELECT t.TABLE_NAME, t.ENGINE, COUNT(k.COLUMN_NAME) FROM information_schema.TABLES t"
            " LEFT JOIN information_schema.KEY_COLUMN_USAGE k ON k.TABLE_SCHEMA = t.TABLE_SCHEMA"
            " AND k.TABLE_NAME = t.TABLE_NAME AND k.CONSTRAINT_NAME = 'PRIMARY'"
            " WHERE t.TABLE_SCHEMA = DATABASE() GROUP BY t.TABLE_NAME, t.ENGINE"
        )
    assert {name for name, _, _ in tables} >= {"log_events", "log_embeddings", "leases"}
    assert [row for row in tables if row[1] != "InnoDB" or not row[2]] == []
