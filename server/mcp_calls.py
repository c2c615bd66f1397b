"""A tool called over MCP: text and structured content, errors in words, progress meanwhile."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

from mcp_types import CallToolResult, TextContent

from server.mcp_errors import UNEXPECTED, in_words
from server.mcp_tools import LEAST_CHARS, Opens
from tools.errors import DevMeshError
from tools.plain import plain_data
from tools.tool import AnyTool

_log = logging.getLogger(__name__)

_TICK_SECONDS = 1.0


class Session(Protocol):
    """Where progress goes; nowhere, when the client gave no token."""

    async def report_progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Tell the client how far the call is."""


async def called(
    tool: AnyTool, arguments: Mapping[str, Any], opens: Opens, session: Session
) -> CallToolResult:
    """The result of a call: its text and the same as structured content, or an error in words."""
    try:
        async with _progress(tool.name, session):
            result = await tool.call(arguments, await opens())
    except DevMeshError as error:
        return _text(_within(f"{error.code}: {in_words(error)}"), is_error=True)
    except Exception:
        _log.exception("unexpected failure in %s", tool.name)
        return _text(f"internal: {UNEXPECTED}", is_error=True)
    answer = _text("\n".join(tool.lines(result)))
    answer.structured_content = plain_data(result.model_dump(mode="json", exclude_none=True))
    return answer


def _text(text: str, is_error: bool = False) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=is_error)


def _within(text: str) -> str:
    """An error is no longer than the shortest answer that a caller may ask for."""
    kept = text[: LEAST_CHARS - 40]
    return text if len(text) <= LEAST_CHARS else f"{kept}… [+{len(text) - len(kept)} chars]"


@asynccontextmanager
async def _progress(name: str, session: Session) -> AsyncIterator[None]:
    """Tell the seconds that a call has taken, each second, from the first on.

    How long the store will take is not known, so there is no total.
    """
    ticking = asyncio.create_task(_tick(name, session))
    try:
        yield
    finally:
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)


async def _tick(name: str, session: Session) -> None:
    start = time.monotonic()
    while True:
        await asyncio.sleep(_TICK_SECONDS)
        seconds = round(time.monotonic() - start)
        await session.report_progress(seconds, None, f"{name} has been running for {seconds} s")
