"""ingest_metrics: store metric points, once each."""

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from pydantic import (
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)

from tools.errors import BadArguments
from tools.ingest_logs import all_bad, receipt, receipt_lines
from tools.ports import Deps, ReadyPoint, Window
from tools.records import InEra, Receipt, Rejected, Strict, from_json_text
from tools.tool import Tool, problem

MAX_POINTS = 5_000
MAX_LABELS = 50


class NewPoint(Strict):
    """One metric point as a sender writes it."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    value: Annotated[float, Field(allow_inf_nan=False)]
    timestamp: InEra | None = Field(None, description="ISO 8601; default: arrival.")
    unit: Annotated[str, Field(max_length=50)] = ""
    service: Annotated[str, Field(max_length=255)] = "unknown"
    host: Annotated[str, Field(max_length=255)] | None = None
    labels: dict[str, str | int | float | bool] = Field({}, max_length=MAX_LABELS)


_POINT: TypeAdapter[NewPoint] = TypeAdapter(NewPoint)


class IngestMetrics(Strict):
    """A batch of points."""

    points: Annotated[
        list[Any],
        BeforeValidator(from_json_text),
        Field(max_length=MAX_POINTS, description="A batch."),
        WithJsonSchema({"type": "array", "items": NewPoint.model_json_schema()}),
    ]
    dry_run: bool = Field(False, description="Check only.")


async def ingest_metrics(asked: IngestMetrics, deps: Deps) -> Receipt:
    """Commit the points that are new; the same name, time, place and labels is the same point.

    Raises:
        BadArguments: when not one point of a non-empty batch is readable.
    """
    window = await deps.store.window()
    ready, rejected = await asyncio.to_thread(prepare_points, asked.points, deps, window)
    if not ready and all_bad(rejected):
        entries = [
            {**bad.model_dump(), "field": f"points.{bad.index}.{bad.field}"} for bad in rejected
        ]
        raise BadArguments(entries)
    if asked.dry_run:
        return receipt(len(ready), 0, rejected, deps, dry_run=True)
    new = await deps.store.add_points(ready) if ready else 0
    return receipt(new, len(ready) - new, rejected, deps)


def prepare_points(
    raw: list[Any], deps: Deps, window: Window | None
) -> tuple[list[ReadyPoint], list[Rejected]]:
    """The points of a batch fit for the store, and what was refused, by index."""
    ready, rejected, now = [], [], deps.now()
    for index, item in enumerate(raw):
        try:
            point = _ready(_POINT.validate_python(item), now, deps)
        except ValidationError as error:
            told = problem(error.errors(include_url=False)[0], list(NewPoint.model_fields))
            rejected.append(Rejected(index=index, **told))
            continue
        if window and (refused := window.refusal(point.timestamp)):
            value = str(point.timestamp)
            rejected.append(Rejected(index=index, field="timestamp", value=value, **refused))
        else:
            ready.append(point)
    return ready, rejected


def _ready(point: NewPoint, now: datetime, deps: Deps) -> ReadyPoint:
    moment = point.timestamp or now
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=deps.zone)
    moment = moment.astimezone(UTC)
    host = point.host or deps.caller.host
    texts = {key: label_text(value) for key, value in point.labels.items()}
    labels = orjson.dumps(texts, option=orjson.OPT_SORT_KEYS).decode()
    identity = repr([moment.isoformat(), point.name, point.service, host, labels])
    uid = hashlib.blake2b(identity.encode("utf-8", "backslashreplace"), digest_size=16).digest()
    return ReadyPoint(uid, moment, point.name, point.value, point.unit, point.service, host, labels)


def label_text(value: str | float | bool) -> str:
    """A label's value as the text it is compared by."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


INGEST_METRICS = Tool(
    name="ingest_metrics",
    title="Store metric points",
    purpose="Store metric points, each once: by name, time, place and labels.",
    takes=IngestMetrics,
    gives=Receipt,
    run=ingest_metrics,
    lines=receipt_lines,
    writes=True,
)
