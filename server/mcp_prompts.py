"""The prompts that a user picks in an MCP client: tasks over the tools, with checked arguments."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from mcp_types import GetPromptResult, Prompt, PromptArgument, PromptMessage, TextContent
from pydantic import AfterValidator, BaseModel, Field, ValidationError

from prompts.prompt import prompt
from tools.errors import BadArguments, NotFound
from tools.filters import Name, When
from tools.plain import clean
from tools.records import Strict
from tools.timespan import RULE, parse_time
from tools.tool import problem

_ANY_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def _readable(text: str) -> str:
    try:
        parse_time(text, _ANY_MOMENT, UTC)
    except BadArguments as error:
        raise ValueError(RULE) from error
    return text


Since = Annotated[When, AfterValidator(_readable)]
_SINCE = "15m, 1h, 7d, ISO 8601, today or yesterday."


class Incident(Strict):
    """Where something went wrong, and since when."""

    service: Name | None = Field(None, description="The service in trouble, if known.")
    host: Name | None = Field(None, description="The host in trouble, if known.")
    start_time: Since = Field("1h", description=f"Since when: {_SINCE}")


class Changes(Strict):
    """Since when, and where."""

    start_time: Since = Field(description=f"Since when: {_SINCE}")
    service: Name | None = Field(None, description="One service alone.")
    host: Name | None = Field(None, description="One host alone.")


class Digest(Strict):
    """Of which time, and where."""

    start_time: Since = Field("1d", description=f"Since when: {_SINCE}")
    host: Name | None = Field(None, description="One host alone.")


class Explanation(Strict):
    """What is to be explained."""

    text: Annotated[str, Field(min_length=1, max_length=8_000)] = Field(
        description="The error message or log line."
    )
    service: Name | None = Field(None, description="The service that logged it, if known.")


@dataclass(frozen=True, slots=True)
class Task:
    """A prompt: its words lie in prompts/mcp_NAME.md."""

    name: str
    title: str
    description: str
    takes: type[BaseModel]

    @property
    def listed(self) -> Prompt:
        """As MCP lists it."""
        arguments = [
            PromptArgument(name=name, description=field.description, required=field.is_required())
            for name, field in self.takes.model_fields.items()
        ]
        return Prompt(
            name=self.name, title=self.title, description=self.description, arguments=arguments
        )


TASKS = (
    Task(
        "investigate_incident",
        "Investigate an incident",
        "Find when it began, what came first, whom it reached and whether it happened before.",
        Incident,
    ),
    Task(
        "what_changed",
        "What changed since?",
        "Tell which kinds of messages are new, more frequent or silent since a moment.",
        Changes,
    ),
    Task(
        "morning_digest",
        "Morning digest",
        "Sum up what was logged overnight: what is worth a look, and who was silent.",
        Digest,
    ),
    Task(
        "explain_error",
        "Explain this error",
        "Explain an error by what was logged around it, now and before.",
        Explanation,
    ),
)


def task_named(name: str) -> Task:
    """The prompt of that name.

    Raises:
        NotFound: listing the names that exist.
    """
    for task in TASKS:
        if task.name == name:
            return task
    names = ", ".join(task.name for task in TASKS)
    raise NotFound(f"no prompt is named {name[:200]!r}; there are {names}")


def filled(name: str, arguments: dict[str, str]) -> GetPromptResult:
    """The prompt with its arguments filled in.

    Raises:
        NotFound: for a name that does not exist.
        BadArguments: naming each bad argument, its rule and what is allowed.
    """
    task = task_named(name)
    try:
        given = task.takes.model_validate(arguments).model_dump(exclude_none=True)
    except ValidationError as error:
        known = list(task.takes.model_fields)
        raise BadArguments([problem(one, known) for one in error.errors()]) from error
    quoted = {key: json.dumps(clean(value), ensure_ascii=False) for key, value in given.items()}
    blanks = {key: quoted.get(key, "") for key in task.takes.model_fields}
    text = prompt(f"mcp_{name}", scope=_scope(quoted), **blanks)
    message = PromptMessage(role="user", content=TextContent(type="text", text=text))
    return GetPromptResult(description=task.description, messages=[message])


def _scope(quoted: dict[str, Any]) -> str:
    """The part of the filter that the user chose, as arguments of a call."""
    chosen = [f"{name}={quoted[name]}" for name in ("service", "host") if name in quoted]
    return " ".join(chosen) or "no filter"
