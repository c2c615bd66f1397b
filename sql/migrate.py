"""Bring the schema up to date, one migration after the other, one process at a time."""

import re

import pymysql

from sql.driver_errors import error_code
from sql.leases import Lease
from sql.pool import Connection, Pool
from sql.statements import migrations
from tools.errors import StoreUnavailable

_LEAST = (11, 7)
_NO_TABLE = 1146
_LEASE_SECONDS = 30
"""While one node changes a table, a Galera cluster may renew no lease."""


async def migrate(pool: Pool) -> list[str]:
    """Apply what is missing; the names of what was applied.

    Raises:
        StoreUnavailable: when the server is older than 11.7, the first with VECTOR; and when
            another process took over in the middle.
    """
    async with pool.connection() as connection:
        await _check_version(connection)
        if not await _missing(connection):
            return []
        await connection.run("create_leases")
        await connection.run("create_migrations")
    lease = Lease(pool, "migrations", _LEASE_SECONDS)
    async with lease.held(), pool.connection() as connection:
        missing = await _missing(connection)
        for name, steps in missing:
            for step in steps:
                if not await lease.take():
                    raise StoreUnavailable("another process has taken over the migrations")
                await connection.execute(step)
            await connection.run("mark_migration", name=name)
        return [name for name, _ in missing]


async def _check_version(connection: Connection) -> None:
    [[version]] = await connection.run("server_version")
    match = re.match(r"(\d+)\.(\d+)", version)
    if not match or "MariaDB" not in version or (int(match[1]), int(match[2])) < _LEAST:
        raise StoreUnavailable(f"MariaDB 11.7 or newer is needed, this server is {version}", 60)


async def _missing(connection: Connection) -> list[tuple[str, list[str]]]:
    try:
        rows = await connection.run("applied_migrations")
    except pymysql.err.ProgrammingError as error:
        if error_code(error) != _NO_TABLE:
            raise
        rows = []
    applied = {name for (name,) in rows}
    return [entry for entry in migrations() if entry[0] not in applied]
