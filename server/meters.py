"""What /metrics tells, in Prometheus' words: counts of this process, and the state of its parts.

https://prometheus.io/docs/practices/naming/ ; labels have few values each, never a path or a name
from outside.
"""

import platform
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from prometheus_client import (
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics import Counter, Histogram
from prometheus_client.registry import Collector, CollectorRegistry

from server.version import VERSION
from tools.records import Receipt

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_OUTCOMES = ("accepted", "duplicate", "rejected")

Gauge = tuple[str, str, float]
"""Name without our prefix, what it is, and its value."""


class RequestSeen(NamedTuple):
    """One answered request. `route` is its template, None when no route is concerned."""

    method: str
    route: str | None
    status: int
    seconds: float


class Meters:
    """Counts of one server process, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._requests = Counter(
            "devmesh_http_requests",
            "HTTP requests answered.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._durations = Histogram(
            "devmesh_http_request_duration_seconds",
            "From the first byte of a request to the last of its answer.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._records = Counter(
            "devmesh_ingested_records",
            "Events and points of committed batches, over REST and OTLP.",
            ("door", "kind", "outcome"),
            registry=self._registry,
        )
        self._questions = Counter(
            "devmesh_questions",
            "Questions put to the agent over HTTP.",
            ("outcome",),
            registry=self._registry,
        )

    def answered(self, seen: RequestSeen) -> None:
        """Count a request."""
        method = seen.method if seen.method in _METHODS else "other"
        route = seen.route or "none"
        self._requests.labels(method, route, str(seen.status)).inc()
        self._durations.labels(method, route).observe(seen.seconds)

    def ingested(self, door: str, kind: str, receipt: Receipt) -> None:
        """Count the records of a batch; `kind` is events or points."""
        if receipt.dry_run:
            return
        rejected = len(receipt.rejected) + receipt.more_rejected
        counts = (receipt.accepted, receipt.duplicates, rejected)
        for outcome, count in zip(_OUTCOMES, counts, strict=True):
            self._records.labels(door, kind, outcome).inc(count)

    def questioned(self, outcome: str) -> None:
        """Count a question that had its turn: answered, failed, or abandoned by its client."""
        self._questions.labels(outcome).inc()

    def exposition(self, gauges: Iterable[Gauge]) -> bytes:
        """Everything in Prometheus' text format, with `gauges` as they are now."""
        now = CollectorRegistry()
        now.register(_Now(list(gauges)))
        return generate_latest(self._registry) + generate_latest(now)


class _Now(Collector):
    """Gauges whose values are known at the moment of asking."""

    def __init__(self, gauges: list[Gauge]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterator[Any]:
        """See prometheus_client."""
        build = {"version": VERSION, "python": platform.python_version()}
        yield InfoMetricFamily("devmesh_build", "This server.", build)
        for name, meaning, value in self._gauges:
            yield GaugeMetricFamily(f"devmesh_{name}", meaning, value)
