"""The HTTP application: REST and MCP on one port, behind the same guards."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from starlette.routing import Route
from starlette.types import ASGIApp

from prompts.prompt import prompt
from server.app import Home
from server.ask_door import add_ask
from server.asking import agent_for
from server.challenges import add_metadata
from server.guards import MAX_BODY, Guards
from server.mcp_cancel import Cancellable
from server.mcp_door import mcp_server
from server.meters import Meters
from server.otlp_door import add_otlp
from server.otlp_errors import OtlpErrors
from server.request_log import RequestLog
from server.rest_door import rest_app
from server.settings import ServerSettings, this_host
from server.token_book import TokenBook
from server.token_mcp import ScopedMcp
from server.version import VERSION


def http_app(home: Home, book: TokenBook | None = None) -> ASGIApp:
    """REST at its names and MCP at /mcp, over the parts of `home`, for the holders in `book`."""
    settings = home.settings
    tokens = book or book_for(home)
    server = mcp_server(home.deps, this_host(), VERSION, prompt("instructions"))
    # No tool takes an argument from a header, so there is no need to list them all at each call.
    server.get_tool_input_schema = lambda name: None
    # Stateless and streaming: any request can be served by any process, and a client that goes
    # away cancels its call. With JSON replies the call would run on.
    sessions = StreamableHTTPSessionManager(
        app=server, json_response=False, stateless=True, max_request_body_size=MAX_BODY
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with sessions.run(), agent_for(settings) as agent:
            app.state.agent = agent
            yield
        await tokens.close()

    meters = Meters()
    app = rest_app(home, meters, lifespan)
    add_ask(app, home, meters)
    add_otlp(app, home, meters)
    add_metadata(app)
    mcp = ScopedMcp(Cancellable(StreamableHTTPASGIApp(sessions)))
    app.router.routes.append(Route("/mcp", endpoint=mcp))
    guarded = Guards(app, tokens, allowed_names(settings), *settings.rates)
    return RequestLog(OtlpErrors(guarded), meters)


def book_for(home: Home) -> TokenBook:
    """The tokens that open the server. One that other machines reach is never open to all."""
    settings = home.settings
    return TokenBook(home, home.now, settings.bearer_token, always=not settings.loopback_only)


def allowed_names(settings: ServerSettings) -> tuple[str, ...]:
    """Host names that requests may carry: those set, and the address we are bound to."""
    own = () if settings.host in {"0.0.0.0", "::"} else (settings.host,)  # noqa: S104
    return (*settings.allowed_hosts, *own)
