"""OTLP metric data as our points.

https://opentelemetry.io/docs/specs/otel/metrics/data-model/ ; a gauge or a sum is one point. Of a
histogram or a summary the parts become points, named as Prometheus names them: NAME_count,
NAME_sum, NAME_min, NAME_max, NAME_bucket with the label `le` (counts up to and with that bound),
NAME with the label `quantile`. A point's labels are its attributes, those of the resource but for
service.name and host.name, and the scope's as `otel.scope.…`; of what counts since the last report
instead of since the start, `otel.temporality` is `delta`.

What has no place in a point is not stored, and the answer says so: the buckets of exponential
histograms, exemplars. A metric's description, its start times and whether a sum may fall are not
kept, as they are with Prometheus' samples.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, islice
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from server.otlp_values import Budget, Origin, attributes, moment, origin_of
from tools.ingest_metrics import MAX_LABELS

_DELTA = 1
_NO_VALUE = 1
"""The flag of a data point that says there is no value."""

Labels = dict[str, Any]


class Part(NamedTuple):
    """What one data point gives for one point. A count has no unit."""

    suffix: str
    value: float | int | None
    labels: Mapping[str, str] = MappingProxyType({})
    is_count: bool = False


@dataclass
class Points:
    """The points of a request, and for each the number of the data point it is part of."""

    points: list[dict[str, Any]] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    data_points: int = 0
    not_kept: Counter[str] = field(default_factory=Counter)
    """What has no place in points, and how many there were."""
    budget: Budget = field(default_factory=Budget)


def points(request: Any) -> Points:
    """The data of an ExportMetricsServiceRequest, in its order. Raises TooLarge."""
    found = Points()
    for of_resource in request.resource_metrics:
        origin = origin_of(of_resource.resource)
        for of_scope in of_resource.scope_metrics:
            shared = _labels(origin.rest) | _scope(of_scope.scope)
            for metric in of_scope.metrics:
                _add(metric, origin, shared, found)
    return found


def _scope(scope: Any) -> Labels:
    said = {"name": scope.name, "version": scope.version, **attributes(scope.attributes)}
    return _labels({f"otel.scope.{key}": value for key, value in said.items() if value != ""})


def _labels(said: dict[str, Any]) -> Labels:
    # One more than a point may have gets it refused; all would be copied for each of its parts.
    return {key: _label(value) for key, value in islice(said.items(), MAX_LABELS + 1)}


def _label(value: Any) -> str | int | float | bool:
    if isinstance(value, str | int | float | bool):
        return value
    return "" if value is None else orjson.dumps(value).decode()


def _add(metric: Any, origin: Origin, shared: Labels, found: Points) -> None:
    kind = metric.WhichOneof("data")
    if kind not in _PARTS:
        found.not_kept["metrics without data of a known kind"] += 1
        return
    data = getattr(metric, kind)
    if getattr(data, "aggregation_temporality", 0) == _DELTA:
        shared = shared | {"otel.temporality": "delta"}
    for point in data.data_points:
        number, found.data_points = found.data_points, found.data_points + 1
        found.not_kept.update(_without_place(kind, point))
        if point.flags & _NO_VALUE:
            continue
        own = shared | _labels(attributes(point.attributes))
        size = len(metric.name) + sum(len(key) + len(str(value)) for key, value in own.items())
        for part in _PARTS[kind](point):
            found.budget.take(size)
            found.owners.append(number)
            found.points.append(
                {
                    "name": metric.name + part.suffix,
                    "value": part.value,
                    "timestamp": moment(point.time_unix_nano),
                    "unit": "" if part.is_count else metric.unit,
                    "service": origin.service or "unknown",
                    "host": origin.host,
                    "labels": {**own, **part.labels},
                }
            )


def _without_place(kind: str, point: Any) -> dict[str, int]:
    return {
        "exemplars": len(getattr(point, "exemplars", ())),
        "marks that a value is missing": point.flags & _NO_VALUE,
        "buckets of exponential histograms": int(kind == "exponential_histogram"),
    }


def _of_number(point: Any) -> Iterator[Part]:
    kind = point.WhichOneof("value")
    yield Part("", getattr(point, kind) if kind else None)


def _of_distribution(point: Any) -> Iterator[Part]:
    yield Part("_count", point.count, is_count=True)
    for name in ("sum", "min", "max"):
        if point.HasField(name):
            yield Part(f"_{name}", getattr(point, name))


def _of_histogram(point: Any) -> Iterator[Part]:
    yield from _of_distribution(point)
    bounds = [*map(_bound, point.explicit_bounds), "+Inf"]
    # Without bounds there is one bucket, or none, and the count has said it.
    sums: Iterable[int] = accumulate(point.bucket_counts) if len(bounds) > 1 else ()
    for bound, count in zip(bounds, sums, strict=False):
        yield Part("_bucket", count, {"le": bound}, is_count=True)


def _of_summary(point: Any) -> Iterator[Part]:
    yield Part("_count", point.count, is_count=True)
    yield Part("_sum", point.sum)
    for one in point.quantile_values:
        yield Part("", one.value, {"quantile": _bound(one.quantile)})


def _bound(number: float) -> str:
    return f"{number:g}"


_PARTS: dict[str | None, Callable[[Any], Iterator[Part]]] = {
    "gauge": _of_number,
    "sum": _of_number,
    "histogram": _of_histogram,
    "exponential_histogram": _of_distribution,
    "summary": _of_summary,
}
