"""The upkeep: partitions made ahead, totals mended, the oldest days dropped as the retention says.

One process at a time. Everything may be cut short at any point: the next run finds what is left.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pymysql

from sql.driver_errors import GONE, error_code
from sql.forget import any_past_row, forget_past, forget_patterns
from sql.kept import Kept
from sql.leases import Lease
from sql.partitions import EVENTS, METRICS, Partitions
from sql.pool import Connection, Pool
from sql.recount import miscounted, recount
from sql.retention import Retention
from sql.sizes import Sizes, bytes_text, measure
from tools.errors import DevMeshError

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did, or with `dry_run` would do. Bytes are as `Sizes` measures them."""

    at: datetime
    retention: str
    total_bytes: int = 0
    dropped_before: date | None = None
    dropped_days: list[date] = field(default_factory=list)
    dropped_bytes: int = 0
    forgotten_patterns: int = 0
    over_bytes: int = 0
    """What remains above the size of the retention: today and later days are never dropped."""
    days_ahead: int = 0
    recounted_days: list[date] = field(default_factory=list)
    """Days whose totals were too low."""
    dry_run: bool = False
    busy: bool = False
    """Another process was at it: nothing was done."""

    @property
    def text(self) -> str:
        """The run in words."""
        if self.busy:
            return "another process is at it"
        parts = [f"{bytes_text(self.total_bytes)} in all", f"{self.days_ahead} days ahead"]
        if self.dropped_before:
            verb = "would drop" if self.dry_run else "dropped"
            parts.append(
                f"{verb} {len(self.dropped_days)} days, all before {self.dropped_before} "
                f"({bytes_text(self.dropped_bytes)})"
            )
        if self.forgotten_patterns:
            parts.append(f"forgot {self.forgotten_patterns} patterns")
        if days := len(self.recounted_days):
            verb = "would make" if self.dry_run else "made"
            parts.append(f"{verb} the totals of {days} days good")
        if self.over_bytes:
            parts.append(f"still {bytes_text(self.over_bytes)} over {self.retention}")
        return ", ".join(parts)


class Upkeep:
    """Keeps one store. `now` gives the moment."""

    def __init__(
        self,
        pool: Pool,
        now: Callable[[], datetime],
        retention: Retention,
        partitions: Partitions,
        kept: Kept,
    ) -> None:
        self._pool = pool
        self._now = now
        self.retention = retention
        self._partitions = partitions
        self._kept = kept
        self._lease = Lease(pool, "upkeep")

    async def run(self, host: str, dry_run: bool = False) -> Outcome:
        """Do what is due; what was done. The run and its error are remembered, dry ones not.

        Raises:
            StoreUnavailable: when the database is away, or a table stays busy.
            DevMeshError: when the account may not do it; the message has the server's words.
        """
        if not await self._lease.take():
            return Outcome(self._now(), self.retention.text, dry_run=dry_run, busy=True)
        async with self._lease.kept(), self._pool.connection() as connection:
            return await self._remembered(connection, host, dry_run)

    async def _remembered(self, connection: Connection, host: str, dry_run: bool) -> Outcome:
        if dry_run:
            return await self._plan(connection, dry_run=True)
        said = {"at": self._now(), "host": host}
        try:
            outcome = await self._done(connection)
        except Exception as error:
            await self._pool.run("put_run", **said, did="", error=str(error))
            if isinstance(error, pymysql.err.MySQLError) and error_code(error) not in GONE:
                raise DevMeshError(f"the database refuses the upkeep: {error}") from error
            raise
        await connection.run("put_run", **said, did=outcome.text, error=None)
        return outcome

    async def _done(self, connection: Connection) -> Outcome:
        today = self._now().date()
        for tables in (EVENTS, METRICS):
            await self._partitions.ensure(tables, [], today)
        plan = await self._plan(connection, dry_run=False)
        if before := plan.dropped_before:
            plan = await self._dropped(connection, plan, before)
        for day in plan.recounted_days:
            await recount(self._pool, day)
        return plan

    async def _dropped(self, connection: Connection, plan: Outcome, before: date) -> Outcome:
        await self._kept.drop_before(before)  # said first: a count too low must be explained
        await self._partitions.drop(before)
        await forget_past(connection, before)
        forgotten = await forget_patterns(connection, before)
        left = [day for day in plan.recounted_days if day >= before]
        return replace(plan, forgotten_patterns=forgotten, recounted_days=left)

    async def _plan(self, connection: Connection, dry_run: bool) -> Outcome:
        """What the retention asks for now: whichever of age and size asks for more."""
        now, sizes = self._now(), await measure(connection)
        oldest = self.retention.oldest_day(now)
        most = self.retention.size
        by_size = _until_it_fits(sizes, most, now.date()) if most is not None else None
        before = max(filter(None, (oldest, by_size)), default=None)
        freed = _older(sizes, before) if before else 0
        gone = [day for day in sizes.days if before and day < before]
        if before and not gone and not await any_past_row(connection, before):
            before, freed = None, 0
        return Outcome(
            at=now,
            retention=self.retention.text,
            total_bytes=sizes.total - (0 if dry_run else freed),
            dropped_before=before,
            dropped_days=gone,
            dropped_bytes=freed,
            over_bytes=max(0, sizes.total - freed - most) if most is not None else 0,
            days_ahead=_days_ahead(sizes, now.date()),
            recounted_days=await miscounted(connection),
            dry_run=dry_run,
        )


def _until_it_fits(sizes: Sizes, most: int, today: date) -> date | None:
    """The day before which all must go for the rest to fit, as far as days before today go."""
    before, total = None, sizes.total
    if total > most and sizes.first_day and sizes.past:
        before, total = sizes.first_day, total - sizes.past
    for day, size in sizes.days.items():
        if total <= most or day >= today:
            break
        before, total = day + _DAY, total - size
    return before


def _older(sizes: Sizes, before: date) -> int:
    """Bytes of the days before a day."""
    first = sizes.first_day
    past = sizes.past if first and first <= before else 0
    return past + sum(size for day, size in sizes.days.items() if day < before)


def _days_ahead(sizes: Sizes, today: date) -> int:
    return max(((day - today).days for day in sizes.days), default=0)
