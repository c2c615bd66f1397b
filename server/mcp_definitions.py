"""The tools as MCP lists them, in few tokens: a model pays for them in every conversation."""

from typing import Any

from mcp_types import Tool, ToolAnnotations

from tools.tool import AnyTool

MAX_ROWS = 200
"""The most rows in one answer over MCP."""

_LEFT_OUT = {"minLength", "maxLength", "minItems", "maxItems", "maxProperties", "format"}
"""Hardly ever met, or said in words; told by the error that meets them."""


def definition(tool: AnyTool) -> Tool:
    """A tool as MCP lists it. Hints that mean nothing for a reading tool are left out."""
    schema = _slim(tool.schema(MAX_ROWS))
    schema.pop("description", None)  # the tool's own says it
    return Tool(
        name=tool.name,
        title=tool.title,
        description=tool.purpose,
        input_schema=schema,
        annotations=ToolAnnotations(
            read_only_hint=not tool.writes,
            destructive_hint=False if tool.writes else None,
            idempotent_hint=True if tool.writes else None,
            open_world_hint=False,
        ),
    )


def _slim(schema: Any) -> Any:
    """A JSON Schema without sizes and without the descriptions of its objects."""
    if isinstance(schema, list):
        return [_slim(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    branches = schema.get("anyOf", ())
    if branches and all(branch.keys() == {"type"} for branch in branches):
        return {"type": [branch["type"] for branch in branches]} | _slim(_without(schema, "anyOf"))
    named = schema.get("properties")
    left_out = _LEFT_OUT | {"properties"} | ({"description"} if named else set())
    if not schema.get("default", True):
        left_out |= {"default"}  # false, nothing or empty, as anybody would expect
    slim = {key: _slim(value) for key, value in schema.items() if key not in left_out}
    if named:
        slim["properties"] = {key: _slim(value) for key, value in named.items()}
    return slim


def _without(schema: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != key}
