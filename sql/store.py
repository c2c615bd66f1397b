"""MariaStore: events, metrics and vectors behind one connection pool."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sql.accounts import admit_reader
from sql.archive import Archive
from sql.condition import Condition, condition
from sql.episodes import Episodes
from sql.events_in import EventsIn
from sql.events_out import EventsOut, aware
from sql.few_patterns import FewPatterns
from sql.kept import Kept
from sql.literals import rows_of
from sql.metrics import Metrics
from sql.migrate import migrate
from sql.page_compression import Mode, PageCompression
from sql.partitions import Partitions
from sql.pattern_guard import PatternGuard
from sql.pattern_ids import PatternIds
from sql.pool import Address, Connection, Pool
from sql.private import PrivateServer
from sql.retention import Retention
from sql.stats import Stats
from sql.text_index import TextIndex
from sql.tokens import Tokens
from sql.upkeep import Upkeep
from sql.vectors import Vectors
from tools.ports import (
    Activity,
    Catalogue,
    Filter,
    MetricFilter,
    Page,
    PatternCount,
    ReadyEvent,
    ReadyPoint,
    StatRow,
    Window,
)
from tools.records import Coverage, Event, Heartbeat

MAX_PATTERNS = 2_000
"""Of a service. The lines of 16 systems in loghub, 32,000 in all, have 2,095 patterns together."""


@dataclass(frozen=True)
class Habits:
    """What may differ between stores: how many patterns a service may have, what is kept, how."""

    max_patterns: int = MAX_PATTERNS
    retention: Retention = field(default_factory=Retention)
    page_compression: Mode = "auto"
    fulltext: bool = False


class MariaStore:
    """The LogStore on MariaDB; on a private server when one is given, else on `address`, which
    may be the nodes of a cluster in the order in which they are tried.

    What reading tools ask goes through connections of their own, to `reads` where that is given:
    an account that cannot write. With one account for both, their sessions are read-only.

    `open` is called by the first use at the latest, so a door may answer before the database is
    there. Every method may raise StoreUnavailable.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        address: Address | Sequence[Address] | None = None,
        private: PrivateServer | None = None,
        habits: Habits | None = None,
        reads: Address | Sequence[Address] | None = None,
    ) -> None:
        if private is not None:
            address = Address(user=private.user, unix_socket=str(private.socket))
            reads = Address(user=private.reader, unix_socket=str(private.socket))
        self._now = now
        self._private = private
        address = address or Address()
        revive = private.revive if private else None
        self.pool = Pool(address, revive)
        self.reads = Pool(reads or address, revive, reads=True)
        self.vectors = Vectors(self.pool, self.reads)
        habits = habits or Habits()
        partitions = Partitions(self.pool, PageCompression(habits.page_compression))
        self._kept = Kept(self.pool, self.reads, now, habits.retention)
        self.upkeep = Upkeep(self.pool, now, habits.retention, partitions, self._kept)
        patterns = PatternIds(self.pool, PatternGuard(habits.max_patterns, now))
        self.archive = Archive(self.pool, patterns)
        self.tokens = Tokens(self.pool)
        self._in = EventsIn(self.pool, now, partitions, patterns)
        self._texts = TextIndex(self.pool, habits.fulltext)
        few = FewPatterns(self.reads, now)
        self._out = EventsOut(self.reads, self._texts, few)
        self._metrics = Metrics(self.pool, self.reads, now, partitions)
        self._episodes = Episodes(self.reads)
        self._stats = Stats(self.reads, self._texts, few, now)

    async def open(self) -> list[str]:
        """Start or reach the database and bring its schema up to date; the migrations applied."""
        if self._private is not None:
            await self._private.join()
        await self.pool.open()
        applied = await migrate(self.pool)
        if self._private is not None:
            await admit_reader(self.pool)
        await self._texts.open()
        return applied

    async def close(self) -> None:
        """Close the connections; a private server stops with its last user."""
        await self.reads.close()
        await self.pool.close()
        if self._private is not None:
            await self._private.leave()

    async def ping(self) -> str:
        """The database's version. Raises StoreUnavailable when it is away."""
        [[version]] = await self.pool.run("server_version")
        return str(version)

    async def condition(self) -> Condition:
        """What a check of the store needs to know."""
        return await condition(self.pool)

    async def add_events(self, events: Sequence[ReadyEvent]) -> int:
        """See LogStore."""
        return await self._in.add(events)

    async def add_points(self, points: Sequence[ReadyPoint]) -> int:
        """See LogStore."""
        return await self._metrics.add(points)

    async def find_events(self, wanted: Filter, page: Page) -> list[tuple[Event, int]]:
        """See LogStore."""
        return await self._out.find(wanted, page)

    async def event(self, event_id: int) -> Event | None:
        """One event by its id, None when there is no such event."""
        return await self._out.event(event_id)

    async def count_events(self, wanted: Filter) -> int | None:
        """See LogStore."""
        if wanted.is_counted:
            return await self._stats.total(wanted)
        return await self._out.count_rows(wanted)

    async def pattern_counts(
        self, wanted: Filter, new_since: datetime | None = None
    ) -> list[PatternCount]:
        """See LogStore."""
        return await self._out.pattern_counts(wanted, new_since)

    async def pattern_hosts(
        self, wanted: Filter, pattern_ids: Sequence[int]
    ) -> dict[int, list[str]]:
        """See LogStore."""
        return await self._out.pattern_hosts(wanted, pattern_ids)

    async def pattern_activity(self, wanted: Filter, pattern_id: int, width: int) -> list[Activity]:
        """See LogStore."""
        return await self._episodes.activity(wanted, pattern_id, width)

    async def counts_on(
        self, hosts: Sequence[str], start: datetime, end: datetime
    ) -> dict[int, Activity]:
        """See LogStore."""
        return await self._episodes.counts_on(hosts, start, end)

    async def newest_of(
        self, wanted: Filter, pattern_ids: Sequence[int], each: int
    ) -> dict[int, list[Event]]:
        """See LogStore."""
        return await self._out.newest_of(wanted, pattern_ids, each)

    async def coverage(self, wanted: Filter) -> Coverage:
        """See LogStore."""
        return await self._out.coverage(wanted)

    async def kept_since(self) -> datetime | None:
        """See LogStore."""
        return await self._kept.since()

    async def window(self) -> Window | None:
        """See LogStore."""
        return await self._kept.window()

    async def catalogue(self) -> Catalogue:
        """See LogStore."""
        return await self._out.catalogue()

    async def points(self, wanted: MetricFilter, limit: int) -> list[dict[str, Any]]:
        """See LogStore."""
        return await self._metrics.points(wanted, limit)

    async def buckets(
        self, wanted: MetricFilter, seconds: int, aggregate: str, limit: int
    ) -> list[dict[str, Any]]:
        """See LogStore."""
        return await self._metrics.buckets(wanted, seconds, aggregate, limit)

    async def count_by(
        self, wanted: Filter, column: str | None, width: int | None, limit: int
    ) -> list[StatRow]:
        """See LogStore."""
        return await self._stats.count_by(wanted, column, width, limit)

    async def pattern_texts(self, ids: list[int]) -> dict[int, tuple[str, str, datetime, datetime]]:
        """See LogStore."""
        return await self._stats.patterns(ids)

    async def guarded_services(self) -> dict[str, datetime]:
        """See LogStore."""
        rows = await self.reads.run("guarded_services")
        return {service: aware(since) for service, since in rows}

    async def heartbeat(self, beat: Heartbeat) -> None:
        """Keep a shipper's latest word and the gaps it reports; a gap told twice counts once."""

        async def work(connection: Connection) -> None:
            said = beat.model_dump(exclude={"gaps"})
            await connection.run("put_shipper", **said, heard_at=self._now())
            if beat.gaps:
                gaps = [(g.host, g.source, g.start, g.end, g.missing) for g in beat.gaps]
                await connection.run("add_gaps", rows=rows_of(gaps))

        await self.pool.retried(work)
