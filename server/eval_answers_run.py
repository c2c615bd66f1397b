"""A run of `devmesh eval answers`: both tellings of the week, each in a database of its own."""

import shutil
from typing import Any

from server.agent import Agent
from server.app import home
from server.asking import agent_for
from server.eval_answers import Outcome, ask_all, seed, summary
from server.eval_answers_report import page, read_versions
from server.llm_packaged import packaged_model
from server.settings import ServerSettings
from server.show import Screen
from server.story.week import read_questions, read_week


async def run(settings: ServerSettings) -> tuple[dict[str, Any], str]:
    """The scores, and the scoreboard as a page."""
    screen = Screen()
    async with agent_for(settings) as agent:
        told, database, embedder = await _told(settings, agent, screen, hostile=True)
        twins, _, _ = await _told(settings, agent, screen, hostile=False)
        model = agent.model.name
    scores = summary(told, twins)
    file = None if settings.llm_url else settings.model or packaged_model()
    versions = read_versions(model, file, database, embedder)
    return scores, page(scores, told, versions)


async def _told(
    settings: ServerSettings, agent: Agent, screen: Screen, hostile: bool
) -> tuple[list[Outcome], str, str]:
    """The outcomes of one telling, and the versions of database and embedder."""
    week = read_week(hostile)
    folder = settings.state_dir / "eval-answers"
    shutil.rmtree(folder, ignore_errors=True)
    scratch = settings.model_copy(update={"state_dir": folder, "database_url": None})
    name = "the week" if hostile else "the week without hostile lines"
    async with home(scratch, clock=lambda: week.now) as parts:
        with screen.progress(f"storing {name}") as report:
            report(0, len(week.events))
            await seed(week, parts)
            report(len(week.events), len(week.events))
        with screen.progress(f"asking about {name}") as report:
            outcomes = await ask_all(agent, week, parts, read_questions(), report)
        return outcomes, await parts.store.ping(), parts.embedder.name
