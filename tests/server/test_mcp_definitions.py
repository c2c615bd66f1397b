"""The definitions of all tools cost few tokens, and lose nothing that a caller needs."""

import jsonschema
import orjson
import pytest
from llama_cpp import Llama
from mcp_types import Tool

from server.llm_packaged import packaged_model
from server.mcp_definitions import definition
from server.mcp_tools import model_tools
from tools.tool import AnyTool

BUDGET = 2_500
"""Tokens of all definitions together, by the tokenizer of the packaged SmolLM2."""


def _json(tool: Tool) -> bytes:
    return orjson.dumps(tool.model_dump(mode="json", by_alias=True, exclude_none=True))


def test_all_definitions_stay_within_their_budget() -> None:
    """As they go over the wire, names and braces included."""
    llama = Llama(str(packaged_model()), vocab_only=True, verbose=False)
    costs = {
        tool.name: len(llama.tokenize(_json(definition(tool)), add_bos=False))
        for tool in model_tools()
    }
    assert sum(costs.values()) < BUDGET, costs


@pytest.mark.parametrize("tool", model_tools(), ids=lambda tool: str(tool.name))
def test_a_definition_is_a_schema_of_the_same_arguments(tool: AnyTool) -> None:
    """It names the arguments of the full schema, with the same ones required."""
    slim, full = definition(tool).input_schema, tool.schema(200)
    jsonschema.Draft202012Validator.check_schema(slim)
    assert slim["properties"].keys() == full["properties"].keys()
    assert slim.get("required") == full.get("required")
    assert slim["additionalProperties"] is False
    for name, wanted in full["properties"].items():
        assert slim["properties"][name].get("description") == wanted.get("description")
        assert wanted["description"], name
    assert ("max_chars" in full["properties"]) is not tool.writes
