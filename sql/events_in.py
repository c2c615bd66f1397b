"""Events into the store: rows, roll-up, patterns and hosts in one transaction."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice

import pymysql

from sql.driver_errors import error_code
from sql.events_out import aware
from sql.literals import PART, Rows, parts_of, rows_of
from sql.partitions import EVENTS, Partitions
from sql.pattern_ids import PatternIds
from sql.pool import Connection, Pool, Row
from sql.tallies import by_every_span, by_minute, merged, totals
from tools.errors import DevMeshError
from tools.masking import VERSION
from tools.ports import ReadyEvent

Trip = tuple[str, dict[str, Rows]]
"""A statement's name and its rows."""

_DUPLICATE = 1062
_NULL = 1048


class _Repeated(Exception):
    """An event of the batch is stored already."""


class EventsIn:
    """Takes batches of ready events. `now` gives the moment of arrival."""

    def __init__(
        self,
        pool: Pool,
        now: Callable[[], datetime],
        partitions: Partitions,
        patterns: PatternIds,
    ) -> None:
        self._pool = pool
        self._now = now
        self._partitions = partitions
        self._patterns = patterns

    async def add(self, events: Sequence[ReadyEvent]) -> int:
        """Commit the events that are new; their number. Safe to repeat."""
        days = {event.timestamp.date() for event in events}
        await self._partitions.ensure(EVENTS, days, self._now().date())
        try:
            return await self._add(events)
        except pymysql.err.IntegrityError as error:
            if error_code(error) != _NULL:
                raise
        # A pattern we knew was forgotten, and made known again with another id by somebody else.
        self._patterns.forget()
        return await self._add(events)

    async def _add(self, events: Sequence[ReadyEvent]) -> int:
        ids = await self._patterns.of(events)

        async def all_new(connection: Connection) -> int | None:
            try:
                return await self._insert(connection, events, ids, all_new=True)
            except _Repeated:
                await connection.rollback()
                return None

        async def some_new(connection: Connection) -> int:
            return await self._insert(connection, events, ids, all_new=False)

        # Usually all are new, and the server need not name 500 rows for it. After a repeat the
        # transaction does not go on but begins anew: without a binary log, a Galera node also
        # replicates the rows that the failed statement undid (MDEV-31272), and is expelled.
        stored = await self._pool.retried(all_new)
        return await self._pool.retried(some_new) if stored is None else stored

    async def _insert(
        self,
        connection: Connection,
        events: Sequence[ReadyEvent],
        ids: dict[bytes, int],
        all_new: bool,
    ) -> int:
        events = await self._unheard(connection, events)
        fresh: list[ReadyEvent] = []
        left = iter(events)
        for rows in await asyncio.to_thread(_written, events, ids):
            part = list(islice(left, rows.count))
            if all_new:
                await _insert_all(connection, rows)
            else:
                part = _once_each(part, await _inserted(connection, rows))
            fresh += part
        if fresh:
            for trip in await asyncio.to_thread(_counted, fresh, ids, self._now()):
                await connection.run_all(*trip)
        return len(fresh)

    async def _unheard(
        self, connection: Connection, events: Sequence[ReadyEvent]
    ) -> Sequence[ReadyEvent]:
        """The events less those without a time of their own whose uid came before."""
        undated = sorted({event.uid for event in events if not event.dated})
        if not undated:
            return events
        rows = rows_of([(uid, self._now()) for uid in undated])
        left = {uid for (uid,) in await connection.run("add_undated", rows=rows)}
        new = []
        for event in events:
            if event.dated or event.uid in left:
                new.append(event)
            if not event.dated:
                left.discard(event.uid)
        return new


def _counted(fresh: Sequence[ReadyEvent], ids: dict[bytes, int], now: datetime) -> list[list[Trip]]:
    """What new events add to the counts, as ways to the database."""
    minutes = by_minute(fresh, ids)
    known = {ids[event.pattern_key]: event for event in fresh}
    services = {key: event.service for key, event in known.items()}
    patterns = [
        (key, *_pattern(known[key]), t.first, t.last, t.count)
        for key, t in merged(minutes, lambda key: key[2])
    ]
    counts = [(*key, t.count, t.first, t.last) for key, t in by_every_span(minutes)]
    hosts = [(host, min(t.last, now), now) for host, t in merged(minutes, lambda key: key[3])]
    return list(
        trips(
            ("add_counts", counts),
            ("add_totals", totals(minutes, services)),
            ("count_patterns", patterns),
            ("touch_hosts", hosts),
        )
    )


def trips(*added: tuple[str, Sequence[Row]]) -> Iterator[list[Trip]]:
    """The statements that add rows, as few ways to the database as its packets allow: who counts
    the same things waits from the first of them to the commit.
    """
    trip, size = list[Trip](), 0
    for name, rows in added:
        for part in parts_of(rows):
            if trip and size + len(part.text) > PART:
                yield trip
                trip, size = [], 0
            trip.append((name, {"rows": part}))
            size += len(part.text)
    yield trip


def _written(events: Sequence[ReadyEvent], ids: dict[bytes, int]) -> list[Rows]:
    return list(parts_of(event_row(event, ids[event.pattern_key]) for event in events))


async def _insert_all(connection: Connection, rows: Rows) -> None:
    try:
        await connection.run("add_events", rows=rows)
    except pymysql.err.IntegrityError as error:
        if error_code(error) != _DUPLICATE:
            raise
        raise _Repeated from error


async def _inserted(connection: Connection, rows: Rows) -> set[Row]:
    """Uid and time of those rows that were new, which have now gone in."""
    new = {(uid, aware(at)) for uid, at in await connection.run("add_new_events", rows=rows)}
    if len(new) < rows.count:
        await _only_duplicates(connection)
    return new


async def _only_duplicates(connection: Connection) -> None:
    """INSERT IGNORE also hides rows it cannot store; that must not pass for a duplicate."""
    for _, code, message in await connection.run("show_warnings"):
        if int(code) != _DUPLICATE:
            raise DevMeshError(f"the store refused a row: {message} ({code})")


def _once_each(events: Sequence[ReadyEvent], inserted: set[Row]) -> list[ReadyEvent]:
    """The inserted events; of two with one uid and time in the same batch only the first went in.

    The row of an event is known by both: the store takes a uid again at another time.
    """
    left = set(inserted)
    fresh = []
    for event in events:
        row = (event.uid, event.timestamp)
        if row in left:
            left.discard(row)
            fresh.append(event)
    return fresh


def event_row(event: ReadyEvent, pattern_id: int) -> Row:
    return (
        event.timestamp,
        event.source,
        event.service,
        event.host,
        event.level,
        event.trace_id,
        event.span_id,
        event.event_type,
        event.error_code,
        event.message,
        event.meta_json,
        event.uid,
        pattern_id,
    )


def _pattern(event: ReadyEvent) -> Row:
    return (event.pattern_key, event.service, event.pattern, VERSION)
