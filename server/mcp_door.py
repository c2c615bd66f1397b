"""The MCP door: the tools over stdio and Streamable HTTP, in both protocol eras.

The low-level server is used so that the definitions are the tools' own: strict arguments,
compact text, and our words for errors.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    CallToolRequestParams,
    CallToolResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    ReadResourceRequestParams,
    ReadResourceResult,
    TextContent,
)

from server.callers import access_of
from server.mcp_definitions import MAX_ROWS, definition
from server.mcp_logs import LOG_TEMPLATE, read_log
from tools.access import READ, Access
from tools.catalogue import TOOLS, tool_named
from tools.errors import DevMeshError, Forbidden, NotFound
from tools.plain import clean
from tools.ports import Caller, Deps
from tools.tool import AnyTool

_log = logging.getLogger(__name__)

MAX_MESSAGE = 400
MAX_CHARS = 8_000

DepsFor = Callable[[Caller], Awaitable[Deps]]


def mcp_server(deps_for: DepsFor, host: str, version: str, instructions: str) -> Server[Any]:
    """An MCP server of the tools. `deps_for` is asked when a tool is called, not before."""
    known = Caller(host=host, max_rows=MAX_ROWS, max_message=MAX_MESSAGE, max_chars=MAX_CHARS)

    def caller(context: Any) -> Caller:
        """Who sent a message: by HTTP whom the guards let in, by stdio the user of this machine."""
        by_http = context.request is not None
        access = access_of(context.request) if by_http else Access(door="mcp-stdio")
        return replace(known, access=access)

    async def list_tools(context: Any, params: Any) -> ListToolsResult:
        return ListToolsResult(tools=[definition(tool) for tool in TOOLS])

    async def call_tool(context: Any, params: CallToolRequestParams) -> CallToolResult:
        try:
            tool = tool_named(params.name)
        except NotFound as error:
            raise MCPError(INVALID_PARAMS, str(error)) from error
        return await _called(tool, params.arguments or {}, deps_for, caller(context))

    async def list_templates(context: Any, params: Any) -> ListResourceTemplatesResult:
        return ListResourceTemplatesResult(resource_templates=[LOG_TEMPLATE])

    async def read_resource(context: Any, params: ReadResourceRequestParams) -> ReadResourceResult:
        asking = caller(context)
        if READ not in asking.access.scopes:
            raise MCPError(INVALID_REQUEST, str(Forbidden(READ)))
        return await read_log(str(params.uri), await deps_for(asking))

    return Server(
        "devmesh",
        version=version,
        title="DevMesh",
        instructions=instructions,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
    )


async def _called(
    tool: AnyTool, arguments: dict[str, Any], deps_for: DepsFor, caller: Caller
) -> CallToolResult:
    try:
        result = await tool.call(arguments, await deps_for(caller))
    except DevMeshError as error:
        text = clean(f"{error.code}: {error}")
        return CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)
    return CallToolResult(
        content=[TextContent(type="text", text="\n".join(tool.lines(result)))],
        structured_content=result.model_dump(mode="json", exclude_none=True),
    )
