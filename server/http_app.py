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
from server.guards import MAX_BODY, Guards
from server.mcp_cancel import Cancellable
from server.mcp_door import mcp_server
from server.meters import Meters
from server.otlp_door import add_otlp
from server.otlp_errors import OtlpErrors
from server.request_log import RequestLog
from server.rest_door import rest_app
from server.settings import ServerSettings, this_host
from server.version import VERSION


def http_app(home: Home) -> ASGIApp:
    """REST at its names and MCP at /mcp, over the parts of `home`."""
    settings = home.settings
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

    meters = Meters()
    app = rest_app(home, meters, lifespan)
    add_ask(app, home, meters)
    add_otlp(app, home, meters)
    app.router.routes.append(Route("/mcp", endpoint=Cancellable(StreamableHTTPASGIApp(sessions))))
    guarded = Guards(app, allowed_names(settings), settings.bearer_token)
    return RequestLog(OtlpErrors(guarded), meters)


def allowed_names(settings: ServerSettings) -> tuple[str, ...]:
    """Host names that requests may carry: those set, and the address we are bound to."""
    own = () if settings.host in {"0.0.0.0", "::"} else (settings.host,)  # noqa: S104
    return (*settings.allowed_hosts, *own)
