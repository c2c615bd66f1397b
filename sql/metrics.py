"""Metric points in and out of the store."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import orjson

from sql.events_out import READ_SECONDS, aware
from sql.literals import rows_of
from sql.partitions import METRICS, Partitions
from sql.pool import Connection, Pool
from tools.ports import MetricFilter, ReadyPoint


class Metrics:
    """Takes and gives metric points. `now` gives the moment of arrival."""

    def __init__(
        self, pool: Pool, reads: Pool, now: Callable[[], datetime], partitions: Partitions
    ) -> None:
        self._pool = pool
        self._reads = reads
        self._now = now
        self._partitions = partitions

    async def add(self, points: Sequence[ReadyPoint]) -> int:
        """Commit the points that are new; their number. Safe to repeat."""
        days = {point.timestamp.date() for point in points}
        await self._partitions.ensure(METRICS, days, self._now().date())

        async def work(connection: Connection) -> int:
            rows = rows_of(
                [
                    (p.timestamp, p.name, p.value, p.unit, p.service, p.host, p.labels, p.uid)
                    for p in points
                ]
            )
            return len(await connection.run("add_points", rows=rows))

        return await self._pool.retried(work)

    async def points(self, wanted: MetricFilter, limit: int) -> list[dict[str, Any]]:
        """The newest points, newest first."""
        rows = await self._reads.run("find_points", **_columns(wanted), limit=limit)
        names = ("timestamp", "value", "unit", "service", "host", "labels")
        return [
            {
                **dict(zip(names, row, strict=True)),
                "timestamp": aware(row[0]),
                "labels": _labels(row),
            }
            for row in rows
        ]

    async def buckets(
        self, wanted: MetricFilter, seconds: int, aggregate: str, limit: int
    ) -> list[dict[str, Any]]:
        """One value an interval, newest first; `timestamp` is the interval's start."""
        rows = await self._reads.run(
            "bucket_points", **_columns(wanted), width=seconds, limit=limit, **{aggregate: True}
        )
        return [
            {"timestamp": aware(start), "value": float(value), "count": count, "unit": unit}
            for start, value, count, unit in rows
        ]


def _labels(row: tuple[Any, ...]) -> dict[str, str]:
    labels: dict[str, str] = orjson.loads(row[5])
    return labels


def _columns(wanted: MetricFilter) -> dict[str, Any]:
    labels = orjson.dumps(dict(wanted.labels)).decode() if wanted.labels else None
    return {
        "name": wanted.name,
        "start": wanted.start,
        "end": wanted.end,
        "services": wanted.services or None,
        "host": wanted.host,
        "labels": labels,
        "seconds": READ_SECONDS,
    }
