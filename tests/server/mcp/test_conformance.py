"""The official referee of the protocol, over our builder, our guards and the SDK's transport."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from conformance_fixtures import Fixtures
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from starlette.applications import Starlette
from starlette.routing import Route

from server.app import Home
from server.guards import Guards
from server.http_app import book_for
from server.mcp_door import mcp_server

Run = Callable[..., Awaitable[tuple[int, str, str]]]


@asynccontextmanager
async def _refereed(home: Home) -> AsyncIterator[str]:
    """Our MCP server with the referee's names beside its own.

    With sessions, unlike the product: fixtures of the older protocol ask the client back.
    """
    server = mcp_server(home.deps, "here", "1", "For the referee.")
    Fixtures(server)
    sessions = StreamableHTTPSessionManager(app=server)
    place = socket.create_server(("127.0.0.1", 0))
    app = Starlette(
        routes=[Route("/mcp", endpoint=StreamableHTTPASGIApp(sessions))],
        lifespan=lambda app: sessions.run(),
    )
    config = uvicorn.Config(
        Guards(app, book_for(home)), log_config=None, access_log=False, lifespan="on"
    )
    config.timeout_graceful_shutdown = 1
    serving = uvicorn.Server(config)
    task = asyncio.create_task(serving.serve(sockets=[place]))
    while not serving.started:
        await asyncio.sleep(0.01)
    yield f"http://localhost:{place.getsockname()[1]}/mcp"
    serving.should_exit = True
    await task
    place.close()


@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
async def test_the_referee_finds_nothing_amiss(
    node_programs: Path, ran: Run, home: Home, tmp_path: Path, revision: str
) -> None:
    """Every scenario that the revision of the protocol requires passes."""
    async with _refereed(home) as url:
        asked = ("server", "--url", url, "--requirements", revision, "-o", str(tmp_path / "out"))
        status, told, errors = await ran(node_programs / "conformance", *asked)
    assert status == 0, told.rpartition("=== SUMMARY ===")[2] + errors
