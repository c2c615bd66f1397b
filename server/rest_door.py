"""The REST door: the tools under the names people curl, and what the server says of itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from pydantic import ValidationError
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from server.app import Home
from server.bodies import UnknownMedia, decompress, read_object, read_records
from server.callers import access_of
from server.patience import while_connected
from server.problems import on_devmesh_error, on_unexpected, problem_response
from server.settings import this_host
from server.version import VERSION
from tools.catalogue import TOOLS
from tools.errors import BadArguments, DevMeshError, StoreUnavailable, TooLarge
from tools.ingest_logs import INGEST_LOGS, MAX_EVENTS
from tools.ingest_metrics import INGEST_METRICS
from tools.log_context import LOG_CONTEXT
from tools.log_patterns import LOG_PATTERNS
from tools.log_stats import LOG_STATS
from tools.ports import Caller
from tools.query_logs import QUERY_LOGS
from tools.query_metrics import QUERY_METRICS
from tools.records import Heartbeat
from tools.similar_logs import SIMILAR_LOGS
from tools.tool import AnyTool, problem, untitled

_AWAY = "the database is away"

Handler = Callable[[Request], Awaitable[Response]]


def rest_app(home: Home, lifespan: Any = None) -> FastAPI:
    """The FastAPI application over the parts of `home`."""
    app = FastAPI(
        title="DevMesh",
        version=VERSION,
        description="Ask your machines' logs.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan or _nothing,
    )
    app.add_exception_handler(DevMeshError, on_devmesh_error)
    app.add_exception_handler(UnknownMedia, _on_unknown_media)
    app.add_exception_handler(ClientDisconnect, _on_hang_up)
    app.add_exception_handler(404, _on_no_route)
    app.add_exception_handler(405, _on_no_route)
    app.add_exception_handler(Exception, on_unexpected)
    _add_ingest(app, home, "/ingest/logs", INGEST_LOGS, "events")
    _add_ingest(app, home, "/ingest/metrics", INGEST_METRICS, "points")
    _add_query(app, home, "/query/logs", QUERY_LOGS)
    _add_query(app, home, "/query/metrics", QUERY_METRICS)
    _add_query(app, home, "/stats/logs", LOG_STATS)
    _add_query(app, home, "/patterns/logs", LOG_PATTERNS)
    _add_context(app, home)
    _add_query(app, home, "/similar/logs", SIMILAR_LOGS)
    _add_post(app, home, "/similar/logs", SIMILAR_LOGS)
    _add_own(app, home)
    _add_docs(app)
    return app


@asynccontextmanager
async def _nothing(app: FastAPI) -> AsyncIterator[None]:
    yield


def _add_ingest(app: FastAPI, home: Home, path: str, tool: AnyTool, key: str) -> None:
    async def handler(request: Request) -> Response:
        body = await request.body()
        encoding = request.headers.get("content-encoding", "").strip().lower()
        media = request.headers.get("content-type", "")
        records, rest = await asyncio.to_thread(_read_batch, body, encoding, media, key)
        return await _answer(tool, {**rest, key: records}, home, request)

    schema = tool.schema()
    media = {"application/json": {"schema": schema}, "application/x-ndjson": {}}
    _route(app, "POST", path, tool, handler, {"requestBody": {"required": True, "content": media}})


def _read_batch(body: bytes, encoding: str, media: str, key: str) -> Any:
    records, rest = read_records(decompress(body, encoding), media, key)
    if len(records) > MAX_EVENTS:
        raise TooLarge(f"a batch may have at most {MAX_EVENTS} {key}, this one has {len(records)}")
    return records, rest


def _add_query(app: FastAPI, home: Home, path: str, tool: AnyTool) -> None:
    async def handler(request: Request) -> Response:
        return await _answer(tool, _query_arguments(request), home, request)

    _route(app, "GET", path, tool, handler, {"parameters": _parameters(tool)})


def _add_context(app: FastAPI, home: Home) -> None:
    async def handler(request: Request) -> Response:
        arguments = _query_arguments(request) | {"event_id": request.path_params["event_id"]}
        return await _answer(LOG_CONTEXT, arguments, home, request)

    parameters = [
        entry if entry["name"] != "event_id" else {**entry, "in": "path"}
        for entry in _parameters(LOG_CONTEXT)
    ]
    path = "/context/logs/{event_id}"
    _route(app, "GET", path, LOG_CONTEXT, handler, {"parameters": parameters})


def _add_post(app: FastAPI, home: Home, path: str, tool: AnyTool) -> None:
    async def handler(request: Request) -> Response:
        arguments = read_object(await request.body(), request.headers.get("content-type", ""))
        return await _answer(tool, arguments, home, request)

    content = {"application/json": {"schema": tool.schema()}}
    _route(app, "POST", path, tool, handler, {"requestBody": {"content": content}})


def _route(
    app: FastAPI, method: str, path: str, tool: AnyTool, handler: Handler, extra: dict[str, Any]
) -> None:
    app.add_api_route(
        path,
        handler,
        methods=[method],
        name=f"{tool.name}_{method.lower()}",
        summary=tool.title,
        description=tool.purpose,
        response_model=tool.gives,
        openapi_extra=extra,
    )


def _parameters(tool: AnyTool) -> list[dict[str, Any]]:
    schema = untitled(tool.takes.model_json_schema())
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": entry.get("description", ""),
            "schema": entry,
        }
        for name, entry in schema["properties"].items()
    ]


def _query_arguments(request: Request) -> dict[str, Any]:
    """Query parameters as arguments; one given several times is a list."""
    many = request.query_params
    return {
        name: values[0] if len(values := many.getlist(name)) == 1 else values for name in set(many)
    }


async def _answer(
    tool: AnyTool, arguments: dict[str, Any], home: Home, request: Request
) -> Response:
    call = tool.call(arguments, await home.deps(_caller(request)))
    result = await (call if tool.writes else while_connected(request, call))
    return Response(result.model_dump_json(), media_type="application/json")


def _caller(request: Request) -> Caller:
    """The sender's host: its address, or this machine's name when it is this machine."""
    address = request.client.host if request.client else ""
    try:
        local = ip_address(address).is_loopback
    except ValueError:
        local = True
    host = this_host() if local else address
    return Caller(host=host, rest=True, access=access_of(request))


def _add_own(app: FastAPI, home: Home) -> None:
    @app.get("/health", summary="Is it alive, and each part")
    async def health(request: Request) -> Response:
        told = bool(access_of(request).scopes)  # strangers learn whether, not why
        parts: dict[str, Any] = {"index": home.index.state(), "upkeep": home.upkeep.state()}
        try:
            await home.open()
            parts["database"] = {"ok": True, "version": await home.store.ping()}
        except StoreUnavailable as error:
            parts["database"] = {"ok": False, "reason": str(error)}
            return _unhealthy(parts if told else {}, error if told else StoreUnavailable(_AWAY))
        index = parts["index"]
        degraded = (
            index.get("degraded")
            or index.get("next", {}).get("degraded")
            or parts["upkeep"]["error"]
        )
        status = "degraded" if degraded else "ok"
        return _json(
            {"status": status, "version": VERSION, "parts": parts} if told else {"status": status}
        )

    @app.get("/info", summary="What this server is and holds")
    async def info() -> Response:
        deps = await home.deps()
        names = await deps.store.catalogue()
        return _json(
            {
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
        )

    @app.post("/ingest/heartbeat", summary="A shipper's word on itself", status_code=204)
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


def _unhealthy(parts: dict[str, Any], error: StoreUnavailable) -> Response:
    return problem_response(
        503,
        error.code,
        str(error),
        {"Retry-After": str(error.retry_after)},
        version=VERSION,
        parts=parts,
    )


def _json(value: Any) -> Response:
    import orjson

    return Response(orjson.dumps(value, default=str), media_type="application/json")


def _add_docs(app: FastAPI) -> None:
    from swagger_ui_bundle import swagger_ui_path

    app.mount("/docs/static", StaticFiles(directory=swagger_ui_path), name="docs_static")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="DevMesh",
            swagger_js_url="/docs/static/swagger-ui-bundle.js",
            swagger_css_url="/docs/static/swagger-ui.css",
            swagger_favicon_url="/docs/static/favicon-32x32.png",
        )


async def _on_unknown_media(request: Request, error: Exception) -> Response:
    return problem_response(415, UnknownMedia.code, str(error), {"Accept-Encoding": "zstd, gzip"})


async def _on_hang_up(request: Request, error: Exception) -> Response:
    return Response(status_code=499)  # nginx's number; nobody hears it


async def _on_no_route(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    code = "not_found" if status == 404 else "method_not_allowed"
    detail = f"{request.method} {request.url.path} is not served here"
    return problem_response(status, code, detail, getattr(error, "headers", None))
