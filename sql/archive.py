"""The store's content as records for an archive, stretch by stretch, and what has no other way in.

A record holds what a sender would write. Events and points go back through ingest; patterns'
times, hosts, shippers and gaps are merged here, so that they too may come twice.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from sql.events_out import columns
from sql.literals import rows_of
from sql.pattern_ids import PatternIds
from sql.pool import Connection, Pool, Row
from tools.archive_records import HostRecord, PatternRecord, ShipperRecord
from tools.masking import VERSION
from tools.ports import Filter
from tools.records import Gap

Record = dict[str, Any]

_ROWS = 2_000
_BYTES = 8 * 1024 * 1024
_SECONDS = 3_600
"""A filter that matches next to nothing walks the whole key for its first stretch."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring records; `after` is where the next stretch begins, None after the last one."""

    records: list[Record]
    after: list[Any] | None


class Archive:
    """Gives everything in a filter in a fixed order, and takes back what ingest does not."""

    def __init__(self, pool: Pool, patterns: PatternIds) -> None:
        self._pool = pool
        self._patterns = patterns

    async def stretches(
        self, section: str, wanted: Filter, after: list[Any] | None
    ) -> AsyncIterator[Stretch]:
        """A section's records from a place on; no stretch holds more than 8 MiB and one record.

        Only rows that are there when their stretch is read are given: one that arrives late,
        with a time already passed, is not.
        """
        part = _SECTIONS[section]
        if not part.paged:
            rows = await self._pool.run(part.statement, **columns(wanted))
            yield Stretch([part.record(row) for row in rows], None)
            return
        limit = _ROWS
        while True:
            rows, cut = await self._read(section, wanted, after, limit)
            if rows:
                after = _place(section, rows[-1])
                yield Stretch([part.record(row) for row in rows], after)
            if len(rows) < limit and not cut:
                return
            # Of a stretch that was cut the rest was sent in vain: ask for less, then more again.
            limit = len(rows) if cut else min(_ROWS, 2 * limit)

    async def _read(
        self, section: str, wanted: Filter, after: list[Any] | None, limit: int
    ) -> tuple[list[Row], bool]:
        """Rows, and whether there would have been more but for their size."""
        given = columns(wanted) | _place_arguments(section, after)
        if section == "events":
            given |= {_key_for(wanted): True}

        async def work(connection: Connection) -> tuple[list[Row], bool]:
            rows: list[Row] = []
            size = 0
            found = connection.stream(
                _SECTIONS[section].statement, **given, limit=limit, seconds=_SECONDS
            )
            async with aclosing(found):
                async for row in found:
                    rows.append(row)
                    size += sum(len(value) for value in row if isinstance(value, str))
                    if size > _BYTES:
                        return rows, True
            return rows, False

        return await self._pool.retried(work, transaction=False, seconds=_SECONDS)

    async def merge_patterns(self, records: Sequence[PatternRecord]) -> None:
        """Let patterns be known from their first time elsewhere, without an event here."""
        ids = await self._patterns.of(records)
        rows = [
            (ids[r.pattern_key], r.pattern_key, VERSION, *_values(r, _PATTERN)) for r in records
        ]
        await self._merge("merge_patterns", sorted(rows))

    async def merge_hosts(self, records: Sequence[HostRecord], now: datetime) -> None:
        """Remember when hosts were last heard elsewhere."""
        await self._merge("touch_hosts", [(r.host, min(r.last_event, now), now) for r in records])

    async def merge_shippers(self, records: Sequence[ShipperRecord]) -> None:
        """Keep shippers' words that are newer than what is known of them."""
        await self._merge("merge_shippers", [_values(r, _SHIPPER) for r in records])

    async def merge_gaps(self, gaps: Sequence[Gap]) -> None:
        """Keep known gaps."""
        await self._merge("add_gaps", [_values(gap, _GAP) for gap in gaps])

    async def _merge(self, name: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            await self._pool.run(name, rows=rows_of(rows))

    async def imported_line(self, export_id: bytes) -> int:
        """The line up to which an interrupted import of an export has come, 0 without one."""
        rows = await self._pool.run("import_line", export_id=export_id)
        return int(rows[0][0]) if rows else 0

    async def put_imported_line(self, export_id: bytes, line: int | None) -> None:
        """Remember how far an import has come; None when it is complete."""
        if line is None:
            await self._pool.run("forget_import", export_id=export_id)
        else:
            await self._pool.run("put_import_line", export_id=export_id, line=line)


def _key_for(wanted: Filter) -> str:
    """The key to walk; only one that is in order of time under the filter will do."""
    if len(wanted.services) == 1:
        return "by_service"
    return "by_host" if wanted.host is not None else "by_time"


def _place(section: str, row: Row) -> list[Any]:
    return [row[1], row[0]] if section == "events" else [row[0]]


def _place_arguments(section: str, after: list[Any] | None) -> dict[str, Any]:
    if after is None:
        return {"after_id": None, "after_time": None}
    moment = datetime.fromisoformat(after[0]) if section == "events" else None
    return {"after_time": moment, "after_id": int(after[-1])}


_EVENT = (
    "timestamp", "level", "service", "host", "source", "message", "trace_id", "span_id",
    "event_type", "error_code", "meta_json", "uid",
)  # fmt: skip
_POINT = ("timestamp", "name", "value", "unit", "service", "host", "labels")
_PATTERN = ("service", "pattern", "first_seen", "last_seen")
_HOST = ("host", "last_event")
_SHIPPER = (
    "host", "source", "heard_at", "position", "lag_seconds", "hours_left", "sent", "retried",
    "dead",
)  # fmt: skip
_GAP = ("host", "source", "start", "end", "missing")


def _event(row: Row) -> Record:
    record = {name: value for name, value in zip(_EVENT, row[1:], strict=True) if value is not None}
    if row[11] is not None:
        record["meta_json"] = _json(row[11])
    return record


def _point(row: Row) -> Record:
    record = dict(zip(_POINT, row[1:], strict=True))
    return {"kind": "point", **record, "labels": _json(row[7])}


def _values(record: object, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in names)


def _json(text: str) -> Any:
    """JSON of the store as it stands, unless somebody else has broken it into lines."""
    return orjson.Fragment(text) if "\n" not in text else orjson.loads(text)


def _named(kind: str, names: tuple[str, ...], begin: int) -> Callable[[Row], Record]:
    return lambda row: {"kind": kind, **dict(zip(names, row[begin:], strict=True))}


@dataclass(frozen=True, slots=True)
class _Section:
    """How a section's rows are found and written. One that is not paged fits one stretch."""

    statement: str
    record: Callable[[Row], Record]
    paged: bool = False


_SECTIONS = {
    "events": _Section(statement="export_events", record=_event, paged=True),
    "points": _Section(statement="export_points", record=_point, paged=True),
    "patterns": _Section(
        statement="export_patterns", record=_named("pattern", _PATTERN, 1), paged=True
    ),
    "hosts": _Section(statement="export_hosts", record=_named("host", _HOST, 0)),
    "shippers": _Section(statement="export_shippers", record=_named("shipper", _SHIPPER, 0)),
    "gaps": _Section(statement="export_gaps", record=_named("gap", _GAP, 0)),
}

SECTIONS = tuple(_SECTIONS)
"""What an archive holds, in this order."""
