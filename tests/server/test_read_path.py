"""The database user of the read path cannot write, and every reading tool makes do with it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pymysql
import pytest
from pydantic import SecretStr

from server.app import Home
from server.settings import ServerSettings
from sql.pool import Address, Connection, Pool
from sql.private import PrivateServer
from tools.catalogue import TOOLS
from tools.errors import BadArguments, StoreUnavailable
from tools.ingest_logs import INGEST_LOGS
from tools.ingest_metrics import INGEST_METRICS
from tools.ports import Filter

WRITES = {
    "insert": "INSERT INTO log_hosts (host, last_event, last_arrival) VALUES ('x', NOW(), NOW())",
    "update": "UPDATE log_events SET message = 'x'",
    "delete": "DELETE FROM log_events",
    "replace": "REPLACE INTO schema_migrations VALUES ('x', NOW())",
    "truncate": "TRUNCATE TABLE log_events",
    "create": "CREATE TABLE mine (i INT)",
    "alter": "ALTER TABLE log_events ADD COLUMN mine INT",
    "drop": "DROP TABLE log_events",
}
MORE = {
    "temporary": "CREATE TEMPORARY TABLE mine (i INT)",
    "lock": "LOCK TABLES log_events WRITE",
    "outfile": "SELECT message FROM log_events INTO OUTFILE '{folder}/out'",
    "infile": "LOAD DATA INFILE '/etc/hostname' INTO TABLE schema_migrations",
    "accounts": "SELECT * FROM mysql.global_priv",
    "global": "SET GLOBAL max_connections = 7",
    "grant": "GRANT ALL ON *.* TO devmesh_read@localhost",
    "account": "CREATE USER mallory@localhost",
}
CALLS: dict[str, dict[str, Any]] = {
    "query_logs": {"service": "web", "contains": "refused"},
    "similar_logs": {"text": "connection refused"},
    "log_stats": {"group_by": "service"},
    "log_patterns": {"compare_to": "2d", "start_time": "1d"},
    "log_context": {"event_id": 1},
    "query_metrics": {"name": "load"},
}


async def _filled(settings: ServerSettings) -> Home:
    """The parts of a process over two events and a point."""
    parts = Home(settings)
    deps = await parts.deps()
    lines = ("connection refused by upstream", "disk is full")
    events = [{"message": line, "service": "web", "host": "alpha"} for line in lines]
    await INGEST_LOGS.call({"events": events}, deps)
    await INGEST_METRICS.call({"points": [{"name": "load", "value": 1}]}, deps)
    return parts


@pytest.fixture
async def alone(mariadb_prefix: Path, tmp_path: Path) -> AsyncIterator[Home]:
    """The parts of a process with a private MariaDB of its own, some events and a point in it."""
    folder = tmp_path / "alone"
    settings = ServerSettings(
        state_dir=folder, mariadb_prefix=mariadb_prefix, mariadb_buffer_mib=32
    )
    parts = await _filled(settings)
    yield parts
    await parts.close()


def _writer(database: Address) -> str:
    return f"w_{database.database}"[:60]


async def _as_admin(private: PrivateServer, *statements: str) -> None:
    admin = Pool(Address("mysql", private.user, unix_socket=str(private.socket)))
    async with admin.connection() as connection:
        for statement in statements:
            await connection.execute(statement)
    await admin.close()


@pytest.fixture
async def parted(
    private: PrivateServer,
    database: Address,
    settings: ServerSettings,
    tiny_model: Callable[[int], str],
) -> AsyncIterator[Home]:
    """The parts of a process whose database has an account for writing and one for reading."""
    name, writer = database.database, _writer(database)
    reader = f"r{writer[1:]}"
    await _as_admin(
        private,
        f"CREATE USER {writer}@localhost IDENTIFIED BY 'w'",
        f"CREATE USER {reader}@localhost IDENTIFIED BY 'r'",
        f"GRANT ALL ON {name}.* TO {writer}@localhost",
        f"GRANT SELECT ON {name}.* TO {reader}@localhost",
    )
    at = f"localhost/{name}?unix_socket={private.socket}"
    given = {
        "database_url": SecretStr(f"mysql://{writer}:w@{at}"),
        "database_read_url": SecretStr(f"mysql://{reader}:r@{at}"),
        "embedding_model": tiny_model(32),
    }
    parts = await _filled(settings.model_copy(update=given))
    yield parts
    await parts.close()


async def _refusal(pool: Pool, text: str) -> int:
    """The number of the error with which the server refuses a statement."""

    async def work(connection: Connection) -> None:
        await connection.execute(text)

    with pytest.raises((pymysql.err.MySQLError, StoreUnavailable)) as caught:
        await pool.retried(work, transaction=False)
    return int((caught.value.__cause__ or caught.value).args[0])


async def test_a_private_database_refuses_every_write_of_the_read_path(
    alone: Home, tmp_path: Path
) -> None:
    """Rows, tables, files, settings and rights: its account's grants refuse each by themselves."""
    place = alone.store.reads.address
    assert place.user != alone.store.pool.address.user
    pool = Pool(place)  # whose sessions are not read-only: what refuses is the account
    for name, text in (WRITES | MORE).items():
        code = await _refusal(pool, text.format(folder=tmp_path))
        assert code in {1044, 1142, 1227, 1698}, (name, code)
    await pool.close()
    assert not (tmp_path / "out").exists()
    assert await alone.store.count_events(Filter()) == 2


async def test_one_account_for_both_is_refused_every_write_by_its_session(home: Home) -> None:
    """Without an account for reading, the read path's sessions are read-only all the same."""
    await home.deps()
    assert home.store.reads.address == home.store.pool.address
    for name, text in WRITES.items():
        assert await _refusal(home.store.reads, text) == 1792, name


async def test_every_reading_tool_makes_do_with_the_reading_account(
    private: PrivateServer, parted: Home, database: Address
) -> None:
    """With the writing account locked out, all that reads answers, and what writes does not."""
    await parted.catch_up()
    await parted.store.pool.close()
    await _as_admin(private, f"ALTER USER {_writer(database)}@localhost ACCOUNT LOCK")
    deps = await parted.deps()
    for tool in TOOLS:
        if not tool.writes:
            rows = (await tool.call(CALLS[tool.name], deps)).model_dump()
            assert any(rows.get(key) for key in ("events", "patterns", "groups", "points")), rows
    assert await deps.store.event(1)
    assert (await deps.store.catalogue()).metrics == ("load",)
    assert await deps.store.kept_since() is None
    assert await deps.store.guarded_services() == {}
    with pytest.raises((pymysql.err.MySQLError, StoreUnavailable)):
        await INGEST_LOGS.call({"events": [{"message": "late"}]}, deps)


async def test_the_reading_account_stops_its_own_statement(alone: Home) -> None:
    """Whoever gives up a read leaves no statement behind, though the account may kill no other."""
    busy = (
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST"
        " WHERE USER = 'devmesh_read' AND INFO LIKE '%BENCHMARK%'"
    )

    async def ask() -> None:
        async with alone.store.reads.connection() as connection:
            # At work, the server does not notice that nobody listens any more.
            await connection.execute("SELECT BENCHMARK(4000000000, 1 + 1)")

    async with alone.store.pool.connection() as looking:
        asked = asyncio.create_task(ask())
        while not (await looking.execute(busy))[0][0]:
            await asyncio.sleep(0.02)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        async with asyncio.timeout(5):
            while (await looking.execute(busy))[0][0]:
                await asyncio.sleep(0.02)


async def test_the_account_is_made_on_a_server_that_ran_without_it(alone: Home) -> None:
    """A server that an older version left running gets the account when a newer one joins."""
    async with alone.store.pool.connection() as connection:
        await connection.execute("DROP USER devmesh_read@localhost")
    newer = Home(alone.settings)
    deps = await newer.deps()
    assert await deps.store.count_events(Filter()) == 2
    await newer.close()


@pytest.mark.parametrize(
    ("urls", "words"),
    [
        ({"database_read_url": "mysql://r:geheim@h/devmesh"}, "goes with DATABASE_URL"),
        (
            {"database_url": "mysql://w@h/logs", "database_read_url": "mysql://r:geheim@h/other"},
            "DATABASE_READ_URL: must name the database of DATABASE_URL, logs",
        ),
        (
            {"database_url": "mysql://w@h/logs", "database_read_url": "http://r:geheim@h/logs"},
            "DATABASE_READ_URL: must begin with mysql://",
        ),
    ],
)
def test_a_url_for_reading_that_cannot_be_meant(
    urls: dict[str, str], words: str, tmp_path: Path
) -> None:
    """Said at the start by its name, never with its password."""
    secret = {name: SecretStr(url) for name, url in urls.items()}
    with pytest.raises(BadArguments, match=words) as caught:
        Home(ServerSettings(state_dir=tmp_path, **secret))  # type: ignore[arg-type]
    assert "geheim" not in str(caught.value)
