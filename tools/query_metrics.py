"""query_metrics: the points of a metric, or one value an interval."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from tools.answers import moment_text, range_text, within_budget
from tools.filters import Scope, range_of, resolve
from tools.plain import one_line
from tools.ports import Deps, Filter, MetricFilter
from tools.records import Moment, Range, from_json_text
from tools.timespan import parse_interval
from tools.tool import Tool

_WHOLE = 300 * 366 * 86_400
"""Seconds of a bucket that holds every moment a point may have: one value for the whole range."""


class QueryMetrics(Scope):
    """Which metric, where, when, and how to sum it up."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    labels: Annotated[dict[str, str], BeforeValidator(from_json_text)] = Field(
        {}, max_length=20, description="Labels that must be equal."
    )
    interval: Annotated[str, Field(min_length=2, max_length=10)] | None = Field(
        None, description="Bucket width such as 1m, 5m, 1h, 1d."
    )
    aggregate: Literal["avg", "min", "max", "sum", "last", "count"] = "avg"
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class Point(BaseModel):
    """A point, or one interval's value: then `timestamp` is the interval's start."""

    timestamp: Moment
    value: float
    unit: str
    service: str | None = None
    host: str | None = None
    labels: dict[str, str] | None = None
    count: int | None = Field(None, description="Points in the interval.")


class MetricPage(BaseModel):
    """Points, newest first."""

    name: str
    points: list[Point]
    range: Range
    complete: bool
    hint: str | None = None


async def query_metrics(asked: QueryMetrics, deps: Deps) -> MetricPage:
    """The newest points in the range; buckets with an interval, with an aggregate alone one value.

    Raises:
        BadArguments: for a bad time or interval.
    """
    scope = resolve(asked, deps)
    wanted = MetricFilter(
        name=asked.name,
        start=scope.start,
        end=scope.end,
        services=scope.services,
        host=scope.host,
        labels=tuple(sorted(asked.labels.items())),
    )
    if asked.interval:
        seconds = parse_interval(asked.interval)
        rows = await deps.store.buckets(wanted, seconds, asked.aggregate, asked.limit + 1)
    elif "aggregate" in asked.model_fields_set:
        rows = await deps.store.buckets(wanted, _WHOLE, asked.aggregate, 1)
        rows = [row | {"timestamp": wanted.start or row["timestamp"]} for row in rows]
    else:
        rows = await deps.store.points(wanted, asked.limit + 1)
    points = [Point.model_validate(row) for row in rows[: asked.limit]]
    points = points[: within_budget(map(point_line, points), deps.caller)]
    complete = len(points) == len(rows)
    return MetricPage(
        name=asked.name,
        points=points,
        range=range_of(scope, deps),
        complete=complete,
        hint=await _hint(points, complete, asked, deps) or await _dropped(scope, deps),
    )


async def _dropped(scope: Filter, deps: Deps) -> str | None:
    """That the range reaches further back than what is kept, if so."""
    since = await deps.store.kept_since()
    if since is None or (scope.start and scope.start >= since):
        return None
    return f"points before {moment_text(since)} UTC were dropped by the retention"


async def _hint(points: list[Point], complete: bool, asked: QueryMetrics, deps: Deps) -> str | None:
    if not complete:
        oldest = moment_text(points[-1].timestamp)
        return f"more before {oldest} UTC: set end_time, a wider interval or a higher limit"
    if points:
        return None
    known = (await deps.store.catalogue()).metrics
    if asked.name not in known:
        names = ", ".join(one_line(name, 60) for name in known[:30])
        return f"No metric named {asked.name!r}. Known: {names or 'none yet'}"
    return "Nothing matches. Widen the time range or drop a filter."


def point_line(point: Point) -> str:
    """One point as a line: time, value, unit, place."""
    place = " ".join(one_line(part, 60) for part in (point.host, point.service) if part)
    number = f" ({point.count} points)" if point.count is not None else ""
    unit = f" {one_line(point.unit, 20)}" if point.unit else ""
    return f"{moment_text(point.timestamp)} {point.value:g}{unit} {place}{number}".rstrip()


def metric_lines(page: MetricPage) -> list[str]:
    """The page as text: one line a point."""
    lines = [f"{len(page.points)} points of {one_line(page.name, 80)}, {range_text(page.range)}"]
    lines.extend(map(point_line, page.points))
    return [*lines, page.hint] if page.hint else lines


QUERY_METRICS = Tool(
    name="query_metrics",
    title="Query metrics",
    purpose="Read a metric's points, or one aggregated value for each interval, newest first.",
    takes=QueryMetrics,
    gives=MetricPage,
    run=query_metrics,
    lines=metric_lines,
)
