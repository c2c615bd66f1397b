"""query_logs: the events that match a filter, newest first, page by page."""

import asyncio
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from tools.answers import (
    coverage_lines,
    empty_hint,
    event_line,
    range_text,
    shown_to,
    within_budget,
)
from tools.cursor import Cursor, read_cursor, write_cursor
from tools.errors import BadArguments
from tools.filters import LogFilter, range_of, resolve
from tools.ports import Deps, Filter, Page
from tools.records import Coverage, Event, Range
from tools.tool import Tool

_FOLD_SCAN = 2_000
"""Rows read at most to fill one folded page."""

Scope = tuple[datetime | None, datetime | None, int | None]
"""What a first page found for all: the range's ends, and the total."""


class QueryLogs(LogFilter):
    """The filter, and which part of its result to give."""

    order: Literal["newest", "oldest"] = "newest"
    fold: bool = Field(False, description="Fold neighbouring repeats, with counts.")
    limit: Annotated[int, Field(ge=1, le=1000)] = 20
    cursor: Annotated[str, Field(min_length=1, max_length=500)] | None = Field(
        None, description="next_cursor or previous_cursor of a page."
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
    found, total, coverage = await asyncio.gather(
        deps.store.find_events(wanted, replace(page, limit=_FOLD_SCAN) if asked.fold else page),
        _total(wanted, cursor, deps),
        deps.store.coverage(wanted),
    )
    rows = (_folded if asked.fold else _plain)(found)[: asked.limit]
    rows = rows[: within_budget((event_line(event) for event, _ in rows), deps.caller)]
    last = rows[-1][1] if rows else 0
    left = last < len(found) or (asked.fold and len(found) == _FOLD_SCAN)
    # In the order in which they were read: from the place of the cursor away from it.
    scope = (wanted.start, wanted.end, total)
    ahead = _beside(found[last - 1][0], scope, asked, back) if left else None
    behind = (cursor is not None or asked.offset > 0) and bool(found)
    came_from = _beside(found[0][0], scope, asked, not back) if behind else None
    events = [shown_to(event, deps.caller) for event, _ in rows]
    return LogPage(
        events=events[::-1] if back else events,
        range=range_of(wanted, deps),
        total=total,
        complete=not left and cursor is None and not asked.offset,
        next_cursor=came_from if back else ahead,
        previous_cursor=ahead if back else came_from,
        hint=await empty_hint(wanted, deps) if not found and cursor is None else None,
        coverage=coverage,
    )


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


def _plain(found: list[tuple[Event, int]]) -> list[tuple[Event, int]]:
    """The events, each with the number of rows used up to and with it."""
    return [(event, used) for used, (event, _) in enumerate(found, 1)]


def _folded(found: list[tuple[Event, int]]) -> list[tuple[Event, int]]:
    """Runs of one pattern, host and level as one event with a count; rows used up as above."""
    folded: list[tuple[Event, int]] = []
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
    if page.hint:
        lines.append(page.hint)
    return lines + coverage_lines(page.coverage)


QUERY_LOGS = Tool(
    name="query_logs",
    title="Query logs",
    purpose=(
        "Find log events by exact filters: service, host, level, time, text. Newest first, with "
        "exact totals. For likeness in meaning, use similar_logs."
    ),
    takes=QueryLogs,
    gives=LogPage,
    run=query_logs,
    lines=page_lines,
    rest_only=frozenset({"offset"}),
)
