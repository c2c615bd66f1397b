"""Daily partitions of everything that has a time: made ahead of the rows, dropped by retention.

Days from FURTHEST_BACK before today to AHEAD after it get a partition of their own when a row
needs one; older rows share the first partition and later ones the last. The first partition ends
where the oldest kept day begins.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import date, timedelta

import pymysql

from sql.driver_errors import error_code
from sql.leases import Lease
from sql.literals import Name
from sql.page_compression import PageCompression
from sql.pool import Connection, Pool
from tools.errors import StoreUnavailable

COUNTS = ("log_counts", "service_totals")
EVENTS, METRICS = ("log_events", *COUNTS), ("metric_events",)
"""Tables whose rows come together: they have the same days."""

DAILY = EVENTS + METRICS

_log = logging.getLogger(__name__)

AHEAD = 3
FURTHEST_BACK = 400
PAST, FUTURE = "p_past", "p_future"
_LOCK_TIMEOUT = 1205
_TRIES, _PAUSE = 10, 1.0
_COVER_TRIES = 3
_CUT_SECONDS = 600
_AT_ONCE = 5_000
"""Rows deleted in one statement, where a partition cannot be dropped whole."""

Bounds = dict[str, dict[str, date]]
"""By table and partition the day before which a partition ends; the last has no end."""


class Partitions:
    """Knows which days have a partition, makes the missing ones and drops the oldest."""

    def __init__(self, pool: Pool, compression: PageCompression) -> None:
        self._pool = pool
        self._compression = compression
        self._lease = Lease(pool, "partitions")
        self._known: dict[tuple[str, ...], tuple[date, date]] = {}
        self._working = asyncio.Lock()

    async def ensure(self, tables: tuple[str, ...], days: Iterable[date], today: date) -> None:
        """Make sure that every near day in `days`, and those just ahead, has its partition."""
        near = [day for day in days if -FURTHEST_BACK <= (day - today).days <= AHEAD]
        first, last = min([*near, today]), today + timedelta(days=AHEAD)
        known = self._known.get(tables)
        if known and known[0] <= first and last <= known[1]:
            return

        async def work(connection: Connection) -> tuple[date, date]:
            return await self._cover_for_sure(connection, tables, first, last)

        async with self._working, self._lease.held():
            self._known[tables] = await self._pool.retried(
                work, transaction=False, seconds=_CUT_SECONDS
            )

    async def _cover_for_sure(
        self, connection: Connection, tables: tuple[str, ...], first: date, last: date
    ) -> tuple[date, date]:
        """The same, and again when somebody changes the partitions under its hands."""
        for _ in range(_COVER_TRIES - 1):
            try:
                return await self._cover(connection, tables, first, last)
            except pymysql.err.OperationalError as error:
                _log.info("partitions have changed meanwhile: %s", error)
        return await self._cover(connection, tables, first, last)

    async def _cover(
        self, connection: Connection, tables: tuple[str, ...], first: date, last: date
    ) -> tuple[date, date]:
        """Cut the outer partitions so that first to last lie in daily ones; the days covered."""
        bounds = await partition_bounds(connection, tables)
        first = min([first, *(ends[PAST] for ends in bounds.values() if len(ends) > 1)])
        steps = [(table, *cut) for table in tables for cut in _cuts(bounds[table], first, last)]
        compressed = bool(steps) and await self._compression.wanted(connection)
        for table, old, new in steps:
            await _split(connection, table, old, new, compressed)
        after = min(max(ends.values()) for ends in bounds.values())
        return first, max(last, after - timedelta(days=1))

    async def drop(self, before: date) -> None:
        """Drop every row older than the day, in statements that wait a second for a busy table.

        Raises:
            StoreUnavailable: when a table stays busy; what is left is for the next run.
        """
        async with (
            self._working,
            self._lease.held(),
            self._pool.connection() as connection,
        ):
            try:
                bounds = await partition_bounds(connection, DAILY)
                compressed = await self._compression.wanted(connection)
                for table in DAILY:
                    await _drop(connection, table, bounds[table], before, compressed)
            finally:
                self._known.clear()


async def partition_bounds(connection: Connection, tables: tuple[str, ...]) -> Bounds:
    """The partitions of daily tables with their ends, oldest first; the last has none."""
    bounds: Bounds = {}
    for table, name, bound in await connection.run("partitions", tables=tables):
        ends = bounds.setdefault(table, {})
        if name != FUTURE:
            ends[name] = date.fromisoformat(bound.strip("'")[:10])
    return bounds


Cut = tuple[tuple[str, ...], list[tuple[str, date | None]]]
"""Neighbouring partitions, and those that take their place with their ends."""


def _cuts(ends: dict[str, date], first: date, last: date) -> list[Cut]:
    start, after = ends[PAST], max(ends.values())  # rows before `start` are in the first partition
    if len(ends) == 1:
        new = [(PAST, first), *_days(first, last), (FUTURE, None)]
        return [((PAST, FUTURE), new)]
    cuts: list[Cut] = []
    if first < start:
        cuts.append(((PAST,), [(PAST, first), *_days(first, start - timedelta(days=1))]))
    if after <= last:
        cuts.append(((FUTURE,), [*_days(after, last), (FUTURE, None)]))
    return cuts


def _days(first: date, last: date) -> list[tuple[str, date | None]]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [(f"p{day:%Y%m%d}", day + timedelta(days=1)) for day in days]


async def _split(
    connection: Connection,
    table: str,
    old: tuple[str, ...],
    new: list[tuple[str, date | None]],
    compressed: bool,
) -> None:
    option = " PAGE_COMPRESSED = 1" if compressed else ""
    ends = {name: f"'{end}'" if end else "MAXVALUE" for name, end in new}
    parts = [f"PARTITION {name} VALUES LESS THAN ({end}){option}" for name, end in ends.items()]
    names = {"table": Name(table), "old": Name(", ".join(old)), "new": Name(", ".join(parts))}
    connection.to_its_end = True  # or rows are lost: sql/cuts.py
    await _unless_busy(table, lambda: connection.run("split_partitions", **names))
    connection.to_its_end = False


async def _drop(
    connection: Connection, table: str, ends: dict[str, date], before: date, compressed: bool
) -> None:
    """Empty the partitions that end by then, and give their days to the first one.

    Dropped outright, their days would belong to the partition that follows them.
    """
    if ends[PAST] > before:
        await _delete(connection, table, before)
        return
    old = tuple(name for name, end in ends.items() if end <= before)
    names = {"table": Name(table), "old": Name(", ".join(old))}
    await _unless_busy(table, lambda: connection.run("empty_partitions", **names))
    if len(old) > 1:
        await _split(connection, table, old, [(PAST, ends[old[-1]])], compressed)


async def _delete(connection: Connection, table: str, before: date) -> None:
    """Delete rows of the first partition, a bounded number at a time."""
    deleted = _AT_ONCE
    while deleted == _AT_ONCE:
        said = in_past(table, before)
        await connection.run("delete_past", table=Name(table), **said, limit=_AT_ONCE)
        [[deleted]] = await connection.run("rows_changed")


def in_past(table: str, before: date) -> dict[str, str]:
    """The arguments for a table's rows before a day: a count's time is the start of its span."""
    return {"before_start" if table in COUNTS else "before_time": str(before)}


async def _unless_busy(table: str, change: Callable[[], Awaitable[object]]) -> None:
    """Change a table as soon as it is free: waiting for it, we hold up everybody else."""
    for _ in range(_TRIES):
        try:
            await change()
        except pymysql.err.OperationalError as error:
            if error_code(error) != _LOCK_TIMEOUT:
                raise
            await asyncio.sleep(_PAUSE)
        else:
            return
    raise StoreUnavailable(f"{table} is busy with a statement that does not end", 60)
