"""The MCP resource `devmesh://logs/{id}`: one whole event, where a page shows its beginning."""

import re

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, ReadResourceResult, ResourceTemplate, TextResourceContents

from tools.plain import clean
from tools.ports import Deps

LOG_TEMPLATE = ResourceTemplate(
    name="log",
    title="One log event",
    uri_template="devmesh://logs/{id}",
    description="A whole event with its meta_json; the id is the #id of an answer.",
    mime_type="application/json",
)
_URI = re.compile(r"devmesh://logs/(\d{1,19})")


async def read_log(uri: str, deps: Deps) -> ReadResourceResult:
    """The event behind the URI as JSON, its message without control codes.

    Raises:
        MCPError: INVALID_PARAMS with the URI, when there is no such event.
    """
    match = _URI.fullmatch(uri)
    event = await deps.store.event(int(match[1])) if match else None
    if event is None:
        raise MCPError(INVALID_PARAMS, "there is no such resource", {"uri": uri})
    shown = event.model_copy(update={"message": clean(event.message)})
    # Control codes inside meta_json leave as JSON escapes; nothing raw reaches a terminal.
    text = shown.model_dump_json(exclude_none=True)
    contents = TextResourceContents(uri=uri, mime_type="application/json", text=text)
    return ReadResourceResult(contents=[contents])
