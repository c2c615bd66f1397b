"""The REST door: the tools under the names people curl."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

from fastapi import FastAPI, Request
from pydantic import BaseModel
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from server.app import Home
from server.bodies import decompress, read_object, read_records
from server.callers import access_of
from server.meters import Meters
from server.patience import while_connected
from server.problems import on_devmesh_error, on_hang_up, on_no_route, on_unexpected
from server.pulse import Pulse
from server.rest_docs import add_docs, get, post
from server.rest_examples import ASKED, GIVEN
from server.rest_health import add_health
from server.rest_responses import BODIES, READS, refusals, success
from server.rest_self import add_self
from server.settings import this_host
from server.version import VERSION
from tools.errors import DevMeshError, TooLarge
from tools.ingest_logs import INGEST_LOGS, MAX_EVENTS
from tools.ingest_metrics import INGEST_METRICS
from tools.log_context import LOG_CONTEXT
from tools.log_patterns import LOG_PATTERNS
from tools.log_stats import LOG_STATS
from tools.ports import Caller
from tools.query_logs import QUERY_LOGS
from tools.query_metrics import QUERY_METRICS
from tools.similar_logs import SIMILAR_LOGS
from tools.tool import AnyTool, untitled


def rest_app(home: Home, meters: Meters, lifespan: Any = None) -> FastAPI:
    """The FastAPI application over the parts of `home`; what is ingested is counted in `meters`."""
    pulse = Pulse(home)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        async with (lifespan or _nothing)(app):
            yield
        await pulse.stop()

    app = FastAPI(
        title="DevMesh",
        version=VERSION,
        openapi_url=None,
        generate_unique_id_function=lambda route: route.name,
        redirect_slashes=False,
        lifespan=life,
    )
    _add_errors(app)
    _add_ingest(app, home, meters, "/ingest/logs", INGEST_LOGS)
    _add_ingest(app, home, meters, "/ingest/metrics", INGEST_METRICS)
    _add_query(app, home, "/query/logs", QUERY_LOGS)
    _add_query(app, home, "/query/metrics", QUERY_METRICS)
    _add_query(app, home, "/stats/logs", LOG_STATS)
    _add_query(app, home, "/patterns/logs", LOG_PATTERNS)
    _add_query(app, home, "/context/logs/{event_id}", LOG_CONTEXT, 404)
    _add_query(app, home, "/similar/logs", SIMILAR_LOGS)
    _add_post(app, home, "/similar/logs", SIMILAR_LOGS)
    add_health(app, home, meters, pulse)
    add_self(app, home)
    add_docs(app)
    return app


@asynccontextmanager
async def _nothing(app: FastAPI) -> AsyncIterator[None]:
    yield


def _add_errors(app: FastAPI) -> None:
    app.add_exception_handler(DevMeshError, on_devmesh_error)
    app.add_exception_handler(ClientDisconnect, on_hang_up)
    app.add_exception_handler(404, on_no_route)
    app.add_exception_handler(405, on_no_route)
    app.add_exception_handler(Exception, on_unexpected)


def _add_ingest(app: FastAPI, home: Home, meters: Meters, path: str, tool: AnyTool) -> None:
    [key] = ASKED[tool.name]

    async def handler(request: Request) -> Response:
        body = await request.body()
        encoding = request.headers.get("content-encoding", "").strip().lower()
        media = request.headers.get("content-type", "")
        records, rest = await asyncio.to_thread(_read_batch, body, encoding, media, key)
        result = await tool.call({**rest, key: records}, await home.deps(caller_of(request)))
        meters.ingested("rest", key, result)
        return _answered(result)

    schema, example = tool.schema(), ASKED[tool.name]
    records = schema["properties"][key] | {"maxItems": MAX_EVENTS}
    schema["properties"][key] = records
    content = {
        "application/json": {
            "schema": {"anyOf": [schema, records]},
            "example": example,
        },
        "application/x-ndjson": {
            "schema": {"type": "string", "description": "A record a line."},
            "example": "\n".join(map(json.dumps, example[key])),
        },
    }
    post(app, path, handler, content, name=f"{tool.name}_post", **_told(tool, *BODIES))


def _read_batch(body: bytes, encoding: str, media: str, key: str) -> Any:
    records, rest = read_records(decompress(body, encoding), media, key)
    if len(records) > MAX_EVENTS:
        raise TooLarge(f"a batch may have at most {MAX_EVENTS} {key}, this one has {len(records)}")
    return records, rest


def _add_query(app: FastAPI, home: Home, path: str, tool: AnyTool, *more: int) -> None:
    async def handler(request: Request) -> Response:
        arguments = _query_arguments(request) | request.path_params
        return await _answer(tool, arguments, home, request)

    told = _told(tool, *READS, *more) | {"openapi_extra": {"parameters": _parameters(tool, path)}}
    get(app, path, handler, name=f"{tool.name}_get", **told)


def _add_post(app: FastAPI, home: Home, path: str, tool: AnyTool) -> None:
    async def handler(request: Request) -> Response:
        arguments = read_object(await request.body(), request.headers.get("content-type", ""))
        return await _answer(tool, arguments, home, request)

    content = {"application/json": {"schema": tool.schema(), "example": ASKED[tool.name]}}
    post(app, path, handler, content, name=f"{tool.name}_post", **_told(tool, *BODIES))


def _told(tool: AnyTool, *statuses: int) -> dict[str, Any]:
    """What OpenAPI says of a tool's operation."""
    return {
        "summary": tool.title,
        "description": tool.purpose,
        "response_model": tool.gives,
        "responses": {200: success("application/json", GIVEN[tool.name]), **refusals(*statuses)},
    }


def _parameters(tool: AnyTool, path: str) -> list[dict[str, Any]]:
    schema = untitled(tool.takes.model_json_schema())
    required = schema.get("required", [])
    asked = ASKED[tool.name]
    return [
        {
            "name": name,
            "in": "path" if f"{{{name}}}" in path else "query",
            "required": name in required,
            "description": entry.get("description", ""),
            **({"example": asked[name]} if name in asked else {}),
            **_carried(entry),
        }
        for name, entry in schema["properties"].items()
    ]


def _carried(schema: dict[str, Any]) -> dict[str, Any]:
    """How a parameter travels: an object as JSON text, anything else as it is, a list repeated."""
    if schema.get("type") == "object":
        return {"content": {"application/json": {"schema": schema}}}
    return {"schema": schema}


def _query_arguments(request: Request) -> dict[str, Any]:
    """Query parameters as arguments; one given several times is a list."""
    many = request.query_params
    return {
        name: values[0] if len(values := many.getlist(name)) == 1 else values for name in set(many)
    }


async def _answer(
    tool: AnyTool, arguments: dict[str, Any], home: Home, request: Request
) -> Response:
    call = tool.call(arguments, await home.deps(caller_of(request)))
    return _answered(await while_connected(request, call))


def _answered(result: BaseModel) -> Response:
    return Response(result.model_dump_json(), media_type="application/json")


def caller_of(request: Request) -> Caller:
    """The sender's host: its address, or this machine's name when it is this machine."""
    address = request.client.host if request.client else ""
    try:
        local = ip_address(address).is_loopback
    except ValueError:
        local = True
    host = this_host() if local else address
    return Caller(host=host, rest=True, access=access_of(request))
