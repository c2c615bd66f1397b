"""query_metrics: the points of a metric, or one value an interval."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from tools.answers import fitting, moment_text, raised, range_text, some, whole_steps
from tools.filters import Scope, range_of, resolve
from tools.plain import one_line
from tools.ports import Deps, Filter, MetricFilter
from tools.records import Moment, Range, from_json_text, utc_text
from tools.timespan import parse_interval
from tools.tool import Tool

_WHOLE = 300 * 366 * 86_400
"""Seconds of a bucket that holds every moment a point may have: one value for the whole range."""


_LABELS, _LABEL_CHARS = 10, 40
"""How many labels a page for models has of a point, and how much of each."""


class QueryMetrics(Scope):
    """Which metric, where, when, and how to sum it up."""

    name: Annotated[str, Field(min_length=1, max_length=255)] = Field(description="Metric.")
    labels: Annotated[dict[str, str], BeforeValidator(from_json_text)] = Field(
        {}, max_length=20, description="Must be equal."
    )
    interval: Annotated[str, Field(min_length=2, max_length=10)] | None = Field(
        None, description="Buckets of 5m, 1h, 1d."
    )
    aggregate: Literal["avg", "min", "max", "sum", "last", "count"] = Field(
        "avg", description="Of each bucket."
    )
    limit: Annotated[int, Field(ge=1, le=1000)] = Field(100, description="Rows.")


class Point(BaseModel):
    """A point, or one interval's value: then `timestamp` is the interval's start."""

    timestamp: Moment
    value: float
    unit: str
    service: str | None = None
    host: str | None = None
    labels: dict[str, str] | None = None
    more_labels: int = Field(
        0, description="Labels that are not listed.", exclude_if=lambda count: count == 0
    )
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
    points = [_shown(Point.model_validate(row), deps) for row in rows]
    moments = [point.timestamp for point in points]
    hint = await _nothing(points, asked, deps) or await _dropped(scope, deps)

    def built(count: int) -> MetricPage:
        count = whole_steps(moments, count)
        return MetricPage(
            name=asked.name,
            points=points[:count],
            range=range_of(scope, deps),
            complete=count == len(points),
            hint=_go_on(moments, count, deps) or hint,
        )

    return fitting(built, min(len(points), asked.limit), metric_lines, deps.caller)


def _shown(point: Point, deps: Deps) -> Point:
    """The point as this caller may see it: for models a few labels, and those not long."""
    if deps.caller.max_chars is None or not point.labels:
        return point
    few = dict(sorted(point.labels.items())[:_LABELS])
    labels = {
        one_line(key, _LABEL_CHARS): one_line(value, _LABEL_CHARS) for key, value in few.items()
    }
    more = len(point.labels) - len(labels)
    return point.model_copy(update={"labels": labels, "more_labels": more})


def _go_on(moments: list[datetime], count: int, deps: Deps) -> str | None:
    """That there is more, and how to read it."""
    if count == len(moments):
        return None
    if moments[count - 1] == moments[count]:
        return f"more at the same time: choose service, host or labels, or {raised(deps.caller)}"
    return f"more before: set end_time={utc_text(moments[count - 1])}, or a wider interval"


async def _dropped(scope: Filter, deps: Deps) -> str | None:
    """That the range reaches further back than what is kept, if so."""
    since = await deps.store.kept_since()
    if since is None or (scope.start and scope.start >= since):
        return None
    return f"points before {moment_text(since)} UTC were dropped by the retention"


async def _nothing(points: list[Point], asked: QueryMetrics, deps: Deps) -> str | None:
    if points:
        return None
    known = (await deps.store.catalogue()).metrics
    if asked.name not in known:
        return f"No metric named {one_line(asked.name, 100)!r}. Known: {some(known)}"
    return "Nothing matches. Widen the time range or drop a filter."


def point_line(point: Point) -> str:
    """One point as a line: time, value, unit, place."""
    place = " ".join(one_line(part, 60) for part in (point.host, point.service) if part)
    number = f" ({point.count} points)" if point.count is not None else ""
    unit = f" {one_line(point.unit, 20)}" if point.unit else ""
    pairs = [
        f"{one_line(key, _LABEL_CHARS)}={one_line(value, _LABEL_CHARS)}"
        for key, value in (point.labels or {}).items()
    ]
    more = [f"{point.more_labels} more"] if point.more_labels else []
    labels = f" {{{', '.join([*pairs, *more])}}}" if pairs else ""
    head = f"{moment_text(point.timestamp)} {point.value:.12g}{unit} {place}"
    return f"{head}{labels}{number}".rstrip()


def metric_lines(page: MetricPage) -> list[str]:
    """The page as text: one line a point."""
    lines = [f"{len(page.points)} points of {one_line(page.name, 80)}, {range_text(page.range)}"]
    lines.extend(map(point_line, page.points))
    return [*lines, page.hint] if page.hint else lines


QUERY_METRICS = Tool(
    name="query_metrics",
    title="Query metrics",
    purpose="Read a metric's points, or one value for each interval, newest first.",
    takes=QueryMetrics,
    gives=MetricPage,
    run=query_metrics,
    lines=metric_lines,
)
