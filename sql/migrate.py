"""Bring the schema up to date, one migration after the other, one process at a time."""

import re

from sql.pool import Connection, Pool
from sql.statements import migrations
from tools.errors import StoreUnavailable

_LEAST = (11, 7)
_LOCK = "devmesh_migrations"


async def migrate(pool: Pool) -> list[str]:
    """Apply what is missing; the names of what was applied.

    Raises:
        StoreUnavailable: when the server is older than 11.7, the first with VECTOR.
    """
    async with pool.connection() as connection:
        await _check_version(connection)
        await connection.run("lock", name=_LOCK)
        try:
            return await _apply_missing(connection)
        finally:
            await connection.run("unlock", name=_LOCK)


async def _check_version(connection: Connection) -> None:
    [[version]] = await connection.run("server_version")
    match = re.match(r"(\d+)\.(\d+)", version)
    if not match or "MariaDB" not in version or (int(match[1]), int(match[2])) < _LEAST:
        raise StoreUnavailable(f"MariaDB 11.7 or newer is needed, this server is {version}", 60)


async def _apply_missing(connection: Connection) -> list[str]:
    await connection.run("create_migrations")
    applied = {name for (name,) in await connection.run("applied_migrations")}
    missing = [entry for entry in migrations() if entry[0] not in applied]
    for name, steps in missing:
        for step in steps:
            await connection.execute(step)
        await connection.run("mark_migration", name=name)
    return [name for name, _ in missing]
