"""What the official referee asks a server for, added to our own: its tools, resources and prompts.

Every request goes through our builder's server; names that begin with `test` are answered here,
all others by the product's own handlers.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from conformance_tools import (
    IMAGE,
    NOTHING,
    PNG,
    TOOLS,
    Answer,
    Handler,
    asks_user,
    embedded,
    said,
    text,
)
from mcp.server.lowlevel import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.shared.subscriptions import PromptsListChanged, ToolsListChanged
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    CompleteRequestParams,
    CompleteResult,
    Completion,
    EmptyResult,
    GetPromptRequestParams,
    GetPromptResult,
    InputRequiredResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    PromptReference,
    ReadResourceRequestParams,
    ReadResourceResult,
    SetLevelRequestParams,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    UnsubscribeRequestParams,
)

PROMPT_ARGUMENTS = {
    "test_simple_prompt": (),
    "test_prompt_with_arguments": ("arg1", "arg2"),
    "test_prompt_with_embedded_resource": ("resourceUri",),
    "test_prompt_with_image": (),
    "test_input_required_result_prompt": (),
}
TEXTS = {
    "test://static-text": "This is the content of the static text resource.",
    "test://watched-resource": "Watched.",
}


@dataclass
class Fixtures:
    """The referee's names on a server of ours."""

    server: Server[Any]
    bus: InMemorySubscriptionBus = field(default_factory=InMemorySubscriptionBus)

    def __post_init__(self) -> None:
        self.tools = TOOLS | {
            "test_trigger_tool_change": self._changed(ToolsListChanged()),
            "test_trigger_prompt_change": self._changed(PromptsListChanged()),
        }
        self._add()

    def _changed(self, event: Any) -> Handler:
        async def publish(context: Any, params: CallToolRequestParams) -> Answer:
            await self.bus.publish(event)
            return said(text("Told."))

        return publish

    def _add(self) -> None:
        add = self.server.add_request_handler
        own: dict[str, Any] = {
            method: entry.handler
            for method in ("tools/list", "tools/call", "prompts/list", "prompts/get",
                           "resources/list", "resources/templates/list", "resources/read",
                           "completion/complete")
            if (entry := self.server.get_request_handler(method)) is not None
        }  # fmt: skip
        assert len(own) == 8
        self._own = own
        add("tools/list", PaginatedRequestParams, self._list_tools)
        add("tools/call", CallToolRequestParams, self._call_tool)
        add("prompts/list", PaginatedRequestParams, self._list_prompts)
        add("prompts/get", GetPromptRequestParams, self._get_prompt)
        add("resources/list", PaginatedRequestParams, self._list_resources)
        add("resources/templates/list", PaginatedRequestParams, self._list_templates)
        add("resources/read", ReadResourceRequestParams, self._read)
        add("completion/complete", CompleteRequestParams, self._complete)
        add("logging/setLevel", SetLevelRequestParams, self._agree)
        add("resources/subscribe", SubscribeRequestParams, self._agree)
        add("resources/unsubscribe", UnsubscribeRequestParams, self._agree)
        add("subscriptions/listen", SubscriptionsListenRequestParams, ListenHandler(self.bus))
        security = RequestStateSecurity.ephemeral()
        self.server.middleware.append(RequestStateBoundary(security, default_audience="devmesh"))

    async def _agree(self, context: Any, params: Any) -> EmptyResult:
        return EmptyResult()

    async def _list_tools(self, context: Any, params: Any) -> ListToolsResult:
        ours: ListToolsResult = await self._own["tools/list"](context, params)
        arguments = {"test_sampling": "prompt", "test_elicitation": "message"}
        more = []
        for name in self.tools:
            schema = dict(NOTHING)
            if name in arguments:
                schema["properties"] = {arguments[name]: {"type": "string"}}
                schema["required"] = [arguments[name]]
            more.append({"name": name, "description": "For the referee.", "inputSchema": schema})
        return ListToolsResult.model_validate({"tools": [*ours.tools, *more]}, by_name=False)

    async def _call_tool(self, context: Any, params: CallToolRequestParams) -> Any:
        handler = self.tools.get(params.name)
        if handler is None:
            return await self._own["tools/call"](context, params)
        answer = await handler(context, params)
        kind = InputRequiredResult if "resultType" in answer else CallToolResult
        return kind.model_validate(answer, by_name=False)

    async def _list_prompts(self, context: Any, params: Any) -> ListPromptsResult:
        ours: ListPromptsResult = await self._own["prompts/list"](context, params)
        more = [
            {
                "name": name,
                "description": "For the referee.",
                "arguments": [{"name": one, "required": True} for one in arguments],
            }
            for name, arguments in PROMPT_ARGUMENTS.items()
        ]
        return ListPromptsResult.model_validate({"prompts": [*ours.prompts, *more]}, by_name=False)

    async def _get_prompt(self, context: Any, params: GetPromptRequestParams) -> Any:
        given = params.arguments or {}
        if params.name not in PROMPT_ARGUMENTS:
            return await self._own["prompts/get"](context, params)
        if params.name == "test_input_required_result_prompt" and not params.input_responses:
            asked = {"user_context": asks_user("Which context?", context="string")}
            return InputRequiredResult.model_validate({"inputRequests": asked}, by_name=False)
        block = text(f"For testing: {given}")
        if params.name == "test_prompt_with_embedded_resource":
            block = embedded(given["resourceUri"])
        elif params.name == "test_prompt_with_image":
            block = IMAGE
        messages = [{"role": "user", "content": one} for one in (block, text("Please."))]
        return GetPromptResult.model_validate({"messages": messages}, by_name=False)

    async def _list_resources(self, context: Any, params: Any) -> ListResourcesResult:
        ours: ListResourcesResult = await self._own["resources/list"](context, params)
        more = [{"uri": uri, "name": uri} for uri in (*TEXTS, "test://static-binary")]
        whole = {"resources": [*ours.resources, *more]}
        return ListResourcesResult.model_validate(whole, by_name=False)

    async def _list_templates(self, context: Any, params: Any) -> ListResourceTemplatesResult:
        ours: ListResourceTemplatesResult = await self._own["resources/templates/list"](
            context, params
        )
        more = {"uriTemplate": "test://template/{id}/data", "name": "template"}
        whole = {"resourceTemplates": [*ours.resource_templates, more]}
        return ListResourceTemplatesResult.model_validate(whole, by_name=False)

    async def _read(self, context: Any, params: ReadResourceRequestParams) -> Any:
        uri = str(params.uri)
        if uri in TEXTS:
            content = {"uri": uri, "mimeType": "text/plain", "text": TEXTS[uri]}
        elif uri == "test://static-binary":
            content = {"uri": uri, "mimeType": "image/png", "blob": PNG}
        elif uri.startswith("test://template/"):
            key = uri.split("/")[3]
            content = {"uri": uri, "mimeType": "application/json", "text": json.dumps({"id": key})}
        else:
            return await self._own["resources/read"](context, params)
        return ReadResourceResult.model_validate({"contents": [content]}, by_name=False)

    async def _complete(self, context: Any, params: CompleteRequestParams) -> Any:
        if isinstance(params.ref, PromptReference) and params.ref.name in PROMPT_ARGUMENTS:
            return CompleteResult(completion=Completion(values=[], total=0, has_more=False))
        return await self._own["completion/complete"](context, params)
