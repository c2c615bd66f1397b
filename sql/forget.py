"""What has no days of its own is forgotten in bounded statements, once its days are gone."""

from datetime import date
from typing import Any

from sql.literals import Name
from sql.partitions import DAILY, in_past
from sql.pool import Connection

_AT_ONCE = 1_000


async def forget_past(connection: Connection, before: date) -> None:
    """Forget the gaps that ended before a day, and the uids that came before it."""
    await _all_of(connection, "forget_gaps", before=str(before))
    await _all_of(connection, "forget_undated", before=str(before))


async def forget_patterns(connection: Connection, before: date) -> int:
    """Forget the patterns whose rows are all from before a day, with their vectors; how many."""
    forgotten, after = 0, 0
    while True:
        said = {"before": str(before), "after": after, "limit": _AT_ONCE}
        gone = tuple(key for (key,) in await connection.run("gone_patterns", **said))
        if not gone:
            break
        after = gone[-1]
        await connection.run("forget_patterns", patterns=gone, before=str(before))
        [[deleted]] = await connection.run("rows_changed")
        forgotten += deleted
    for (table,) in await connection.run("embedding_tables"):
        await _all_of(connection, "forget_vectors", table=Name(table))
    return forgotten


async def _all_of(connection: Connection, statement: str, **arguments: Any) -> None:
    """Run a bounded statement until nothing is left for it."""
    deleted = _AT_ONCE
    while deleted == _AT_ONCE:
        await connection.run(statement, **arguments, limit=_AT_ONCE)
        [[deleted]] = await connection.run("rows_changed")


async def any_past_row(connection: Connection, before: date) -> bool:
    """Whether a table's first partition holds a row from before a day."""
    for table in DAILY:
        if await connection.run("past_row", table=Name(table), **in_past(table, before)):
            return True
    return False
