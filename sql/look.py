"""A look at a database that changes nothing: neither the database nor its schema is made."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiomysql
import pymysql

from sql.condition import Condition, condition
from sql.connection import Connection
from sql.driver_errors import error_code, translated
from sql.events_out import aware
from sql.pool import Address, Pool
from sql.statements import migrations
from sql.vectors import Vectors, Waiting
from tools.errors import StoreUnavailable

_NO_TABLE = 1146
_SECONDS = 15.0
"""For all of one address; one that takes connections and says nothing is away too."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen. `pending` are migrations of ours that the database lacks, `foreign` those
    that it has and we do not know; `there` is whether the database exists at all.

    `condition` and `waiting` (patterns without a vector of a model) need a schema that is ours.
    """

    version: str
    clock: datetime
    there: bool
    pending: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    condition: Condition | None = None
    waiting: Waiting | None = None


async def look(addresses: Sequence[Address], model: str, seconds: float = _SECONDS) -> Look:
    """Look at the first of the addresses that answers.

    Raises:
        StoreUnavailable: with each one's reason, when none does.
    """
    why = []
    for address in addresses:
        try:
            async with asyncio.timeout(seconds):
                return await _looked_at(address, model)
        except StoreUnavailable as error:
            why.append(f"{address}: {error}")
        except TimeoutError:
            why.append(f"{address}: no answer within {seconds:g} s")
    raise StoreUnavailable("; ".join(why))


async def _looked_at(address: Address, model: str) -> Look:
    with translated():
        version, clock, there = await _reached(address)
        if not there:
            return Look(version, clock, there, tuple(name for name, _ in migrations()))
        return await _inside(address, model, Look(version, clock, there))


async def _reached(address: Address) -> tuple[str, datetime, bool]:
    raw = await aiomysql.connect(**_arguments(address))
    try:
        connection = Connection(raw)
        [[version]] = await connection.run("server_version")
        [[clock]] = await connection.run("server_clock")
        [[there]] = await connection.run("database_there", name=address.database)
    finally:
        raw.close()
    return str(version), aware(clock), bool(there)


def _arguments(address: Address) -> dict[str, Any]:
    return {
        "host": address.host,
        "port": address.port,
        "unix_socket": address.unix_socket,
        "user": address.user,
        "password": address.password,
        "charset": "utf8mb4",
    }


async def _inside(address: Address, model: str, seen: Look) -> Look:
    pool = Pool(address)
    try:
        applied = await _applied(pool)
        ours = {name for name, _ in migrations()}
        pending = tuple(sorted(ours - applied))
        foreign = tuple(sorted(applied - ours))
        if pending:
            return Look(seen.version, seen.clock, True, pending, foreign)
        found = await condition(pool)
        waiting = await Vectors(pool, pool).count_waiting(model)
        return Look(seen.version, seen.clock, True, pending, foreign, found, waiting)
    finally:
        await pool.close()


async def _applied(pool: Pool) -> set[str]:
    async with pool.connection() as connection:
        try:
            return {str(name) for (name,) in await connection.run("applied_migrations")}
        except pymysql.err.ProgrammingError as error:
            if error_code(error) != _NO_TABLE:
                raise
            return set()
