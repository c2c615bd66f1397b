"""query_logs: the events that match a filter, newest first, page by page."""

import asyncio
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from tools.answers import (
    coverage_lines,
    coverage_of,
    event_line,
    fitting,
    range_text,
    shown_to,
)
from tools.cursor import Cursor, read_cursor, write_cursor
from tools.empty import empty_hint
from tools.errors import BadArguments
from tools.filters import LogFilter, range_of, resolve
from tools.ports import Deps, Filter, Page
from tools.records import Coverage, Event, Range
from tools.tool import Tool

_FOLD_SCAN = 2_000
"""Rows read at a time to fill a folded page."""

_FOLD_MOST = 20_000
"""Rows that one folded page stands for at most; the next page goes on behind them."""

Scope = tuple[datetime | None, datetime | None, int | None]
"""What a first page found for all: the range's ends, and the total."""


class QueryLogs(LogFilter):
    """The filter, and which part of its result to give."""

    order: Literal["newest", "oldest"] = Field("newest", description="Which first.")
    fold: bool = Field(False, description="Repeats as one, counted.")
    limit: Annotated[int, Field(ge=1, le=1000)] = Field(20, description="Rows.")
    cursor: Annotated[str, Field(min_length=1, max_length=500)] | None = Field(
        None, description="Of a page before."
    )
    offset: Annotated[int, Field(ge=0, le=100_000)] = 0


class LogPage(BaseModel):
    """A page of events, how many there are in all, and how to go on."""

    events: list[Event]
    range: Range
    total: int | None = Field(
        description="Exact number of matches, as of the first page; null: not counted in time."
    )
    complete: bool = Field(description="True when nothing is left out.")
    next_cursor: str | None = None
    previous_cursor: str | None = None
    hint: str | None = None
    coverage: Coverage


async def query_logs(asked: QueryLogs, deps: Deps) -> LogPage:
    """The page asked for, with exact totals and coverage.

    Raises:
        BadArguments: for a bad time or cursor.
    """
    wanted, cursor = _position(asked, deps)
    back = cursor is not None and cursor.back
    newest_first = (asked.order == "newest") is not back
    page = Page(asked.limit + 1, newest_first, cursor.row if cursor else None, asked.offset)
    (found, more), total = await asyncio.gather(
        _found(wanted, page, asked, deps), _total(wanted, cursor, deps)
    )
    coverage = await coverage_of(wanted, deps)  # afterwards: days may be dropped meanwhile
    rows = (_folded if asked.fold else _plain)(found)[: asked.limit]
    shown = [shown_to(event, deps.caller) for event, _ in rows]
    scope = (wanted.start, wanted.end, total)
    behind = (cursor is not None or asked.offset > 0) and bool(found)
    came_from = _beside(found[0][0], scope, asked, not back) if behind else None
    empty = not found and cursor is None and not asked.offset
    hint = await empty_hint(wanted, deps) if empty else None

    def built(count: int) -> LogPage:
        last = rows[count - 1][1] if count else 0
        left = more or last < len(found)
        # In the order in which they were read: from the place of the cursor away from it.
        ahead = _beside(found[last - 1][0], scope, asked, back) if left else None
        return LogPage(
            events=shown[:count][::-1] if back else shown[:count],
            range=range_of(wanted, deps),
            total=total,
            complete=not left and cursor is None and not asked.offset,
            next_cursor=came_from if back else ahead,
            previous_cursor=ahead if back else came_from,
            hint=hint,
            coverage=coverage,
        )

    return fitting(built, len(rows), page_lines, deps.caller)


Found = list[tuple[Event, int]]


async def _found(wanted: Filter, page: Page, asked: QueryLogs, deps: Deps) -> tuple[Found, bool]:
    """Rows to fill the page with, and whether there are more behind those.

    What folds is read on until the page is full, so that a long run of repeats is one row.
    """
    if not asked.fold:
        return await deps.store.find_events(wanted, page), False
    found: Found = []
    part = replace(page, limit=_FOLD_SCAN)
    while len(found) < _FOLD_MOST and len(_folded(found)) <= asked.limit:
        rows = await deps.store.find_events(wanted, part)
        found += rows
        if len(rows) < _FOLD_SCAN:
            return found, False
        part = replace(part, after=(rows[-1][0].timestamp, rows[-1][0].id), offset=0)
    return found, True


def _position(asked: QueryLogs, deps: Deps) -> tuple[Filter, Cursor | None]:
    """The filter and where to start; a cursor brings the range that its first page resolved."""
    wanted = resolve(asked, deps)
    if asked.cursor is None:
        return wanted, None
    if asked.offset:
        raise BadArguments.one("offset", "cannot be combined with cursor", asked.offset)
    cursor = read_cursor(asked.cursor, _question(asked))
    return replace(wanted, start=cursor.start, end=cursor.end), cursor


async def _total(wanted: Filter, cursor: Cursor | None, deps: Deps) -> int | None:
    return await deps.store.count_events(wanted) if cursor is None else cursor.total


def _question(asked: QueryLogs) -> str:
    return asked.model_dump_json(exclude={"cursor", "limit", "offset"})


def _beside(event: Event, scope: Scope, asked: QueryLogs, back: bool) -> str:
    cursor = Cursor((event.timestamp, event.id), *scope, back)
    return write_cursor(cursor, _question(asked))


def _plain(found: Found) -> Found:
    """The events, each with the number of rows used up to and with it."""
    return [(event, used) for used, (event, _) in enumerate(found, 1)]


def _folded(found: Found) -> Found:
    """Runs of one pattern, host and level as one event with a count; rows used up as above."""
    folded: Found = []
    used = 0
    for _, run in groupby(found, lambda row: (row[1], row[0].host, row[0].service, row[0].level)):
        rows = [event for event, _ in run]
        used += len(rows)
        folded.append((rows[0].model_copy(update={"count": len(rows)}), used))
    return folded


def page_lines(page: LogPage) -> list[str]:
    """The page as text: a head that says how complete it is, one line an event, coverage."""
    total = "an uncounted number of" if page.total is None else str(page.total)
    head = f"{len(page.events)} of {total} events, {range_text(page.range)}"
    lines = [head, *(event_line(event) for event in page.events)]
    if page.next_cursor:
        lines.append(f"more: pass cursor={page.next_cursor} with the same filter, or narrow it")
    if page.previous_cursor:
        lines.append(f"back: pass cursor={page.previous_cursor}")
    if page.hint:
        lines.append(page.hint)
    return lines + coverage_lines(page.coverage)


QUERY_LOGS = Tool(
    name="query_logs",
    title="Query logs",
    purpose=(
        "Find log events by exact filters: service, host, level, time, text; with exact totals. "
        "By likeness in meaning: similar_logs."
    ),
    takes=QueryLogs,
    gives=LogPage,
    run=query_logs,
    lines=page_lines,
    rest_only=frozenset({"offset"}),
)
