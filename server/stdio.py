"""`devmesh mcp`: MCP over stdio, ending cleanly on EOF, SIGINT and SIGTERM alike."""

import asyncio
import logging
import os
import signal
import sys

from mcp.server.stdio import stdio_server

from prompts.prompt import prompt
from server.app import Home, home
from server.mcp_door import mcp_server
from server.settings import ServerSettings, this_host
from tools.ports import Caller, Deps

_log = logging.getLogger(__name__)


async def serve_stdio(settings: ServerSettings, version: str) -> None:
    """Serve one client; the database and the embedder are reached when a call needs them."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with home(settings) as parts:
        serving = asyncio.create_task(_serve(parts, version))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
    if not serving.done():
        # The SDK's reader thread sits in a blocking read of stdin that nothing can interrupt;
        # everything of ours is closed, so the process may go.
        sys.stderr.flush()
        os._exit(0)


async def _serve(parts: Home, version: str) -> None:
    async def deps(caller: Caller) -> Deps:
        return await parts.deps(caller)

    server = mcp_server(deps, this_host(), version, prompt("instructions"))
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())
