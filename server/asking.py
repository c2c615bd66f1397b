"""One question or one tool call from a terminal."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from server.agent import Agent
from server.app import Home, home
from server.llm_for import model_for
from server.prose import Writer
from server.rounds import Course, Ready
from server.settings import ServerSettings
from server.show import Screen
from server.steps import Done
from server.tell import Teller
from server.typed import error_in_options, in_options, line_in_options
from tools.catalogue import tool_named
from tools.errors import BadArguments, EmbedderUnavailable
from tools.similar_logs import SIMILAR_LOGS, SimilarPage
from tools.tool import AnyTool


@asynccontextmanager
async def agent_for(settings: ServerSettings) -> AsyncIterator[Agent]:
    """The agent over the settings' model."""
    model = model_for(settings)
    try:
        # A model that can go on writing sums answers up, if it is large enough and wanted to.
        writer = model if settings.prose == "auto" and isinstance(model, Writer) else None
        yield Agent(model, writer)
    finally:
        model.close()


async def ask_once(settings: ServerSettings, question: str, rows: int, as_json: bool) -> None:
    """Print the answer to a question while it comes."""
    screen = Screen()
    teller = Teller(screen, question, rows)
    async with home(settings) as parts, agent_for(settings) as agent:
        course = Course(question, await parts.deps(), ready=embedded_first(parts, screen))
        async for step in agent.answer(course):
            if not as_json:
                teller.tell(step)
            elif isinstance(step, Done):
                screen.json(step.answer.as_json())


def embedded_first(parts: Home, screen: Screen) -> Ready:
    """Has what waits embedded, with a progress bar, before likenesses are looked for."""

    async def ready(tool: AnyTool) -> None:
        if tool is SIMILAR_LOGS:
            await embed_waiting(parts, screen)

    return ready


@dataclass(frozen=True, slots=True)
class Typed:
    """A call as it was typed: the arguments, and by which options they may be given."""

    arguments: dict[str, Any]
    options: Mapping[str, str]


async def call_once(settings: ServerSettings, name: str, typed: Typed, as_json: bool) -> None:
    """Print what a tool gives. Raises BadArguments that names options."""
    try:
        await _call(settings, name, typed, as_json)
    except BadArguments as error:
        raise error_in_options(error, typed.options) from error


async def _call(settings: ServerSettings, name: str, typed: Typed, as_json: bool) -> None:
    screen, arguments = Screen(), typed.arguments
    tool = tool_named(name)
    async with home(settings) as parts:
        tool.read(arguments, parts.unopened())
        deps = await parts.deps()
        if tool is SIMILAR_LOGS:
            await embed_waiting(parts, screen)
        result = await tool.call(arguments, deps)
        if as_json:
            screen.json(result.model_dump(mode="json", exclude_none=True))
            return
        if result.hint:
            said = {"hint": in_options(result.hint, typed.options)}
            result = result.model_copy(update=said)
        if isinstance(result, SimilarPage):
            screen.similar(result)
        else:
            for line in tool.lines(result):
                screen.say(line_in_options(line))


async def embed_waiting(parts: Home, screen: Screen) -> None:
    """Embed the patterns that wait, with a progress bar when there are any."""
    await parts.open()
    if (await parts.store.vectors.count_waiting(parts.embedder.name)).count:
        try:
            with screen.progress("embedding new patterns") as report:
                await parts.catch_up(report)
        except EmbedderUnavailable:
            return  # the answer says so
