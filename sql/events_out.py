"""Events out of the store: pages, exact counts, patterns of a filter, coverage."""

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from sql.few_patterns import FewPatterns
from sql.pool import Pool, Row
from sql.spans import END, EPOCH, floor, stretches
from sql.text_index import TextIndex
from tools.errors import TookTooLong
from tools.ports import Catalogue, Filter, Page, PatternCount
from tools.records import Coverage, Event, Gap, HostCoverage

READ_SECONDS = 10
"""The longest a read may take; the server stops it then."""

_LEAST_SECONDS = 1.0
"""For the second part of a page, when the first has waited for the database."""

_COUNT_SECONDS = 2
_HOSTS = 50
_GAPS = 20
_MINUTE = timedelta(minutes=1)
_NEAR = timedelta(days=1)


class EventsOut:
    """Answers filters exactly: counts come from the roll-up wherever it has the columns."""

    def __init__(
        self, pool: Pool, texts: TextIndex, few: FewPatterns, seconds: float = READ_SECONDS
    ) -> None:
        self._pool = pool
        self._texts = texts
        self._few = few
        self._seconds = seconds

    async def find(self, wanted: Filter, page: Page) -> list[tuple[Event, int]]:
        """Events of a page, each with its pattern's id."""
        rows: list[Row] = []
        deadline = time.monotonic() + self._seconds
        for part in _parts(wanted, page):
            left = max(deadline - time.monotonic(), _LEAST_SECONDS)
            rows += await self._rows(part, page, page.limit - len(rows), left)
            if len(rows) == page.limit:
                break
        return [(event_of(row), row[12]) for row in rows]

    async def _rows(self, wanted: Filter, page: Page, limit: int, seconds: float) -> list[Row]:
        return await self._pool.run(
            "find_events",
            **columns(wanted),
            words=self._texts.words(wanted),
            **_order(page),
            limit=limit,
            offset=page.offset or None,
            seconds=seconds,
        )

    async def event(self, event_id: int) -> Event | None:
        """One event by its id."""
        rows = await self._pool.run("event_by_id", id=event_id)
        return event_of(rows[0]) if rows else None

    async def count_rows(self, wanted: Filter) -> int | None:
        """How many rows match; None when there are too many to count in time."""
        try:
            [[total]] = await self._pool.run(
                "count_rows",
                **columns(wanted),
                words=self._texts.words(wanted),
                seconds=min(_COUNT_SECONDS, self._seconds),
            )
        except TookTooLong:
            return None
        return int(total)

    async def pattern_counts(
        self, wanted: Filter, new_since: datetime | None = None
    ) -> list[PatternCount]:
        """Every pattern in the filter with its exact count; of those new since a moment, if any."""
        if new_since is None:
            patterns = await self._few.of(wanted)
        else:
            patterns = await self._few.new_since(new_since, wanted)
        if patterns == ():
            return []
        given = columns(wanted) | stretches(wanted.start, wanted.end)
        chosen = {"patterns": patterns, "new_since": new_since}
        rows = await self._pool.run("pattern_counts", **given, **chosen, seconds=self._seconds)
        return [
            PatternCount(key, service, text, int(count), aware(first), aware(last))
            for key, service, text, count, first, last in rows
        ]

    async def pattern_hosts(
        self, wanted: Filter, pattern_ids: Sequence[int]
    ) -> dict[int, list[str]]:
        """The hosts of each pattern in the filter."""
        if not pattern_ids:
            return {}
        rows = await self._pool.run(
            "pattern_hosts",
            **columns(wanted),
            **stretches(*_whole_minutes(wanted)),
            patterns=tuple(pattern_ids),
            seconds=self._seconds,
        )
        hosts: dict[int, list[str]] = {}
        for pattern, host in sorted(rows):
            hosts.setdefault(pattern, []).append(host)
        return hosts

    async def newest_of(
        self, wanted: Filter, pattern_ids: Sequence[int], each: int
    ) -> dict[int, list[Event]]:
        """The newest events of each pattern in the filter."""
        newest = {}
        for pattern in pattern_ids:
            rows = await self._pool.run(
                "newest_of_pattern",
                **columns(wanted),
                pattern=pattern,
                limit=each,
                seconds=self._seconds,
            )
            newest[pattern] = [event_of(row) for row in rows]
        return newest

    async def coverage(self, wanted: Filter) -> Coverage:
        """Who was heard in scope, last heard first, the gaps that touch the range, and since when
        everything is kept, where the range begins earlier.
        """
        host, start, end = wanted.host, wanted.start, wanted.end
        heard, gaps, [(kept, _)] = await self._pool.run_all(
            ("coverage_hosts", {"host": host, "limit": _HOSTS}),
            ("coverage_gaps", {"host": host, "start": start, "end": end, "limit": _GAPS}),
            ("kept", {}),
        )
        since = kept and aware(kept)
        hosts = [
            HostCoverage(
                host=host,
                last_event=last and aware(last),
                last_heartbeat=beat and aware(beat),
                lag_seconds=lag,
            )
            for host, last, beat, lag, _ in heard
        ]
        return Coverage(
            hosts=hosts,
            more_hosts=int(heard[0][4]) - len(heard) if heard else 0,
            gaps=[_gap(row[:5]) for row in gaps],
            more_gaps=int(gaps[0][5]) - len(gaps) if gaps else 0,
            missing=int(gaps[0][6]) if gaps else 0,
            kept_since=since if since and (start is None or start < since) else None,
        )

    async def catalogue(self) -> Catalogue:
        """The names of services, hosts and metrics in the store."""
        services = await self._pool.run("service_names")
        hosts = await self._pool.run("host_names")
        metrics = await self._pool.run("metric_names")
        return Catalogue(*(tuple(name for (name,) in rows) for rows in (services, hosts, metrics)))


def aware(moment: datetime) -> datetime:
    """A DATETIME of the store, which is UTC, as an aware moment."""
    return moment.replace(tzinfo=UTC)


def columns(wanted: Filter) -> dict[str, Any]:
    """A filter as the arguments of a statement; absent columns are None."""
    given = asdict(wanted)
    given["services"] = wanted.services or None
    given["levels"] = tuple(str(level) for level in wanted.levels) or None
    if wanted.contains is not None:
        given["contains"] = f"%{_like(wanted.contains)}%"
    return given


def _whole_minutes(wanted: Filter) -> tuple[datetime | None, datetime | None]:
    """The range with its first and last minute whole."""
    start, end = wanted.start, wanted.end
    return start and floor(start, _MINUTE), end and floor(end + _MINUTE, _MINUTE)


def _like(text: str) -> str:
    """Text that LIKE takes letter by letter."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _parts(wanted: Filter, page: Page) -> list[Filter]:
    """A long range as the day in which a page begins and the rest: that day usually fills the
    page, and of all other days no partition is opened.
    """
    edge = wanted.end if page.newest_first else wanted.start
    place = page.after[0] if page.after else edge
    if place is None or page.offset or wanted.trace_id or not EPOCH < place < END:
        return [wanted]
    if page.newest_first and (wanted.start or EPOCH) < (start := place - _NEAR):
        rest = replace(wanted, end=min(start, wanted.end or start))
        return [replace(wanted, start=start), rest]
    if not page.newest_first and (wanted.end or END) > (end := place + _NEAR):
        rest = replace(wanted, start=max(end, wanted.start or end))
        return [replace(wanted, end=end), rest]
    return [wanted]


def _order(page: Page) -> dict[str, Any]:
    order: dict[str, Any] = {"newest": page.newest_first, "oldest": not page.newest_first}
    if page.after is not None:
        side = "before" if page.newest_first else "after"
        order |= {f"{side}_time": page.after[0], f"{side}_id": page.after[1]}
    return order


def event_of(row: Row) -> Event:
    """An event from the columns that every reading statement selects in the same order."""
    meta = row[11]
    return Event(
        id=row[0],
        timestamp=aware(row[1]),
        level=row[2],
        host=row[3],
        service=row[4],
        source=row[5],
        message=row[6],
        trace_id=row[7],
        span_id=row[8],
        event_type=row[9],
        error_code=row[10],
        meta_json=orjson.loads(meta) if meta else None,
    )


def _gap(row: Row) -> Gap:
    host, source, start, end, missing = row
    return Gap(host=host, source=source, start=aware(start), end=aware(end), missing=missing)
