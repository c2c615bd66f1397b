"""Who speaks of themselves over REST: the server at /info, a shipper at /ingest/heartbeat."""

from typing import Any

import orjson
from fastapi import FastAPI, Request
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from server.app import Home
from server.bodies import read_object
from server.rest_docs import get, post, tagged
from server.rest_responses import BODIES, READS, refusals, success
from server.version import VERSION
from tools.catalogue import TOOLS
from tools.errors import BadArguments
from tools.ingest_logs import MAX_EVENTS
from tools.records import Heartbeat
from tools.tool import problem, untitled


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


def add_self(app: FastAPI, home: Home) -> None:
    """Serve both."""
    _add_info(app, home)
    _add_heartbeat(app, home)


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
        return tagged(request, orjson.dumps(told, default=str))

    example = {
        "name": "devmesh",
        "version": VERSION,
        "tools": [{"name": tool.name, "purpose": tool.purpose} for tool in TOOLS[:1]],
        "database": "11.8.9-MariaDB",
        "index": {"model": "all-MiniLM-L6-v2", "indexed": 345, "pending": 0},
        "retention": "30d",
        "kept_since": "2026-10-21T00:00:00+00:00",
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
