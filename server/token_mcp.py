"""Scopes of MCP messages over HTTP, told before the message is handled.

MCP's authorization asks for HTTP 403 with `insufficient_scope` where a token lacks a scope:
https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization. Whatever slips
through here is refused by the tool itself, as a tool error.
"""

from collections.abc import Iterator
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.challenges import forbidden
from server.mcp_cancel import whole
from tools.access import READ, SCOPES, Access
from tools.catalogue import tool_named
from tools.errors import NotFound

_READING = ("resources/read", "resources/subscribe", "prompts/get", "completion/complete")


class ScopedMcp:
    """The MCP endpoint behind a look at what a message wants, unless its caller may do everything.

    Who may do nothing is here only while the store is away: what needs the store tells of that.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass the message on as it came."""
        access: Access = scope["state"]["access"]
        if access.scopes in {SCOPES, frozenset()} or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        body = await whole(receive)
        lacking = sorted(set(_needed(body)) - access.scopes)
        if lacking:
            await forbidden(scope, Headers(scope=scope), lacking[0])(scope, receive, send)
            return
        await self._app(scope, _replayed(body, receive), send)


def _replayed(body: bytes, receive: Receive) -> Receive:
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return left.pop() if left else await receive()

    return again


def _needed(body: bytes) -> Iterator[str]:
    """The scopes that a message, or each of a batch, needs. What is no message needs none."""
    try:
        said = orjson.loads(body)
    except ValueError:
        return
    for message in said if isinstance(said, list) else [said]:
        if isinstance(message, dict):
            yield from _needed_by(message)


def _needed_by(message: dict[str, Any]) -> Iterator[str]:
    method, params = message.get("method"), message.get("params")
    if method in _READING:
        yield READ
    elif method == "tools/call" and isinstance(params, dict):
        try:
            yield tool_named(str(params.get("name"))).scope
        except NotFound:
            return
