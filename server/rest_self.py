"""What the server says of itself over REST: /health, /info, /metrics; and a shipper's heartbeat."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
from fastapi import FastAPI, Request
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from server.app import Home
from server.bodies import read_object
from server.meters import Gauge, Meters
from server.problems import problem_response
from server.pulse import Pulse
from server.rest_docs import get, post, tagged
from server.rest_responses import BODIES, READS, refusals, success
from server.version import VERSION
from tools.catalogue import TOOLS
from tools.errors import BadArguments, StoreUnavailable
from tools.ingest_logs import MAX_EVENTS
from tools.records import Heartbeat
from tools.tool import problem, untitled

_READY_SECONDS, _SCRAPE_SECONDS = 5.0, 1.0
_RETRY_AFTER = 2


class Health(BaseModel):
    """How the server is. `degraded`: it answers, but a part works less well; `parts` says why."""

    status: str
    version: str | None = None
    parts: dict[str, dict[str, Any]] | None = None


class Info(BaseModel):
    """What this server is, what it can do and what it holds."""

    name: str
    version: str
    tools: list[dict[str, str]]
    database: str
    index: dict[str, Any]
    retention: str | None
    kept_since: str | None
    upkeep: dict[str, Any]
    timezone: str
    services: list[str]
    hosts: list[str]
    metrics: list[str]
    guarded_services: dict[str, str]
    limits: dict[str, int]


def add_self(app: FastAPI, home: Home, meters: Meters, pulse: Pulse) -> None:
    """Serve what the server says of itself."""
    _add_health(app, home, pulse)
    _add_info(app, home)
    _add_metrics(app, home, meters, pulse)
    _add_heartbeat(app, home)


def _add_health(app: FastAPI, home: Home, pulse: Pulse) -> None:
    async def health() -> Response:
        parts: dict[str, Any] = {"index": home.index.state(), "upkeep": home.upkeep.state()}
        try:
            await home.open()
            parts["database"] = {"ok": True, "version": await home.store.ping()}
        except StoreUnavailable as error:
            parts["database"] = {"ok": False, "reason": str(error)}
            return _away(str(error), error.retry_after, parts=parts)
        status = "degraded" if _degraded(home) or parts["upkeep"]["error"] else "ok"
        return _json({"status": status, "version": VERSION, "parts": parts})

    async def live() -> Response:
        return _json({"status": "live", "version": VERSION})

    async def ready() -> Response:
        reason = await pulse.trouble(_READY_SECONDS)
        if reason is not None:
            return _away(reason, _RETRY_AFTER)
        return _json({"status": "ready", "version": VERSION})

    for path, handler, summary, status in (  # the handler's name is the operation's
        ("/health", health, "Is it alive, and each part", "ok"),
        ("/health/live", live, "Is the process alive", "live"),
        ("/health/ready", ready, "Does it serve: answers within 5 seconds", "ready"),
    ):
        example = {"status": status, "version": VERSION}
        told = {200: success("application/json", example), **refusals()}
        get(app, path, handler, summary=summary, response_model=Health, responses=told)


def _degraded(home: Home) -> bool:
    index = home.index.state()
    return bool(index.get("degraded") or index.get("next", {}).get("degraded"))


def _away(reason: str, retry_after: int, **more: Any) -> Response:
    wait = {"Retry-After": str(retry_after)}
    return problem_response(503, StoreUnavailable.code, reason, wait, version=VERSION, **more)


def _add_info(app: FastAPI, home: Home) -> None:
    async def info(request: Request) -> Response:
        deps = await home.deps()
        names = await deps.store.catalogue()
        told = {
            "name": "devmesh",
            "version": VERSION,
            "tools": [{"name": tool.name, "purpose": tool.purpose} for tool in TOOLS],
            "database": await home.store.ping(),
            "index": home.index.state(),
            "retention": home.settings.retention or None,
            "kept_since": await deps.store.kept_since(),
            "upkeep": home.upkeep.state(),
            "timezone": deps.zone_name,
            "services": names.services,
            "hosts": names.hosts,
            "metrics": names.metrics,
            "guarded_services": await deps.store.guarded_services(),
            "limits": {"events_per_batch": MAX_EVENTS, "rows_per_page": 1000},
        }
        return tagged(request, _dumped(told))

    example = {
        "name": "devmesh",
        "version": VERSION,
        "tools": [{"name": tool.name, "purpose": tool.purpose} for tool in TOOLS[:1]],
        "database": "11.8.9-MariaDB",
        "index": {"model": "all-MiniLM-L6-v2", "indexed": 345, "pending": 0},
        "retention": "30d",
        "kept_since": None,
        "upkeep": {"last_run": None, "did": None, "error": None, "next_run": None},
        "timezone": "UTC",
        "services": ["nginx"],
        "hosts": ["web-01"],
        "metrics": ["disk_free"],
        "guarded_services": {},
        "limits": {"events_per_batch": MAX_EVENTS, "rows_per_page": 1000},
    }
    etag = "Send it back in If-None-Match: 304 when nothing changed."
    told = {
        200: success("application/json", example, ETag=etag),
        304: {"description": "Nothing changed since the ETag that was sent."},
        **refusals(*READS),
    }
    summary = "What this server is and holds"
    get(app, "/info", info, summary=summary, response_model=Info, responses=told)


def _add_metrics(app: FastAPI, home: Home, meters: Meters, pulse: Pulse) -> None:
    async def metrics() -> Response:
        up = await pulse.trouble(_SCRAPE_SECONDS) is None
        body = meters.exposition([*_gauges(home), ("database_up", "Whether MariaDB answers.", up)])
        return Response(body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    text = success("text/plain", "devmesh_database_up 1.0\n", {"type": "string"})
    get(
        app,
        "/metrics",
        metrics,
        summary="Counts and states for Prometheus",
        description="Answers within about a second, also while the database is away.",
        response_class=Response,
        responses={200: text, **refusals()},
    )


def _gauges(home: Home) -> Iterator[Gauge]:
    index, upkeep = home.index.state(), home.upkeep.state()
    pending = index["pending"]
    yield "patterns", "Kinds of messages known to the index.", index["indexed"] + pending
    yield "embedding_pending_patterns", "Patterns without a vector yet.", pending
    waits = index.get("oldest_pending_seconds", 0)
    yield "embedding_lag_seconds", "For how long the oldest of them waits.", waits
    yield "embedding_degraded", "1: meaning is out of order, words rank alone.", _degraded(home)
    used, connections = home.store.pool.use()
    yield "database_connections", "Open connections of the pool.", connections
    yield "database_connections_used", "Connections of the pool that are lent.", used
    yield "upkeep_failed", "1: the latest upkeep failed.", upkeep["error"] is not None
    last: datetime | None = upkeep["last_run"]
    if last is not None:
        yield "upkeep_last_run_timestamp_seconds", "When it last ran.", last.timestamp()


def _add_heartbeat(app: FastAPI, home: Home) -> None:
    async def heartbeat(request: Request) -> Response:
        body = read_object(await request.body(), request.headers.get("content-type", ""))
        try:
            beat = Heartbeat.model_validate(body)
        except ValidationError as error:
            known = list(Heartbeat.model_fields)
            raise BadArguments([problem(one, known) for one in error.errors()]) from error
        await home.open()
        await home.store.heartbeat(beat)
        return Response(status_code=204)

    schema = untitled(Heartbeat.model_json_schema(ref_template="#/components/schemas/{model}"))
    schema.pop("$defs", None)
    example = {"host": "web-01", "sent": 1200, "lag_seconds": 0.4}
    content = {"application/json": {"schema": schema, "example": example}}
    post(
        app,
        "/ingest/heartbeat",
        heartbeat,
        content,
        summary="A shipper's word on itself",
        status_code=204,
        responses=refusals(*BODIES),
    )


def _json(value: Any) -> Response:
    return Response(_dumped(value), media_type="application/json")


def _dumped(value: Any) -> bytes:
    return orjson.dumps(value, default=str)
