"""A tool: one named thing DevMesh can do, the same for every door."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from tools.access import INGEST, READ
from tools.audited import ToolCall, counted, rows_of
from tools.errors import BadArguments, DevMeshError
from tools.ports import Deps

Takes = TypeVar("Takes", bound=BaseModel)
Gives = TypeVar("Gives", bound=BaseModel)

_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Tool(Generic[Takes, Gives]):
    """A name, words for the model, what it takes and gives, and the function that does it.

    `rest_only` names arguments that exist for the sake of REST callers; other doors neither
    show nor take them.
    """

    name: str
    title: str
    purpose: str
    takes: type[Takes]
    gives: type[Gives]
    run: Callable[[Takes, Deps], Awaitable[Gives]]
    lines: Callable[[Gives], list[str]]
    writes: bool = False
    rest_only: frozenset[str] = frozenset()

    @property
    def scope(self) -> str:
        """What a caller must be allowed to do."""
        return INGEST if self.writes else READ

    def schema(self, max_rows: int | None = None) -> dict[str, Any]:
        """JSON Schema of the arguments, without titles; `limit` is capped at `max_rows`."""
        schema: dict[str, Any] = untitled(self.takes.model_json_schema())
        for name in self.rest_only:
            schema["properties"].pop(name)
        limit = schema["properties"].get("limit")
        if limit and max_rows:
            limit["maximum"] = min(limit["maximum"], max_rows)
        return schema

    async def call(self, raw: Mapping[str, Any], deps: Deps) -> Gives:
        """Ask whether it may be, validate, run, answer, and have it audited: the only way in.

        Raises:
            Forbidden: when the caller's token lacks the tool's scope.
            BadArguments: naming each bad argument, its rule and what was given.
        """
        at, began = deps.now(), time.perf_counter()
        outcome, rows = "internal", None
        try:
            deps.caller.access.require(self.scope)
            answer = await self.run(self.read(raw, deps), deps)
            outcome, rows = "ok", rows_of(answer)
            return answer
        except DevMeshError as error:
            outcome = error.code
            raise
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        finally:
            told = counted(raw) if self.writes else raw
            seconds = time.perf_counter() - began
            access = deps.caller.access
            deps.audit(ToolCall(at, self.name, told, access, outcome, rows, seconds))

    def read(self, raw: Mapping[str, Any], deps: Deps) -> Takes:
        """The validated arguments of a call.

        Raises:
            BadArguments: as `call`.
        """
        hidden = frozenset() if deps.caller.rest else self.rest_only
        known = [name for name in self.takes.model_fields if name not in hidden]
        refused = [name for name in raw if name in hidden]
        if refused:
            raise BadArguments(
                [{"field": name, "rule": _unknown(name, known), "value": None} for name in refused]
            )
        try:
            arguments = self.takes.model_validate(dict(raw))
        except ValidationError as error:
            raise BadArguments([problem(one, known) for one in error.errors()]) from error
        limit = getattr(arguments, "limit", 0)
        if limit > deps.caller.max_rows:
            rule = f"must be at most {deps.caller.max_rows}"
            raise BadArguments.one("limit", rule, limit)
        return arguments


AnyTool = Tool[Any, Any]


def problem(detail: Any, known: list[str]) -> dict[str, Any]:
    """One pydantic error as `{field, rule, value}`; `known` are the names that would be allowed."""
    field = _short(".".join(str(part) for part in detail["loc"])) or "arguments"
    kind, given = detail["type"], detail.get("input")
    if kind == "extra_forbidden":
        rule = _unknown(str(detail["loc"][-1]), known)
    elif kind == "missing":
        rule, given = "is required", None
    elif kind in {"enum", "literal_error"}:
        rule = f"must be one of {detail['ctx']['expected'].replace(chr(39), '')}"
    else:
        rule = detail["msg"].removeprefix("Value error, ")
    return {"field": field, "rule": rule, "value": _short(given)}


def _unknown(name: str, known: list[str]) -> str:
    meant = get_close_matches(name, known, 1)
    return (
        f"unknown name{f', did you mean {meant[0]}?' if meant else ''}; allowed: {', '.join(known)}"
    )


def _short(value: object) -> str | None:
    if value is None:
        return None
    try:
        text = value if isinstance(value, str) else repr(value)
    except RecursionError:
        text = f"a {type(value).__name__} nested too deeply"
    text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return text.encode("utf-8", "backslashreplace").decode()


def untitled(schema: Any) -> Any:
    """A JSON Schema without titles and null branches: smaller, and read by more clients."""
    if isinstance(schema, list):
        return [untitled(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    branches = schema.get("anyOf")
    if branches and {"type": "null"} in branches:
        rest = [branch for branch in branches if branch != {"type": "null"}]
        schema = {key: value for key, value in schema.items() if key != "anyOf"}
        schema |= rest[0] if len(rest) == 1 else {"anyOf": rest}
        if schema.get("default", 0) is None:
            del schema["default"]
    named = schema.get("properties")
    result = {key: untitled(value) for key, value in schema.items() if key != "title"}
    if named:
        result["properties"] = {key: untitled(value) for key, value in named.items()}
    return result
