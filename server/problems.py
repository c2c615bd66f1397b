"""Our errors as HTTP: RFC 9457 problem documents, each with a stable `code`."""

import logging
from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

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

STATUS: tuple[tuple[type[DevMeshError], HTTPStatus], ...] = (
    (BadArguments, HTTPStatus.UNPROCESSABLE_ENTITY),
    (BadBatch, HTTPStatus.BAD_REQUEST),
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (TookTooLong, HTTPStatus.GATEWAY_TIMEOUT),
)


def problem_response(
    status: int, code: str, detail: str, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """A problem document."""
    phrase = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": phrase, "status": status, "code": code}
    content = orjson.dumps({**body, "detail": detail, **more}, default=str)
    return Response(content, status, headers, media_type="application/problem+json")


def from_error(error: DevMeshError) -> Response:
    """The problem document of one of our errors."""
    status = next((code for kind, code in STATUS if isinstance(error, kind)), None)
    if status is None:
        _log.error("unexpected failure", exc_info=error)
        status = HTTPStatus.INTERNAL_SERVER_ERROR
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, Unavailable) else None
    more = {"problems": error.problems} if isinstance(error, BadArguments) else {}
    return problem_response(status, error.code, str(error), headers, **more)


async def on_devmesh_error(request: Request, error: Exception) -> Response:
    """Exception handler for our own errors."""
    assert isinstance(error, DevMeshError)  # noqa: S101  registered for this type only
    return from_error(error)


async def on_unexpected(request: Request, error: Exception) -> Response:
    """Exception handler for bugs: the traceback goes to the log, not to the caller."""
    _log.error("unexpected failure in %s %s", request.method, request.url.path, exc_info=error)
    return problem_response(500, "internal", "an unexpected failure; the server's log has it")
