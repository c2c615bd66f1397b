"""A tool's schema, and how its arguments are read."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tools.catalogue import TOOLS, tool_named
from tools.errors import BadArguments, NotFound
from tools.ports import Caller, Deps
from tools.query_logs import QUERY_LOGS
from tools.tool import AnyTool, problem, untitled

MakeDeps = Callable[[Caller], Deps]
MODEL = Caller(max_rows=200)
REST = Caller(rest=True)


def objects(schema: Any) -> list[dict[str, Any]]:
    """Every object within a schema."""
    if isinstance(schema, list):
        return [found for item in schema for found in objects(item)]
    if not isinstance(schema, dict):
        return []
    return [schema, *(found for item in schema.values() for found in objects(item))]


def refusal(tool: AnyTool, raw: dict[str, Any], deps: Deps) -> list[dict[str, Any]]:
    """The problems that a call is refused with."""
    with pytest.raises(BadArguments) as refused:
        tool.read(raw, deps)
    return refused.value.problems


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_schemas_are_strict_and_small(tool: AnyTool) -> None:
    """No titles, no null branches, no unknown names; arguments all have a type."""
    schema = tool.schema()
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    for found in objects(schema):
        assert not isinstance(found.get("title"), str)
        assert {"type": "null"} not in (found.get("anyOf") or [])
    for name, told in schema["properties"].items():
        assert {"type", "anyOf", "$ref", "allOf"} & told.keys(), name
    assert not tool.rest_only & schema["properties"].keys()
    assert tool.rest_only <= tool.takes.model_fields.keys()


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_limits_are_capped_per_door(tool: AnyTool) -> None:
    """A door that gives fewer rows says so in the schema, and never more than the tool has."""
    own = tool.schema()["properties"].get("limit")
    if own is None:
        return
    assert tool.schema(50)["properties"]["limit"]["maximum"] == 50
    assert tool.schema(10**6)["properties"]["limit"] == own


def test_the_catalogue() -> None:
    """Names are unique and found; an unknown one is told which there are."""
    assert len({tool.name for tool in TOOLS}) == len(TOOLS)
    for tool in TOOLS:
        assert tool_named(tool.name) is tool
        assert tool.title and tool.purpose.endswith(".")
        assert tool.writes == tool.name.startswith("ingest_")
    with pytest.raises(NotFound, match="query_logs"):
        tool_named("drop_table")


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_unknown_arguments_are_named(tool: AnyTool, deps_for: MakeDeps) -> None:
    """An argument that does not exist is refused by its name, with those that do."""
    problems = refusal(tool, {"colour": "red"}, deps_for(MODEL))
    [told] = [entry for entry in problems if entry["field"] == "colour"]
    assert told["value"] == "red"
    assert next(iter(tool.takes.model_fields)) in told["rule"]


def test_hidden_arguments_do_not_exist_elsewhere(deps_for: MakeDeps) -> None:
    """What is for REST alone is unknown to other doors."""
    [told] = refusal(QUERY_LOGS, {"offset": 5}, deps_for(MODEL))
    assert told["field"] == "offset"
    assert "allowed: service" in told["rule"] and "offset" not in told["rule"]
    assert QUERY_LOGS.read({"offset": 5}, deps_for(REST)).offset == 5


@pytest.mark.parametrize(
    "raw", [{"level": "loud"}, {"level": ["ERROR", "loud"]}, {"min_level": "loud"}]
)
def test_a_bad_level_is_told_the_levels(raw: dict[str, Any], deps_for: MakeDeps) -> None:
    """Whoever names a level that does not exist is told the six that do."""
    [told] = refusal(QUERY_LOGS, raw, deps_for(MODEL))
    assert told["field"].startswith(next(iter(raw)))
    assert told["rule"] == "must be one of DEBUG, INFO, WARN, ERROR, CRITICAL or FATAL"
    assert told["value"] == "loud"


def test_every_bad_argument_is_told(deps_for: MakeDeps) -> None:
    """All that is wrong is said at once, each with its rule."""
    raw = {"level": "loud", "limit": 0, "order": "random", "nonsense": 1, "service": ""}
    told = {entry["field"]: entry["rule"] for entry in refusal(QUERY_LOGS, raw, deps_for(MODEL))}
    assert set(told) == {"level.0", "limit", "order", "nonsense", "service"}
    assert all(told.values())


def test_more_rows_than_the_door_gives(deps_for: MakeDeps) -> None:
    """A limit over the caller's is refused with that limit."""
    [told] = refusal(QUERY_LOGS, {"limit": 201}, deps_for(MODEL))
    assert (told["field"], told["rule"]) == ("limit", "must be at most 200")
    assert QUERY_LOGS.read({"limit": 201}, deps_for(REST)).limit == 201


def test_levels_in_many_forms(deps_for: MakeDeps) -> None:
    """Levels come as one name, several in a string, or a list, by any usual name."""
    for given_level in ("error,WARNING", ["err", "warn"], " Error , warn "):
        assert QUERY_LOGS.read({"level": given_level}, deps_for(MODEL)).level == ["ERROR", "WARN"]


def test_missing_arguments(deps_for: MakeDeps) -> None:
    """A required argument that is not given is said to be required."""
    [told] = refusal(tool_named("similar_logs"), {}, deps_for(MODEL))
    assert told == {"field": "text", "rule": "is required", "value": None}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
_NAMES = sorted({name for tool in TOOLS for name in tool.takes.model_fields})


@given(
    st.sampled_from(TOOLS),
    st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=10), values, max_size=5),
)
def test_any_arguments_are_read_or_refused(tool: AnyTool, raw: dict[str, Any]) -> None:
    """Any arguments are valid or a BadArguments whose problems name field and rule."""
    try:
        read = tool.takes.model_validate(raw)
    except ValidationError as error:
        told = [problem(one, ["a"]) for one in error.errors()]
        assert told and all(entry["field"] and entry["rule"] for entry in told)
        assert all(len(entry["value"] or "") <= 121 for entry in told)
    else:
        assert isinstance(read, tool.takes)


def test_a_problem_is_short_and_can_be_sent() -> None:
    """Names and values of a refusal are cut, and hold nothing that UTF-8 cannot."""
    detail = {"loc": ("k" * 9999,), "type": "extra_forbidden", "input": "\ud800" * 9999}
    told = problem(detail, ["a", "b"])
    assert told["rule"] == "unknown name; allowed: a, b"
    assert len(told["field"]) <= 121
    assert told["value"].encode()


def test_untitled_keeps_a_property_named_title() -> None:
    """Only the schema's own titles go: a property may be called title."""
    schema = {"title": "X", "properties": {"title": {"title": "Title", "type": "string"}}}
    assert untitled(schema) == {"properties": {"title": {"type": "string"}}}
