"""The MCP door: the tools over stdio and Streamable HTTP, in both protocol eras.

The low-level server is used so that the definitions are the tools' own: strict arguments,
compact text, and our words for errors.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.lowlevel import Server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    CompleteRequestParams,
    CompleteResult,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    ReadResourceRequestParams,
    ReadResourceResult,
)

from server.callers import access_of
from server.mcp_calls import called
from server.mcp_completion import complete
from server.mcp_definitions import definition
from server.mcp_errors import told_by_protocol
from server.mcp_prompts import TASKS, filled
from server.mcp_resources import RESOURCES, TEMPLATES, read
from server.mcp_tools import Opens, model_caller, model_tool, model_tools
from tools.access import READ, Access
from tools.ports import Caller, Deps

DepsFor = Callable[[Caller], Awaitable[Deps]]

_LISTS = CacheHint(ttl_ms=3_600_000, scope="public")
"""What is listed changes with the program alone."""

_LISTED: tuple[CacheableMethod, ...] = (
    "server/discover",
    "tools/list",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
)


def mcp_server(deps_for: DepsFor, host: str, version: str, instructions: str) -> Server[Any]:
    """An MCP server of the tools. `deps_for` is asked when a call needs it, not before."""
    door = _Door(deps_for, host)
    return Server(
        "devmesh",
        version=version,
        title="DevMesh",
        instructions=instructions,
        cache_hints=dict.fromkeys(_LISTED, _LISTS),
        on_list_tools=door.list_tools,
        on_call_tool=door.call_tool,
        on_list_resources=door.list_resources,
        on_list_resource_templates=door.list_templates,
        on_read_resource=door.read_resource,
        on_list_prompts=door.list_prompts,
        on_get_prompt=door.get_prompt,
        on_completion=door.complete,
    )


class _Door:
    """What answers each of the protocol's requests."""

    def __init__(self, deps_for: DepsFor, host: str) -> None:
        self._deps_for = deps_for
        self._caller = model_caller(host)

    def _access(self, context: Any) -> Access:
        """Of who sent a message: by HTTP whom the guards let in, by stdio this machine's user."""
        by_http = context.request is not None
        return access_of(context.request) if by_http else Access(door="mcp-stdio")

    def _opens(self, context: Any) -> Opens:
        return partial(self._deps_for, replace(self._caller, access=self._access(context)))

    def _reads(self, context: Any) -> Opens:
        """The same for what no tool guards; raises Forbidden too. The store comes first: while it
        is away nobody's token is known.
        """
        opens = self._opens(context)

        async def opened() -> Deps:
            deps = await opens()
            deps.caller.access.require(READ)
            return deps

        return opened

    async def list_tools(self, context: Any, params: Any) -> ListToolsResult:
        return ListToolsResult(tools=[definition(tool) for tool in model_tools()])

    async def call_tool(self, context: Any, params: CallToolRequestParams) -> CallToolResult:
        with told_by_protocol():
            tool = model_tool(params.name)
        return await called(tool, params.arguments or {}, self._opens(context), context.session)

    async def list_resources(self, context: Any, params: Any) -> ListResourcesResult:
        return ListResourcesResult(resources=list(RESOURCES))

    async def list_templates(self, context: Any, params: Any) -> ListResourceTemplatesResult:
        return ListResourceTemplatesResult(resource_templates=list(TEMPLATES))

    async def read_resource(
        self, context: Any, params: ReadResourceRequestParams
    ) -> ReadResourceResult:
        with told_by_protocol(uri=str(params.uri)):
            return await read(str(params.uri), self._reads(context))

    async def list_prompts(self, context: Any, params: Any) -> ListPromptsResult:
        return ListPromptsResult(prompts=[task.listed for task in TASKS])

    async def get_prompt(self, context: Any, params: GetPromptRequestParams) -> GetPromptResult:
        with told_by_protocol():
            return filled(params.name, params.arguments or {})

    async def complete(self, context: Any, params: CompleteRequestParams) -> CompleteResult:
        with told_by_protocol():
            return CompleteResult(completion=await complete(params, self._reads(context)))
