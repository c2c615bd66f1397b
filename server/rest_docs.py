"""/openapi.json and /docs: what REST callers can ask, and a page to try it."""

from collections.abc import Awaitable, Callable
from functools import cache
from hashlib import blake2b
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from server.bodies import MAX_PLAIN
from server.guards import MAX_BODY
from server.problems import Problem
from server.version import VERSION
from sql.events_out import READ_SECONDS
from tools.ingest_logs import MAX_EVENTS

Handler = Callable[..., Awaitable[Response]]

_ABOUT = (
    "Ask your machines' logs. Times are ISO 8601, an age (`90s`, `15m`, `1h`, `7d`, `2w`) or "
    "`today`, `yesterday`, `midnight`; answers state the resolved range in UTC. An unknown "
    "argument is refused by name.\n\n"
    f"Limits: a body has at most {MAX_BODY} bytes as sent and {MAX_PLAIN} once decompressed "
    f"(zstd, gzip or deflate), a batch at most {MAX_EVENTS} records, a page at most 1000 rows, a "
    f"query {READ_SECONDS} seconds.\n\n"
    "Errors are problem documents (RFC 9457). What matters to programs in them is `code`. "
    "429 and 503 say in `Retry-After` when it is worth trying again. Every answer carries "
    "`X-Request-ID`: yours, where you sent one of at most 128 letters, digits and `._:/+=@-`."
)


def tagged(request: Request, body: bytes, media: str = "application/json") -> Response:
    """The body with an ETag of its content; 304 without it for who has the same already.

    RFC 9110, section 13.1.2: weak comparison, `*` matches.
    """
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    asked = request.headers.get("if-none-match", "")
    known = {one.strip().removeprefix("W/") for one in asked.split(",")}
    if known & {tag, "*"}:
        return Response(status_code=304, headers={"ETag": tag})
    return Response(body, headers={"ETag": tag}, media_type=media)


def get(app: FastAPI, path: str, handler: Handler, **told: Any) -> None:
    """Serve GET as told in the document, and HEAD beside it."""
    app.add_api_route(path, handler, methods=["GET"], **told)
    app.add_api_route(path, handler, methods=["HEAD"], include_in_schema=False)


def post(app: FastAPI, path: str, handler: Handler, content: dict[str, Any], **told: Any) -> None:
    """Serve POST, whose body is `content`: schema and example by media type."""
    body = {"required": True, "content": content}
    app.add_api_route(path, handler, methods=["POST"], openapi_extra={"requestBody": body}, **told)


def add_docs(app: FastAPI) -> None:
    """Serve the document of all that `app` has, at the moment when it is first asked for."""
    from swagger_ui_bundle import swagger_ui_path

    app.mount("/docs/static", StaticFiles(directory=swagger_ui_path), name="docs_static")

    @cache
    def document() -> bytes:
        return orjson.dumps(_document(app))

    async def openapi(request: Request) -> Response:
        return tagged(request, document())

    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="DevMesh",
            swagger_js_url="/docs/static/swagger-ui-bundle.js",
            swagger_css_url="/docs/static/swagger-ui.css",
            swagger_favicon_url="/docs/static/favicon-32x32.png",
        )

    get(app, "/openapi.json", openapi, include_in_schema=False)
    get(app, "/docs", docs, include_in_schema=False)


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title="DevMesh", version=VERSION, description=_ABOUT, routes=app.routes)
    _, problem = models_json_schema(
        [(Problem, "serialization")], ref_template="#/components/schemas/{model}"
    )
    parts = document["components"]
    parts["schemas"] |= problem["$defs"]
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "Where a token is set."}
    }
    document["security"] = [{}, {"token": []}]
    return document
