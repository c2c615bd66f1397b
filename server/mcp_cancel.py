"""`notifications/cancelled` over HTTP without sessions: the call that it names is given up.

Clients of the handshake protocol send it in a request of its own. Of the call itself only its
connection is known here, so `initialize` hands out a session's id that is a mere name: no state
belongs to it, any process serves it, and the one that runs the call can find it by that name.
Clients of 2026-07-28 close the connection instead.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SESSION = "mcp-session-id"


class Cancellable:
    """ASGI middleware: a cancelled call sees its client hang up, and ends as it does then."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._running: dict[tuple[str, str], asyncio.Event] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; note which call of which session it is."""
        headers = Headers(scope=scope)
        version = headers.get("mcp-protocol-version")
        if scope.get("method") != "POST" or version in MODERN_PROTOCOL_VERSIONS:
            await self._app(scope, receive, send)
            return
        body = await whole(receive)
        message = _read(body)
        session, key = headers.get(_SESSION, ""), message.get("id")
        if message.get("method") == "initialize":
            send = _naming_a_session(send)
        elif message.get("method") == "notifications/cancelled":
            self._cancel(session, message.get("params"))
        async with self._noted(session, key) as cancelled:
            answer = _Answer(send)
            await self._app(scope, _Body(body, receive, cancelled), answer)
            if cancelled.is_set():
                await answer.end()

    def _cancel(self, session: str, params: Any) -> None:
        key = params.get("requestId") if isinstance(params, dict) else None
        if (running := self._running.get((session, repr(key)))) is not None:
            running.set()

    @asynccontextmanager
    async def _noted(self, session: str, key: object) -> AsyncIterator[asyncio.Event]:
        cancelled, place = asyncio.Event(), (session, repr(key))
        if session and key is not None:
            self._running.setdefault(place, cancelled)
        try:
            yield cancelled
        finally:
            if self._running.get(place) is cancelled:
                del self._running[place]


class _Body:
    """The request's body again, then whatever comes first: the client's end or a cancellation."""

    def __init__(self, body: bytes, receive: Receive, cancelled: asyncio.Event) -> None:
        self._body: bytes | None = body
        self._receive, self._cancelled = receive, cancelled

    async def __call__(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        hearing = asyncio.ensure_future(self._receive())
        stopping = asyncio.ensure_future(self._cancelled.wait())
        try:
            await asyncio.wait({hearing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return hearing.result() if hearing.done() else {"type": "http.disconnect"}
        finally:
            hearing.cancel()
            stopping.cancel()


class _Answer:
    """An answer that can be ended where it is: a call given up gets no result."""

    def __init__(self, send: Send) -> None:
        self._send, self._open = send, False

    async def __call__(self, message: Message) -> None:
        self._open = bool(message.get("more_body", message["type"] == "http.response.start"))
        await self._send(message)

    async def end(self) -> None:
        """Close it, if it has begun and not ended."""
        if self._open:
            await self({"type": "http.response.body", "body": b"", "more_body": False})


def _naming_a_session(send: Send) -> Send:
    async def named(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            MutableHeaders(scope=message).setdefault(_SESSION, secrets.token_hex(16))
        await send(message)

    return named


async def whole(receive: Receive) -> bytes:
    """All of a request's body; the guards have bounded it."""
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _read(body: bytes) -> dict[str, Any]:
    """The message in a body; what is none, others will refuse."""
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return message if isinstance(message, dict) else {}
