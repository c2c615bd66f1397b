"""The tools that the official referee calls: content of every kind, and questions to the client."""

import asyncio
import json
import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from mcp import MCPDeprecationWarning
from mcp.shared.exceptions import MCPError
from mcp_types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CallToolRequestParams,
    ElicitResult,
    SamplingMessage,
    TextContent,
)

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA="
IMAGE = {"type": "image", "data": PNG, "mimeType": "image/png"}
NOTHING: dict[str, Any] = {"type": "object", "properties": {}}

Answer = dict[str, Any]
Handler = Callable[[Any, CallToolRequestParams], Awaitable[Answer]]


def text(words: str) -> Answer:
    """A block of text."""
    return {"type": "text", "text": words}


def embedded(uri: str) -> Answer:
    """A resource within an answer."""
    resource = {"uri": uri, "mimeType": "text/plain", "text": "An embedded resource."}
    return {"type": "resource", "resource": resource}


def said(*blocks: Answer) -> Answer:
    """A tool's result."""
    return {"content": list(blocks)}


def asks_user(message: str, **properties: str) -> Answer:
    """A request to fill in a form."""
    schema = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in properties.items()},
        "required": list(properties),
    }
    params = {"mode": "form", "message": message, "requestedSchema": schema}
    return {"method": "elicitation/create", "params": params}


def asks_model(words: str) -> Answer:
    """A request to have a model go on."""
    messages = [{"role": "user", "content": text(words)}]
    return {
        "method": "sampling/createMessage",
        "params": {"messages": messages, "maxTokens": 100},
    }


ASKS_ROOTS: Answer = {"method": "roots/list", "params": {}}


@dataclass(frozen=True)
class Rounds:
    """A tool that first asks for more: by round what it asks for, with a state that is echoed."""

    rounds: tuple[dict[str, Answer], ...]
    stateful: bool = False

    async def __call__(self, context: Any, params: CallToolRequestParams) -> Answer:
        given = params.input_responses or {}
        done = int(params.request_state or 0) if self.stateful else 0
        wanted = self.rounds[done]
        if wanted.keys() <= given.keys():
            done += 1
        if done == len(self.rounds) or (not self.stateful and done):
            return said(text(f"state-ok: {sorted(given)}"))
        state = {"requestState": str(done)} if self.stateful else {}
        return {"resultType": "input_required", "inputRequests": self.rounds[done], **state}


async def with_logging(context: Any, params: CallToolRequestParams) -> Answer:
    """Three log messages while it runs."""
    for words in ("started", "processing", "completed"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MCPDeprecationWarning)
            await context.session.send_log_message(
                "info", words, related_request_id=context.request_id
            )
        await asyncio.sleep(0.05)
    return said(text("Logged."))


async def with_progress(context: Any, params: CallToolRequestParams) -> Answer:
    """Progress at 0, 50 and 100."""
    for step in (0, 50, 100):
        await context.session.report_progress(step, 100, f"{step} of 100")
        await asyncio.sleep(0.05)
    return said(text("Done."))


async def sampling(context: Any, params: CallToolRequestParams) -> Answer:
    """Has the client's model answer."""
    words = (params.arguments or {})["prompt"]
    message = SamplingMessage(role="user", content=TextContent(type="text", text=words))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MCPDeprecationWarning)
        reply = await context.session.create_message(
            [message], max_tokens=100, related_request_id=context.request_id
        )
    return said(text(f"LLM response: {reply.content.text}"))


def eliciting(properties: dict[str, Any]) -> Handler:
    """A tool that has the user fill in a form of these fields."""

    async def ask(context: Any, params: CallToolRequestParams) -> Answer:
        message = (params.arguments or {}).get("message", "Please fill in")
        schema = {"type": "object", "properties": properties}
        result: ElicitResult = await context.session.elicit_form(
            message, schema, related_request_id=context.request_id
        )
        return said(text(f"action={result.action}, content={json.dumps(result.content)}"))

    return ask


async def streaming_elicitation(context: Any, params: CallToolRequestParams) -> Answer:
    """Asks within its result, never by a request of its own."""
    return await Rounds(({"user_name": asks_user("Name?", name="string")},))(context, params)


async def missing_capability(context: Any, params: CallToolRequestParams) -> Answer:
    """Needs what the client has not declared."""
    capabilities = context.session.client_capabilities
    if capabilities is None or capabilities.sampling is None:
        data: dict[str, Any] = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, "needs sampling", data)
    return said(text("There."))


async def by_capability(context: Any, params: CallToolRequestParams) -> Answer:
    """Asks only by what the client declared."""
    capabilities = context.session.client_capabilities
    asked = {}
    if capabilities and capabilities.sampling is not None:
        asked["model"] = asks_model("Hello?")
    if capabilities and capabilities.elicitation is not None:
        asked["user"] = asks_user("Hello?", name="string")
    return await Rounds((asked,))(context, params)


async def failing(context: Any, params: CallToolRequestParams) -> Answer:
    """Fails in words."""
    return {**said(text("This tool intentionally returns an error")), "isError": True}


def giving(*blocks: Answer) -> Handler:
    """A tool that always answers the same."""

    async def give(context: Any, params: CallToolRequestParams) -> Answer:
        return said(*blocks)

    return give


def enum(*values: str) -> Answer:
    """A choice of one."""
    return {"type": "string", "enum": list(values)}


TITLED = [{"const": "value1", "title": "First"}, {"const": "value2", "title": "Second"}]
DEFAULTS = {
    "name": {"type": "string", "default": "John Doe"},
    "age": {"type": "integer", "default": 30},
    "score": {"type": "number", "default": 95.5},
    "status": enum("active", "inactive", "pending") | {"default": "active"},
    "verified": {"type": "boolean", "default": True},
}
ENUMS = {
    "untitledSingle": enum("option1", "option2", "option3"),
    "titledSingle": {"type": "string", "oneOf": TITLED},
    "legacyEnum": enum("opt1", "opt2") | {"enumNames": ["Option One", "Option Two"]},
    "untitledMulti": {"type": "array", "items": enum("option1", "option2", "option3")},
    "titledMulti": {"type": "array", "items": {"anyOf": TITLED}},
}
NAME = asks_user("What is your name?", name="string")
CONFIRM = asks_user("Please confirm", ok="boolean")
COLOR = asks_user("What is your favorite color?", color="string")

TOOLS: dict[str, Handler] = {
    "test_simple_text": giving(text("This is a simple text response for testing.")),
    "test_image_content": giving(IMAGE),
    "test_audio_content": giving({"type": "audio", "data": WAV, "mimeType": "audio/wav"}),
    "test_embedded_resource": giving(embedded("test://embedded-resource")),
    "test_multiple_content_types": giving(text("Many:"), IMAGE, embedded("test://mixed")),
    "test_tool_with_logging": with_logging,
    "test_logging_tool": with_logging,
    "test_tool_with_progress": with_progress,
    "test_error_handling": failing,
    "test_sampling": sampling,
    "test_elicitation": eliciting({"username": {"type": "string"}, "email": {"type": "string"}}),
    "test_elicitation_sep1034_defaults": eliciting(DEFAULTS),
    "test_elicitation_sep1330_enums": eliciting(ENUMS),
    "test_streaming_elicitation": streaming_elicitation,
    "test_missing_capability": missing_capability,
    "test_input_required_result_capabilities": by_capability,
    "test_input_required_result_elicitation": Rounds(({"user_name": NAME},)),
    "test_input_required_result_sampling": Rounds(({"capital": asks_model("Capital?")},)),
    "test_input_required_result_list_roots": Rounds(({"client_roots": ASKS_ROOTS},)),
    "test_input_required_result_request_state": Rounds(({"confirm": CONFIRM},), True),
    "test_input_required_result_tampered_state": Rounds(({"confirm": CONFIRM},), True),
    "test_input_required_result_multi_round": Rounds(({"step1": NAME}, {"step2": COLOR}), True),
    "test_input_required_result_multiple_inputs": Rounds(
        ({"user_name": NAME, "greeting": asks_model("Hi"), "client_roots": ASKS_ROOTS},), True
    ),
}  # fmt: skip
