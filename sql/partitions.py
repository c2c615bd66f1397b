"""Daily partitions of log_events, made ahead of the rows that need them.

Days from FURTHEST_BACK before today to AHEAD after it get a partition of their own when a row
needs one; older rows share the first partition and later ones the last.
"""

import asyncio
from collections.abc import Iterable
from datetime import date, timedelta

from sql.literals import Name
from sql.pool import Connection, Pool

AHEAD = 3
FURTHEST_BACK = 400
_LOCK = "devmesh_partitions"
_PAST, _FUTURE = "p_past", "p_future"


class Partitions:
    """Knows which days have a partition, and makes the missing ones."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: tuple[date, date] | None = None
        self._working = asyncio.Lock()

    async def ensure(self, days: Iterable[date], today: date) -> None:
        """Make sure that every near day in `days`, and those just ahead, has its partition."""
        near = [day for day in days if -FURTHEST_BACK <= (day - today).days <= AHEAD]
        first, last = min([*near, today]), today + timedelta(days=AHEAD)
        if self._covers(first, last):
            return

        async def work(connection: Connection) -> tuple[date, date]:
            await connection.run("lock", name=_LOCK)
            try:
                return await _cover(connection, first, last)
            finally:
                await connection.run("unlock", name=_LOCK)

        async with self._working:
            self._known = await self._pool.retried(work, transaction=False)

    def _covers(self, first: date, last: date) -> bool:
        return self._known is not None and self._known[0] <= first and last <= self._known[1]


async def _cover(connection: Connection, first: date, last: date) -> tuple[date, date]:
    """Split the outer partitions so that first to last lie in daily ones; the days covered."""
    bounds = [bound for _, bound in await connection.run("partitions")]
    ends = sorted(date.fromisoformat(bound.strip("'")[:10]) for bound in bounds[:-1])
    start, after = ends[0], ends[-1]  # rows before `start` are in p_past, from `after` in p_future
    if len(ends) == 1:
        await _split(connection, f"{_PAST}, {_FUTURE}", [_past(first), *_days(first, last), _REST])
        return first, last
    if first < start:
        older = _days(first, start - timedelta(days=1))
        await _split(connection, _PAST, [_past(first), *older])
    if after <= last:
        await _split(connection, _FUTURE, [*_days(after, last), _REST])
    return min(first, start), max(last, after - timedelta(days=1))


async def _split(connection: Connection, old: str, new: list[str]) -> None:
    await connection.run("split_partitions", old=Name(old), new=Name(", ".join(new)))


_REST = f"PARTITION {_FUTURE} VALUES LESS THAN (MAXVALUE)"


def _past(before: date) -> str:
    return f"PARTITION {_PAST} VALUES LESS THAN ('{before}')"


def _days(first: date, last: date) -> list[str]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [
        f"PARTITION p{day:%Y%m%d} VALUES LESS THAN ('{day + timedelta(days=1)}')" for day in days
    ]
