"""The tools as models call them over MCP: with one argument more, the size of the answer."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cache
from typing import Annotated, Any

from pydantic import Field, create_model

from tools.catalogue import TOOLS
from tools.errors import NotFound
from tools.ports import Caller, Deps
from tools.tool import AnyTool

MAX_ROWS = 200
"""The most rows in one answer over MCP."""

MAX_MESSAGE = 400
"""Characters of a message; the rest is the resource that the row names."""

DEFAULT_CHARS, LEAST_CHARS, MOST_CHARS = 8_000, 4_000, 50_000
"""Characters of an answer's text; its structured content has at most twice as many."""

Opens = Callable[[], Awaitable[Deps]]
"""Gives the tools' Deps and reaches the store for them; raises StoreUnavailable."""

_Chars = Annotated[int, Field(ge=LEAST_CHARS, le=MOST_CHARS, description="Of the answer.")]


def model_caller(host: str) -> Caller:
    """The caller of a model's door, before it says how long an answer may be."""
    return Caller(host=host, max_rows=MAX_ROWS, max_message=MAX_MESSAGE, max_chars=DEFAULT_CHARS)


@cache
def model_tools() -> tuple[AnyTool, ...]:
    """Every tool, those that read with `max_chars`."""
    return tuple(tool if tool.writes else _with_budget(tool) for tool in TOOLS)


def model_tool(name: str) -> AnyTool:
    """The tool of that name.

    Raises:
        NotFound: listing the names that exist.
    """
    for tool in model_tools():
        if tool.name == name:
            return tool
    raise NotFound(f"no tool named {name!r}; there are {', '.join(tool.name for tool in TOOLS)}")


def _with_budget(tool: AnyTool) -> AnyTool:
    fields: dict[str, Any] = {"max_chars": (_Chars, DEFAULT_CHARS)}
    takes = create_model(
        tool.takes.__name__, __base__=tool.takes, __doc__=tool.takes.__doc__, **fields
    )

    async def run(asked: Any, deps: Deps) -> Any:
        caller = replace(deps.caller, max_chars=asked.max_chars)
        # As the tool knows it: what it binds a cursor to must not depend on the size of a page.
        names = tool.takes.model_fields
        given = {name: getattr(asked, name) for name in names}
        own = tool.takes.model_construct(asked.model_fields_set & names.keys(), **given)
        return await tool.run(own, replace(deps, caller=caller))

    return replace(tool, takes=takes, run=run)
