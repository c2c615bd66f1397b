"""Our errors as HTTP: RFC 9457 problem documents, each with a stable `code`."""

import logging
from http import HTTPStatus
from typing import Any

import orjson
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from server.bodies import ENCODINGS, UnknownMedia
from server.request_ids import current
from tools.errors import (
    BadArguments,
    BadBatch,
    DevMeshError,
    Forbidden,
    NotFound,
    TookTooLong,
    TooLarge,
    Unavailable,
)

_log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
HUNG_UP = 499
"""nginx's number for a client that did not wait; nobody hears it, but logs and counts do."""

STATUS: tuple[tuple[type[DevMeshError], HTTPStatus], ...] = (
    (BadArguments, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UnknownMedia, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    (BadBatch, HTTPStatus.BAD_REQUEST),
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (TookTooLong, HTTPStatus.GATEWAY_TIMEOUT),
)


class ArgumentProblem(BaseModel):
    """One argument that breaks a rule."""

    field: str
    rule: str
    value: Any = Field(None, description="What was given, cut short where it is long.")
    index: int | None = Field(None, description="Place in the batch.")


class Problem(BaseModel):
    """A problem document of RFC 9457. Programs may match on `code`; people read `detail`."""

    type: str = Field("about:blank", description="Always about:blank: `code` tells kinds apart.")
    title: str = Field(description="The status in words.")
    status: int
    code: str
    detail: str
    request_id: str | None = Field(None, description="As in X-Request-ID and in the server's log.")
    problems: list[ArgumentProblem] | None = Field(
        None, description="With bad_arguments: each argument, its rule and what was given."
    )


def problem_response(
    status: int, code: str, detail: str, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """A problem document."""
    phrase = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": phrase, "status": status, "code": code}
    named = {"request_id": name} if (name := current()) else {}
    content = orjson.dumps({**body, "detail": detail, **named, **more}, default=str)
    return Response(content, status, headers, media_type=PROBLEM_JSON)


def from_error(error: DevMeshError) -> Response:
    """The problem document of one of our errors."""
    status = next((code for kind, code in STATUS if isinstance(error, kind)), None)
    if status is None:
        _log.error("unexpected failure", exc_info=error)
        status = HTTPStatus.INTERNAL_SERVER_ERROR
    more = {"problems": error.problems} if isinstance(error, BadArguments) else {}
    return problem_response(status, error.code, str(error), _headers(error), **more)


def _headers(error: DevMeshError) -> dict[str, str] | None:
    if isinstance(error, Unavailable):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, UnknownMedia):
        return {"Accept-Encoding": ", ".join(ENCODINGS)}
    return None


def unexpected() -> Response:
    """The answer after a bug: the traceback is in the log, not with the caller."""
    return problem_response(500, "internal", "an unexpected failure; the server's log has it")


async def on_devmesh_error(request: Request, error: Exception) -> Response:
    """Exception handler for our own errors."""
    assert isinstance(error, DevMeshError)  # noqa: S101  registered for this type only
    return from_error(error)


async def on_unexpected(request: Request, error: Exception) -> Response:
    """Exception handler for bugs."""
    _log.error("unexpected failure in %s %s", request.method, request.url.path, exc_info=error)
    return unexpected()


async def on_hang_up(request: Request, error: Exception) -> Response:
    """Exception handler for a client that has gone."""
    return Response(status_code=HUNG_UP)


async def on_no_route(request: Request, error: Exception) -> Response:
    """Exception handler for a path or a method that is not served; 405 says which methods are."""
    detail = f"{request.method} {request.url.path} is not served here"
    if getattr(error, "status_code", 404) == 404:
        return problem_response(404, "not_found", detail)
    allowed = sorted(
        method
        for route in request.app.routes
        if route.matches(request.scope)[0] is not Match.NONE
        for method in getattr(route, "methods", None) or ()
    )
    return problem_response(405, "method_not_allowed", detail, {"Allow": ", ".join(allowed)})
