"""What every HTTP request passes first: Host, Origin, rate, token, scope, size; on every route."""

import re
import time
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.challenges import METADATA, forbidden, unauthorized
from server.problems import from_error, problem_response
from server.rate_limit import Buckets, Rate, network_of
from server.token_book import Holder, TokenBook
from tools.access import INGEST, READ, Access
from tools.errors import DevMeshError, TooLarge

MAX_BODY = 16 * 1024 * 1024
"""Bytes of a request body, as sent."""

_RULE = f"a body may have at most {MAX_BODY} bytes"
_LOCAL = ("127.0.0.1", "localhost", "[::1]")
_OPEN_PATHS = ("/health", "/health/live", "/health/ready")
_INGEST_PATHS = ("/ingest/", "/v1/")
_PROMPT_PATHS = ("/health/ready", "/metrics")
"""Answered in bounded time, however busy the store is."""
_NOBODY = Holder(None, frozenset())
_AUTHORITY = re.compile(r"(\[[^\]]*\]|[^:@\[\]]*)(?::\d{0,5})?")
_PERIODS = {1: "second", 60: "minute", 3600: "hour", 86_400: "day"}


class Guards:
    """ASGI middleware against DNS rebinding, cross-site calls, strangers, floods, endless bodies.

    `hosts` are further names under which clients may reach us. A request with an Origin must
    come from one of the same hosts. `book` says whose a token is; what the caller may do, its
    Access, stands in the request's state. Of the two rates one is for what is sent to us, the
    other for all else.
    """

    def __init__(
        self,
        app: ASGIApp,
        book: TokenBook,
        hosts: Iterable[str] = (),
        calls: Rate | None = None,
        ingest: Rate | None = None,
    ) -> None:
        self._app = app
        self._book = book
        self._hosts = {host.lower() for host in (*_LOCAL, *hosts)}
        self._calls = Buckets(calls) if calls else None
        self._ingest = Buckets(ingest) if ingest else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass the request on with its body counted."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing here speaks WebSocket
            await send({"type": "websocket.close", "code": 1008})
            return
        refusal = await self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self._counted(scope, receive, send)

    async def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if foreign := self._foreign(headers):
            return foreign
        try:
            holder = await self._holder(scope["path"], headers)
            unadmitted = _unadmitted(scope, headers, holder)
        except DevMeshError as error:
            holder, without = None, self._does_without_store(scope["path"])
            unadmitted = None if without else from_error(error)
        _note(scope, holder or _NOBODY)
        return self._too_many(scope, holder) or unadmitted or _announced_too_large(headers)

    async def _holder(self, path: str, headers: Headers) -> Holder | None:
        if path == "/health/live" or _is_metadata(path):  # the same for all, store or none
            return _NOBODY
        return await self._book.holder(_bearer(headers), prompt=path in _PROMPT_PATHS)

    def _does_without_store(self, path: str) -> bool:
        """Health; and where no token may be needed, /metrics, which is for such times, and MCP: it
        lists tools, and tools refuse nobody's calls themselves.
        """
        return _is_open(path) or (path in {"/mcp", "/metrics"} and not self._book.needed)

    def _foreign(self, headers: Headers) -> Response | None:
        if _name(headers.get("host", "")) not in self._hosts:
            detail = "this Host is not ours; set DEVMESH_ALLOWED_HOSTS to the names in use"
            return problem_response(421, "unknown_host", detail)
        origin = headers.get("origin")
        if origin is not None and _name(origin.partition("://")[2]) not in self._hosts:
            return problem_response(403, "foreign_origin", "requests from other sites are refused")
        return None

    def _too_many(self, scope: Scope, holder: Holder | None) -> Response | None:
        ingest = _scope_of(scope["path"]) == INGEST
        buckets = self._ingest if ingest else self._calls
        if buckets is None:
            return None
        token = holder.token if holder else None
        caller = f"token {token}" if token else network_of(_address(scope) or "")
        wait = buckets.take(caller, time.monotonic())
        if not wait:
            return None
        what, period = "batches" if ingest else "calls", _PERIODS[buckets.rate.seconds]
        detail = f"more than {buckets.rate.amount} {what} a {period}; try again in {wait} s"
        return problem_response(429, "rate_limited", detail, {"Retry-After": str(wait)})

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen, started = 0, False

        async def counting() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > MAX_BODY:
                # The application answers this as it answers its other errors.
                raise TooLarge(_RULE)
            return message

        async def noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, counting, noting)
        except TooLarge:
            if started:
                raise
            await _too_large()(scope, receive, send)


def _note(scope: Scope, holder: Holder) -> None:
    state = scope.setdefault("state", {})
    state["access"] = Access(
        door="mcp-http" if scope["path"] == "/mcp" else "rest",
        scopes=holder.scopes,
        token=holder.token,
        address=_address(scope),
        request_id=state.get("request_id"),
    )


def _unadmitted(scope: Scope, headers: Headers, holder: Holder | None) -> Response | None:
    if _is_open(scope["path"]):
        return None
    if holder is None:
        return unauthorized(scope, headers, given=_bearer(headers) is not None)
    needed = _scope_of(scope["path"])
    return forbidden(scope, headers, needed) if needed and needed not in holder.scopes else None


def _is_open(path: str) -> bool:
    return path in _OPEN_PATHS or _is_metadata(path)


def _is_metadata(path: str) -> bool:
    return path == METADATA or path.startswith(f"{METADATA}/")


def _scope_of(path: str) -> str | None:
    """What a route needs; of what comes by MCP each message needs its own."""
    if path == "/mcp":
        return None
    return INGEST if path.startswith(_INGEST_PATHS) else READ


def _bearer(headers: Headers) -> str | None:
    """The token of RFC 6750, section 2.1."""
    kind, _, given = headers.get("authorization", "").partition(" ")
    return (given.strip() or None) if kind.lower() == "bearer" else None


def _address(scope: Scope) -> str | None:
    return scope["client"][0] if scope.get("client") else None


def _name(authority: str) -> str | None:
    """The host of `host:port`, brackets of IPv6 kept; None where there is none, or more than that
    (RFC 6454, section 6.2: no user).
    """
    match = _AUTHORITY.fullmatch(authority)
    return (match[1].lower() or None) if match else None


def _announced_too_large(headers: Headers) -> Response | None:
    length = headers.get("content-length", "0")
    return _too_large() if length.isdigit() and int(length) > MAX_BODY else None


def _too_large() -> Response:
    return problem_response(413, TooLarge.code, _RULE)
