"""What OpenAPI says of answers: every status that an operation can give, with its document."""

from http import HTTPStatus
from typing import Any

from server.problems import PROBLEM_JSON
from server.request_ids import HEADER

_CASES: dict[int, tuple[str, str]] = {
    400: ("bad_batch", "The body cannot be read."),
    401: ("unauthorized", "A token is asked for."),
    403: ("foreign_origin", "A page of another site calls, or the token may not do this."),
    404: ("not_found", "There is no such thing."),
    413: ("too_large", "Over a limit, which is named."),
    415: ("unsupported_media_type", "A content type or encoding that is not read here."),
    421: ("unknown_host", "The Host header names another server."),
    422: ("bad_arguments", "Arguments break rules; `problems` names each."),
    429: ("rate_limited", "Too many requests of one caller."),
    500: ("internal", "A bug; the server's log has it under the request's id."),
    503: ("store_unavailable", "A part is away, or too many wait for it."),
    504: ("took_too_long", "The query ran into its time limit; a narrower one would help."),
}
_ALWAYS = (401, 403, 413, 421, 429, 500, 503)
READS = (422, 504)
"""What asking may give besides what always may."""
BODIES = (400, 415, 422, 504)
"""What sending a body may give besides."""

_ID = {"description": "The request's id, as in the server's log.", "schema": {"type": "string"}}
_WAIT = {"description": "Seconds worth waiting.", "schema": {"type": "integer", "minimum": 0}}
_ASK = {"description": "How to send a token.", "schema": {"type": "string"}}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": _ASK},
    429: {"Retry-After": _WAIT},
    503: {"Retry-After": _WAIT},
}


def refusals(*more: int) -> dict[int | str, dict[str, Any]]:
    """The problem documents of an operation: those of every one, and `more`."""
    return {status: _refusal(status) for status in sorted({*_ALWAYS, *more})}


def _refusal(status: int) -> dict[str, Any]:
    code, meaning = _CASES[status]
    example = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": meaning,
        "request_id": "5f0c2a9be1f14f0c8d6b7f3f1c1d2e3a",
    }
    if status == 422:
        rule = "must be one of DEBUG, INFO, WARN, ERROR, CRITICAL or FATAL"
        example["problems"] = [{"field": "level.0", "rule": rule, "value": "LOUD"}]
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": f"`{code}`: {meaning}",
        "headers": {HEADER: _ID, **_HEADERS.get(status, {})},
        "content": {PROBLEM_JSON: {"schema": schema, "example": example}},
    }


def success(media: str, example: Any, schema: Any = None, **headers: str) -> dict[str, Any]:
    """A 200 with an example; the schema, where not given, is that of the route's model."""
    content = {"example": example} if schema is None else {"example": example, "schema": schema}
    named = {name: _header(text) for name, text in headers.items()}
    told = {HEADER: _ID, **named}
    return {"description": "OK", "headers": told, "content": {media: content}}


def _header(text: str) -> dict[str, Any]:
    return {"description": text, "schema": {"type": "string"}}
