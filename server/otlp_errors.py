"""Refusals on OTLP's paths as google.rpc.Status, in the encoding of the request.

OTLP asks for it on every 4xx and 5xx (https://opentelemetry.io/docs/specs/otlp/#failures-1), so it
is done around everything: what the guards refuse comes in the same form as the door's own refusals.
Who sends neither of OTLP's encodings gets the problem document as it is.
"""

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.otlp_bodies import encoding_of, written
from server.problems import PROBLEM_JSON

_PATHS = "/v1/"
_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 413: 3, 415: 3, 422: 3, 429: 8, 503: 14, 504: 4}
"""google.rpc.Code by HTTP status; clients of OTLP/HTTP go by the status itself."""
_INTERNAL = 13


class OtlpErrors:
    """ASGI middleware that writes problem documents anew where OTLP is spoken."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or not scope["path"].startswith(_PATHS):
            await self._app(scope, receive, send)
            return
        encoding = encoding_of(Headers(scope=scope).get("content-type", ""))
        if encoding is None:
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Rewriting(send, encoding))


class _Rewriting:
    """A `send` that holds a problem document back until it is whole."""

    def __init__(self, send: Send, encoding: str) -> None:
        self._send = send
        self._encoding = encoding
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        """Send a message, or write it anew."""
        if message["type"] == "http.response.start" and _is_problem(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._rewrite(self._start)

    async def _rewrite(self, start: Message) -> None:
        body = written(_status(start["status"], self._body), self._encoding)
        headers = MutableHeaders(scope=start)
        headers["Content-Type"] = self._encoding
        headers["Content-Length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _is_problem(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type") == PROBLEM_JSON


def _status(status: int, document: bytes) -> object:
    from google.rpc.status_pb2 import Status

    problem = orjson.loads(document)
    return Status(
        code=_CODES.get(status, _INTERNAL), message=f"{problem['code']}: {problem['detail']}"
    )
