"""What every HTTP request passes first: Host, Origin, token and size, on every route alike."""

import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.problems import problem_response
from tools.errors import TooLarge

MAX_BODY = 16 * 1024 * 1024
"""Bytes of a request body, as sent."""

_RULE = f"a body may have at most {MAX_BODY} bytes"
_LOCAL = ("127.0.0.1", "localhost", "[::1]")
_OPEN_PATHS = ("/health",)


class Guards:
    """ASGI middleware against DNS rebinding, cross-site calls, strangers and endless bodies.

    `hosts` are further names under which clients may reach us. A request with an Origin must
    come from one of the same hosts. With a `token`, every route but /health asks for it.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = (), token: str | None = None) -> None:
        self._app = app
        self._hosts = {host.lower() for host in (*_LOCAL, *hosts)}
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass the request on with its body counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(Headers(scope=scope), scope["path"])
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self._counted(scope, receive, send)

    def _refusal(self, headers: Headers, path: str) -> Response | None:
        if _name(headers.get("host", "")) not in self._hosts:
            detail = "this Host is not ours; set DEVMESH_ALLOWED_HOSTS to the names in use"
            return problem_response(421, "unknown_host", detail)
        origin = headers.get("origin")
        if origin is not None and _name(urlsplit(origin).netloc) not in self._hosts:
            return problem_response(403, "foreign_origin", "requests from other sites are refused")
        if not self._admitted(headers, path):
            ask = {"WWW-Authenticate": 'Bearer realm="devmesh"'}
            detail = "send Authorization: Bearer with the server's DEVMESH_TOKEN"
            return problem_response(401, "unauthorized", detail, ask)
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > MAX_BODY:
            return _too_large()
        return None

    def _admitted(self, headers: Headers, path: str) -> bool:
        if self._token is None or path in _OPEN_PATHS:
            return True
        kind, _, given = headers.get("authorization", "").partition(" ")
        same = hmac.compare_digest(given.strip().encode(), self._token.encode())
        return kind.lower() == "bearer" and same

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


def _name(authority: str) -> str:
    """The host of `host:port`, brackets of IPv6 kept."""
    if authority.startswith("["):
        return authority[: authority.find("]") + 1].lower()
    return authority.partition(":")[0].lower()


def _too_large() -> Response:
    return problem_response(413, TooLarge.code, _RULE)
