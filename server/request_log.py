"""What surrounds every HTTP request: its id, its line in the log, its place in the counts."""

import logging
import time
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.meters import Meters, RequestSeen
from server.problems import HUNG_UP, unexpected
from server.request_ids import HEADER, begin

_log = logging.getLogger(__name__)

_PROBES = ("/health", "/metrics")
"""Asked every few seconds: where all is well, a line each would drown the others."""
_PATH_SHOWN = 200


@dataclass(slots=True)
class _Reply:
    """What was sent so far."""

    status: int = 0
    size: int = 0
    whole: bool = False


class RequestLog:
    """ASGI middleware, outermost: even what the guards refuse is named, logged and counted."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app = app
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and say afterwards how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = begin(Headers(scope=scope).get(HEADER))
        scope.setdefault("state", {})["request_id"] = name
        began, reply = time.perf_counter(), _Reply()

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                reply.status = message["status"]
                _complete(MutableHeaders(scope=message), name)
            elif message["type"] == "http.response.body":
                reply.size += len(message.get("body", b""))
                reply.whole = not message.get("more_body", False)
            await send(message)

        try:
            await self._guarded(scope, receive, noting, reply)
        finally:
            self._tell(scope, reply, time.perf_counter() - began)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send, reply: _Reply) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception:
            if reply.whole:
                return  # a bug that the application has logged and answered
            _log.exception("unexpected failure in %s %s", scope["method"], scope["path"])
            if reply.status:
                raise
            await unexpected()(scope, receive, send)

    def _tell(self, scope: Scope, reply: _Reply, seconds: float) -> None:
        status = reply.status or HUNG_UP
        route = getattr(scope.get("route"), "path", None)
        self._meters.answered(RequestSeen(scope["method"], route, status, seconds))
        fields = {
            "method": scope["method"],
            "route": route,
            "path": scope["path"][:_PATH_SHOWN],
            "status": status,
            "ms": round(seconds * 1000, 1),
            "bytes": reply.size,
            "caller": _caller(scope),
        }
        well = status < 400 and scope["path"].startswith(_PROBES)
        _log.log(
            logging.DEBUG if well else logging.INFO,
            "%(method)s %(path)s %(status)s %(ms)s ms %(bytes)s bytes to %(caller)s",
            fields,
            extra={"fields": fields},
        )


def _caller(scope: Scope) -> str | None:
    """The name of the caller's token, where the guards have noted one, or the address."""
    token: str | None = getattr(scope["state"].get("access"), "token", None)
    client = scope.get("client")
    return token or (client[0] if client else None)


def _complete(headers: MutableHeaders, name: str) -> None:
    """The headers of every answer. Logs belong into no cache; what has an ETag may be kept, and is
    asked about again before each use (RFC 9111, section 5.2.2).
    """
    headers[HEADER] = name
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Cache-Control", "no-cache" if "etag" in headers else "no-store")
