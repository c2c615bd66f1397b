"""What a line that begins with a slash does in a chat."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import orjson

from server.agent import Agent
from server.app import Home
from tools.answers import moment_text
from tools.errors import BadArguments, NotFound
from tools.log_context import LOG_CONTEXT, context_lines
from tools.plain import clean, one_line, plain_json
from tools.records import Event

HELP = """A question in plain words, or:
  /show 123      the whole event that an answer cites as #123; #123 alone does the same
  /context 123   the events around it
  /sql           the statements that the last answer ran
  /model         the models in use
  /help          this
  /quit          end; so do Ctrl-D and /exit
Later questions may point back: "did it happen before?", "and on nas01?", "what else happened then?"
Ctrl-C stops an answer."""

_BLANK, _LINE = re.compile(r"\n\s*\n+"), "\n"


@dataclass(frozen=True, slots=True)
class Desk:
    """What the commands reach: the process's parts, its agent, the last answer's statements."""

    parts: Home
    agent: Agent
    statements: list[str] = field(default_factory=list)


async def obey(line: str, desk: Desk) -> str:
    """What a command says.

    Raises:
        BadArguments: for no such command, or an argument it does not take; NotFound: no such event.
    """
    word, _, rest = line.strip().partition(" ")
    if word.startswith("#"):
        word, rest = "/show", word
    command = _COMMANDS.get(word.lower())
    if command is None:
        raise BadArguments.one("command", f"must be one of {', '.join(_COMMANDS)}, /quit", word)
    return await command(rest.strip(), desk)


async def _show(rest: str, desk: Desk) -> str:
    event = await desk.parts.store.event(_event_id(rest))
    if event is None:
        raise NotFound(f"no event #{_event_id(rest)}")
    return "\n".join(_event_lines(event))


def _event_lines(event: Event) -> list[str]:
    fields = (
        "level",
        "host",
        "service",
        "source",
        "event_type",
        "error_code",
        "trace_id",
        "span_id",
    )
    lines = [f"#{event.id}", f"time        {moment_text(event.timestamp)} UTC"]
    for name in fields:
        value = getattr(event, name)
        lines += [f"{name:11} {one_line(str(value), 300)}"] if value else []
    if event.meta_json:
        lines.append(f"{'meta':11} {plain_json(orjson.dumps(event.meta_json).decode())}")
    return [*lines, "message", *(f"  {part}" for part in clean(event.message).split("\n"))]


async def _context(rest: str, desk: Desk) -> str:
    asked = {"event_id": _event_id(rest), "scope": "host"}
    return "\n".join(context_lines(await LOG_CONTEXT.call(asked, await desk.parts.deps())))


def _event_id(rest: str) -> int:
    number = rest.lstrip("#")
    if not (number.isascii() and number.isdigit() and 0 < int(number[:20]) < 2**63):
        raise BadArguments.one("event", "must be the number of an event, as in /show 123", rest)
    return int(number)


async def _sql(rest: str, desk: Desk) -> str:
    told = [f"{_BLANK.sub(_LINE, clean(statement).strip())};" for statement in desk.statements]
    return "\n\n".join(told) or "no answer has run a statement yet"


async def _model(rest: str, desk: Desk) -> str:
    index = desk.parts.index.state()
    writes = await desk.agent.writes()
    prose = "on, checked against the rows" if writes else "off, or the model is too small for it"
    return (
        f"questions   {desk.agent.model.name}\n"
        f"likeness    {index['model']}, {index['indexed']} patterns indexed\n"
        f"prose       {prose}"
    )


async def _help(rest: str, desk: Desk) -> str:
    return HELP


_COMMANDS: dict[str, Callable[[str, Desk], Awaitable[str]]] = {
    "/show": _show,
    "/context": _context,
    "/sql": _sql,
    "/model": _model,
    "/help": _help,
}
