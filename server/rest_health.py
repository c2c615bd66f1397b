"""How the server is, for people, probes and Prometheus: /health and /metrics."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
from fastapi import FastAPI, Request
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from starlette.responses import Response

from server.app import Home
from server.callers import access_of
from server.meters import Gauge, Meters
from server.problems import problem_response
from server.pulse import Pulse
from server.rest_docs import get
from server.rest_responses import refusals, success
from server.version import VERSION
from tools.errors import StoreUnavailable

_READY_SECONDS, _SCRAPE_SECONDS = 5.0, 1.0
_OPENING_SECONDS = 60.0
"""A first opening may make the database's files and tables."""
_RETRY_AFTER = 2
_AWAY = "the database is away"


class Health(BaseModel):
    """How the server is. `degraded`: it answers, but a part works less well; `parts` says why."""

    status: str
    version: str | None = None
    parts: dict[str, dict[str, Any]] | None = None


def add_health(app: FastAPI, home: Home, meters: Meters, pulse: Pulse) -> None:
    """Serve both."""
    _add_health(app, home, pulse)
    _add_metrics(app, home, meters, pulse)


def _add_health(app: FastAPI, home: Home, pulse: Pulse) -> None:
    async def health(request: Request) -> Response:
        told = bool(access_of(request).scopes)  # strangers learn whether, not why
        reason = await pulse.trouble(_READY_SECONDS if pulse.version else _OPENING_SECONDS)
        if reason is not None and not told:
            return _away(_AWAY)
        parts: dict[str, Any] = {"index": home.index.state(), "upkeep": home.upkeep.state()}
        if reason is not None:
            parts["database"] = {"ok": False, "reason": reason}
            return _away(reason, version=VERSION, parts=parts)
        parts["database"] = {"ok": True, "version": pulse.version}
        status = "degraded" if _degraded(home) or parts["upkeep"]["error"] else "ok"
        more = {"version": VERSION, "parts": parts} if told else {}
        return _json({"status": status, **more})

    async def live() -> Response:
        return _json({"status": "live"})

    async def ready(request: Request) -> Response:
        reason = await pulse.trouble(_READY_SECONDS)
        if reason is not None:
            return _away(reason if access_of(request).scopes else _AWAY)
        return _json({"status": "ready"})

    for path, handler, summary, status in (  # the handler's name is the operation's
        ("/health", health, "Is it alive, and each part", "ok"),
        ("/health/live", live, "Is the process alive", "live"),
        ("/health/ready", ready, "Does it serve: answers within 5 seconds", "ready"),
    ):
        example = {"status": status}
        told = {200: success("application/json", example), **refusals()}
        get(app, path, handler, summary=summary, response_model=Health, responses=told)


def _degraded(home: Home) -> bool:
    index = home.index.state()
    return bool(index.get("degraded") or index.get("next", {}).get("degraded"))


def _away(reason: str, **more: Any) -> Response:
    wait = {"Retry-After": str(_RETRY_AFTER)}
    return problem_response(503, StoreUnavailable.code, reason, wait, **more)


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
        description="Answers within two seconds, also while the database is away.",
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
    pools = (home.store.pool.use(), home.store.reads.use())
    used, connections = (sum(numbers) for numbers in zip(*pools, strict=True))
    yield "database_connections", "Open connections of the pools.", connections
    yield "database_connections_used", "Connections of the pools that are lent.", used
    yield "upkeep_failed", "1: the latest upkeep failed.", upkeep["error"] is not None
    last: datetime | None = upkeep["last_run"]
    if last is not None:
        yield "upkeep_last_run_timestamp_seconds", "When it last ran.", last.timestamp()


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value, default=str), media_type="application/json")
