"""What the tools need from outside, as protocols, and the bundle in which they get it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, NamedTuple, Protocol

from tools.access import Access
from tools.audited import ToolCall
from tools.levels import Level
from tools.records import DATED_AHEAD, NOT_KEPT, Coverage, Event, utc_text


class ReadyEvent(NamedTuple):
    """An event fit for the store: every limit kept, its pattern known.

    One that is not `dated` got a uid from its sender but no time: sent again, it comes with
    another time of arrival, so the store must look for the uid alone.
    """

    uid: bytes
    timestamp: datetime
    source: str
    service: str
    host: str
    level: Level
    trace_id: str | None
    span_id: str | None
    event_type: str | None
    error_code: str | None
    message: str
    meta_json: str | None
    pattern_key: bytes
    pattern: str
    dated: bool = True


@dataclass(frozen=True, slots=True)
class ReadyPoint:
    """A metric point fit for the store. `labels` is canonical JSON."""

    uid: bytes
    timestamp: datetime
    name: str
    value: float
    unit: str
    service: str
    host: str
    labels: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events a question is about; None or empty means any."""

    start: datetime | None = None
    end: datetime | None = None
    services: tuple[str, ...] = ()
    host: str | None = None
    source: str | None = None
    levels: tuple[Level, ...] = ()
    contains: str | None = None
    trace_id: str | None = None
    error_code: str | None = None
    event_type: str | None = None

    @property
    def is_counted(self) -> bool:
        """Whether counts are kept by every column that this filter asks about."""
        asked = (self.source, self.contains, self.trace_id, self.error_code, self.event_type)
        return not any(asked)


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a result: `after` is the (timestamp, id) of the last row already seen."""

    limit: int
    newest_first: bool = True
    after: tuple[datetime, int] | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class PatternCount:
    """How often one pattern occurs in a filter, and when."""

    id: int
    service: str
    text: str
    count: int
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Activity:
    """Some events of one pattern: the first and last moment, and their number."""

    first: datetime
    last: datetime
    count: int


@dataclass(frozen=True, slots=True)
class StatRow:
    """How many events share a name (None: the column is empty, or not asked for) and interval."""

    name: str | None
    start: datetime | None
    count: int


class Ranked(NamedTuple):
    """How near a pattern is in meaning: the mixed score and the plain cosine.

    `confidence` is on the scale of the score: how far the question is met by what there is, no
    more than what is near this pattern's own score.
    """

    pattern_id: int
    score: float
    cosine: float
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The names that live in the store."""

    services: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """The times that a store with a retention takes; `end` is exclusive, None is open."""

    start: datetime | None
    end: datetime
    retention: str

    def refusal(self, moment: datetime) -> dict[str, str] | None:
        """Why a row of that time is not taken, as `rule` and `code`, or None."""
        kept = f"(retention {self.retention})"
        if self.start and moment < self.start:
            rule = f"nothing before {utc_text(self.start)} is kept {kept}"
            return {"rule": rule, "code": NOT_KEPT}
        if moment >= self.end:
            rule = f"must be before {utc_text(self.end)}, or its age cannot be told {kept}"
            return {"rule": rule, "code": DATED_AHEAD}
        return None


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """Which metric points a question is about. `labels` must all be equal."""

    name: str
    start: datetime | None = None
    end: datetime | None = None
    services: tuple[str, ...] = ()
    host: str | None = None
    labels: tuple[tuple[str, str], ...] = ()


class LogStore(Protocol):
    """Where events and points live. Every method may raise StoreUnavailable or TookTooLong."""

    async def add_events(self, events: Sequence[ReadyEvent]) -> int:
        """Commit the events that are new; the number of them."""

    async def add_points(self, points: Sequence[ReadyPoint]) -> int:
        """Commit the points that are new; the number of them."""

    async def find_events(self, wanted: Filter, page: Page) -> list[tuple[Event, int]]:
        """Events of a page, each with the id of its pattern."""

    async def event(self, event_id: int) -> Event | None:
        """One event by its id, None when there is no such event."""

    async def count_events(self, wanted: Filter) -> int | None:
        """How many there are, exactly; None when counting would take too long."""

    async def pattern_counts(
        self, wanted: Filter, new_since: datetime | None = None
    ) -> list[PatternCount]:
        """Every pattern that occurs in the filter, with exact counts.

        With `new_since` only those whose first event ever, on any host and level, is not earlier.
        """

    async def pattern_hosts(
        self, wanted: Filter, pattern_ids: Sequence[int]
    ) -> dict[int, list[str]]:
        """On which hosts each of the patterns occurs in the filter."""

    async def pattern_activity(self, wanted: Filter, pattern_id: int, width: int) -> list[Activity]:
        """When a pattern occurs in the filter, in order: by spans of at most `width` seconds.

        `width` is a minute, an hour or a day. Of each span that begins where UTC's does there is
        one; at the ends of the filter there are narrower ones.
        """

    async def counts_on(
        self, hosts: Sequence[str], start: datetime, end: datetime
    ) -> dict[int, Activity]:
        """What occurred on hosts from `start` to `end`, by pattern."""

    async def newest_of(
        self, wanted: Filter, pattern_ids: Sequence[int], each: int
    ) -> dict[int, list[Event]]:
        """The newest events of each pattern in the filter."""

    async def count_by(
        self, wanted: Filter, column: str | None, width: int | None, limit: int
    ) -> list[StatRow]:
        """Exact counts by a column and by intervals of `width` seconds, latest first, then most."""

    async def pattern_texts(self, ids: list[int]) -> dict[int, tuple[str, str, datetime, datetime]]:
        """Service, text, first and last time ever of patterns, by id."""

    async def coverage(self, wanted: Filter) -> Coverage:
        """Who was heard in scope and what is known to be missing."""

    async def guarded_services(self) -> dict[str, datetime]:
        """Services that minted too many patterns, and since when new ones are masked coarser."""

    async def kept_since(self) -> datetime | None:
        """What is older was dropped by the retention; None when nothing was."""

    async def window(self) -> Window | None:
        """The times that new rows may have; None for any."""

    async def catalogue(self) -> Catalogue:
        """The names now in the store."""

    async def points(self, wanted: MetricFilter, limit: int) -> list[dict[str, Any]]:
        """The newest points of a metric, newest first."""

    async def buckets(
        self, wanted: MetricFilter, seconds: int, aggregate: str, limit: int
    ) -> list[dict[str, Any]]:
        """One aggregated value for each interval that has points, newest first."""


class PatternIndex(Protocol):
    """Patterns ranked by meaning."""

    async def rank(self, text: str) -> Iterable[Ranked]:
        """Every indexed pattern, best first; raises EmbedderUnavailable if nothing can rank."""

    def state(self) -> dict[str, Any]:
        """`model`, `indexed`, `pending` and, when meaning is out of order, `degraded`: why."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls a tool, as far as the answer depends on it, and what it may do.

    `max_message` and `max_chars` bound a message and a whole page of text, for doors to models.
    """

    host: str = "unknown"
    rest: bool = False
    max_rows: int = 1000
    max_message: int | None = None
    max_chars: int | None = None
    access: Access = field(default_factory=Access)


def _unheard(call: ToolCall) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Deps:
    """All that a tool's `run` may use. `audit` is told of each call when it has ended."""

    store: LogStore
    index: PatternIndex
    now: Callable[[], datetime]
    zone: tzinfo
    zone_name: str = "UTC"
    caller: Caller = field(default_factory=Caller)
    audit: Callable[[ToolCall], None] = _unheard
