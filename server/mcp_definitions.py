"""The tools as MCP lists them, in few tokens: a model pays for them in every conversation."""

from typing import Any

from mcp_types import Tool, ToolAnnotations

from server.mcp_tools import MAX_ROWS
from tools.tool import AnyTool

_LEFT_OUT = {"minLength", "maxLength", "minItems", "maxItems", "maxProperties", "format"}
"""Hardly ever met, or said in words; told by the error that meets them."""


def definition(tool: AnyTool) -> Tool:
    """A tool as MCP lists it. Hints that mean nothing for a reading tool are left out.

    The title is among the annotations, where clients of every version of the protocol find it.
    """
    schema = _slim(tool.schema(MAX_ROWS))
    schema.pop("description", None)  # the tool's own says it
    for bound in ("minimum", "maximum"):  # the instructions say them once for all tools
        schema["properties"].get("max_chars", {}).pop(bound, None)
    return Tool(
        name=tool.name,
        description=tool.purpose,
        input_schema=schema,
        annotations=ToolAnnotations(
            title=tool.title,
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
    if branches := schema.get("anyOf"):
        # Of several types the first: many clients know but one, and the others are taken too.
        schema = branches[0] | _without(schema, "anyOf")
    named = schema.get("properties")
    left_out = _LEFT_OUT | {"properties"} | _expected(schema)
    if named or schema.get("description") == " ".join(schema.get("enum", ())):
        left_out |= {"description"}
    slim = {key: _slim(value) for key, value in schema.items() if key not in left_out}
    if "items" in slim:  # of levels, the enum beside it tells the names
        slim["items"] = _without(_without(slim["items"], "enum"), "additionalProperties")
    if named:
        slim["properties"] = {key: _slim(value) for key, value in named.items()}
    return slim


def _expected(schema: dict[str, Any]) -> set[str]:
    """What anybody would expect: a default that is false, nothing or empty, beside a default a
    least value of 0 or 1, and a greatest that no number exact in JavaScript reaches.
    """
    expected = {"default"} if not schema.get("default", True) else set()
    expected |= {"minimum"} if "default" in schema and schema.get("minimum") in {0, 1} else set()
    expected |= {"maximum"} if schema.get("maximum", 0) >= 2**53 else set()
    return expected


def _without(schema: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != key}
