"""The private MariaDB begins and ends."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sql import private as module
from sql.cuts import await_cuts
from sql.pool import Address, Pool
from sql.private import PrivateServer
from sql.store import MariaStore
from sql.upkeep import Outcome
from tools.errors import DevMeshError, StoreUnavailable


async def test_stopped_the_moment_it_started_it_ends(
    mariadb_prefix: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told to end while it listens and does not serve yet, mariadbd stays for ever, and silent."""
    monkeypatch.setattr(module, "_STOP_SECONDS", 20)
    folder = tmp_path_factory.mktemp("ends")
    for _ in range(8):
        server = PrivateServer(folder, mariadb_prefix, 32)
        await server.join()
        child = server._child
        assert child is not None
        await server.leave()
        try:
            assert child.poll() == 0
        finally:
            child.kill()
            child.wait()


async def test_one_that_listens_and_says_nothing_is_not_joined(
    mariadb_prefix: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that hangs: who joins is told so, soon."""
    monkeypatch.setattr(module, "_GREETING_SECONDS", 0.2)
    server = PrivateServer(tmp_path_factory.mktemp("mute"), mariadb_prefix, 32)
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(server.socket))
        mute.listen()
        with pytest.raises(StoreUnavailable, match="listens and does not serve"):
            await server.join()
    await server.leave()


def test_a_server_that_is_away_is_not_waited_for(tmp_path: Path) -> None:
    """And no socket stays open, which would be told as a warning when it is collected."""
    await_cuts(tmp_path / "none.sock", "root")
    gc.collect()


NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
POINTS = 400_000


async def _cutting(pool: Pool) -> bool:
    """Whether the server copies the points into the partitions of their days."""
    async with pool.connection() as connection:
        rows = await connection.execute("SELECT INFO, TIME_MS FROM information_schema.PROCESSLIST")
    cut = "ALTER TABLE metric_events WAIT 1 REORGANIZE"
    return any(cut in (info or "") and ms > 300 for info, ms in rows)


@asynccontextmanager
async def _interrupted(server: PrivateServer) -> AsyncIterator[asyncio.Task[Outcome]]:
    """A store that is cutting the partition in which many points lie."""
    address = Address("cut", server.user, unix_socket=str(server.socket))
    store = MariaStore(lambda: NOW, address=address)
    await store.open()
    await store.upkeep.run("here")
    async with store.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO metric_events (timestamp, name, value, unit, service, host, labels, point_uid)"
            " SELECT '2026-12-01' + INTERVAL seq MOD 20 DAY, 'load', seq, '', '', '', '{}',"
            f" UNHEX(MD5(seq)) FROM seq_1_to_{POINTS}"
        )
        await connection.execute("SET GLOBAL max_statement_time = 1")
    beside = Pool(address)
    later = MariaStore(lambda: NOW + timedelta(days=25), address=address)
    await later.open()
    cut = asyncio.create_task(later.upkeep.run("here"))
    try:
        while not await _cutting(beside):
            assert not cut.done(), "it was over before it could be interrupted"
            await asyncio.sleep(0.02)
        yield cut
    finally:
        with suppress(asyncio.CancelledError, DevMeshError):
            await cut
        for one in (store, later, beside):
            await one.close()


async def _points(server: PrivateServer) -> tuple[int, int]:
    """Rows and partitions of the points."""
    pool = Pool(Address("cut", server.user, unix_socket=str(server.socket)))
    async with pool.connection() as connection:
        [(rows,)] = await connection.execute("SELECT COUNT(*) FROM metric_events")
        [(parts,)] = await connection.execute(
            "SELECT COUNT(*) FROM information_schema.PARTITIONS WHERE TABLE_NAME = 'metric_events'"
        )
    await pool.close()
    return rows, parts


@pytest.mark.parametrize("given_up", [False, True], ids=["waited for", "given up"])
async def test_partitions_are_cut_to_the_end(
    mariadb_prefix: Path, tmp_path_factory: pytest.TempPathFactory, given_up: bool
) -> None:
    """Also when the last user leaves: MariaDB would lose the rows not yet copied."""
    server = PrivateServer(tmp_path_factory.mktemp("cut"), mariadb_prefix)
    await server.join()
    async with _interrupted(server) as cut:
        if given_up:
            cut.cancel()
        await server.leave()
        await server.join()
    rows, parts = await _points(server)
    await server.leave()
    assert rows == POINTS
    assert parts > 25
