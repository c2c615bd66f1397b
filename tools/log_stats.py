"""log_stats: exact counts by a column, or a timeline, without reading rows."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from tools.answers import (
    PATTERN_CHARS,
    coverage_lines,
    coverage_of,
    fitting,
    moment_text,
    raised,
    range_text,
    shown_pattern,
    whole_steps,
)
from tools.empty import empty_hint
from tools.filters import LogFilter, range_of, resolve
from tools.plain import one_line
from tools.ports import Deps, StatRow
from tools.records import Coverage, Moment, Range, utc_text
from tools.timespan import parse_interval
from tools.tool import Tool

Column = Literal["service", "host", "level", "source", "event_type", "error_code", "pattern"]


class LogStats(LogFilter):
    """The filter of query_logs, and what to count by."""

    group_by: Column | None = Field(None, description="Column.")
    interval: Annotated[str, Field(min_length=2, max_length=10)] | None = Field(
        None, description="Timeline: 5m, 1h, 1d."
    )
    limit: Annotated[int, Field(ge=1, le=1000)] = Field(50, description="Rows.")


class Group(BaseModel):
    """The number of events of one name, or of one interval, or of both."""

    name: str | None = Field(None, description="Null: the events have no value in that column.")
    start: Moment | None = Field(None, description="Start of the interval.")
    count: int


class StatsPage(BaseModel):
    """Counts: the largest first, or the latest interval first."""

    groups: list[Group]
    group_by: str | None
    interval: str | None
    range: Range
    total: int | None = Field(description="Exact number of matching events.")
    complete: bool
    hint: str | None = None
    coverage: Coverage


async def log_stats(asked: LogStats, deps: Deps) -> StatsPage:
    """Exact counts; intervals without events are left out.

    Raises:
        BadArguments: for a bad time or interval.
    """
    wanted = resolve(asked, deps)
    width = parse_interval(asked.interval) if asked.interval else None
    rows: list[StatRow] = []
    if asked.group_by or width:
        rows = await deps.store.count_by(wanted, asked.group_by, width, asked.limit + 1)
    groups = await _named(rows[: asked.limit], asked.group_by, deps)
    if rows and len(rows) <= asked.limit:
        total: int | None = sum(row.count for row in rows)
    else:
        total = await deps.store.count_events(wanted)
    hint = await empty_hint(wanted, deps) if total == 0 else None
    coverage = await coverage_of(wanted, deps)

    def built(count: int) -> StatsPage:
        if width:
            count = whole_steps([row.start for row in rows], count)
        return StatsPage(
            groups=groups[:count],
            group_by=asked.group_by,
            interval=asked.interval,
            range=range_of(wanted, deps),
            total=total,
            complete=count == len(rows),
            hint=hint or _left_out(rows, count, deps),
            coverage=coverage,
        )

    return fitting(built, len(groups), stats_lines, deps.caller)


def _left_out(rows: list[StatRow], count: int, deps: Deps) -> str | None:
    """That there is more, and how to go on: a timeline before its earliest interval, if it has
    room for the whole of that.
    """
    if count == len(rows):
        return None
    last, following = rows[count - 1], rows[count]
    if last.start is None or last.start == following.start:
        of_all = last.start is None
        most = f", none over {following.count:,}" if of_all else " of the interval, or before it"
        return f"more groups{most}: narrow the filter, or {raised(deps.caller)}"
    return f"more intervals before: set end_time={utc_text(last.start)}, or widen the interval"


async def _named(rows: list[StatRow], column: str | None, deps: Deps) -> list[Group]:
    """The rows as groups; a pattern is named by its service and text."""
    names = {row.name: row.name for row in rows}
    if column == "pattern":
        texts = await deps.store.pattern_texts([int(name) for name in names if name])
        names = {
            str(key): shown_pattern(f"{found[0]}: {found[1]}", deps.caller)
            for key, found in texts.items()
        }
    return [Group(name=names.get(row.name), start=row.start, count=row.count) for row in rows]


def group_line(group: Group) -> str:
    """One group as a line."""
    when = f"{moment_text(group.start)} " if group.start else ""
    name = one_line(group.name, PATTERN_CHARS) if group.name is not None else ""
    return f"{when}{group.count} {name}".rstrip()


def stats_lines(page: StatsPage) -> list[str]:
    """The page as text: the total, then a line a group."""
    total = "an uncounted number of" if page.total is None else str(page.total)
    by = "".join(
        f" {word} {value}"
        for word, value in (("by", page.group_by), ("each", page.interval))
        if value
    )
    lines = [f"{total} events{by}, {range_text(page.range)}", *map(group_line, page.groups)]
    if page.hint:
        lines.append(page.hint)
    return lines + coverage_lines(page.coverage)


LOG_STATS = Tool(
    name="log_stats",
    title="Count logs",
    purpose=(
        "Count events exactly, by a column and/or as a timeline: how many, which most. "
        "The rows themselves: query_logs."
    ),
    takes=LogStats,
    gives=StatsPage,
    run=log_stats,
    lines=stats_lines,
)
