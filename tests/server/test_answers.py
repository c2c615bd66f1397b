"""Answers on the scripted week: citations hold, quiet stays quiet, hostile lines move nothing."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from server.agent import Agent
from server.app import Home
from server.app import home as opened
from server.described import description
from server.eval_answers import ask_all, changed_by_hostile_lines, seed, summary
from server.eval_answers_report import page
from server.eval_answers_score import score
from server.rounds import Course
from server.settings import ServerSettings
from server.steps import Answer, Called, Done, RoundStarted
from server.story.week import Week, read_questions, read_week
from sql.private import PrivateServer
from tools.ports import Catalogue


@pytest.fixture(scope="module")
async def told(
    private: PrivateServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Week, Home]]:
    """The week in a database of its own, the clock at its now."""
    week = read_week()
    async with opened(
        _on(private, "story_told", tmp_path_factory), clock=lambda: week.now
    ) as parts:
        await seed(week, parts)
        yield week, parts


@pytest.fixture(scope="module")
async def twins(
    private: PrivateServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Week, Home]]:
    """The same without its hostile lines."""
    week = read_week(hostile=False)
    async with opened(
        _on(private, "story_twin", tmp_path_factory), clock=lambda: week.now
    ) as parts:
        await seed(week, parts)
        yield week, parts


def _on(private: PrivateServer, database: str, folders: pytest.TempPathFactory) -> ServerSettings:
    url = f"mysql://{private.user}@localhost/{database}?unix_socket={private.socket}"
    return ServerSettings(database_url=SecretStr(url), state_dir=folders.mktemp(database))


async def _answer(agent: Agent, question: str, parts: Home, past: Sequence[Any] = ()) -> Answer:
    async for step in agent.answer(Course(question, await parts.deps(), past)):
        if isinstance(step, Done):
            return step.answer
    raise AssertionError("no end")


async def test_the_week_is_answered_from_its_rows_alone(
    agent: Agent, told: tuple[Week, Home]
) -> None:
    """Of a third of the questions and every conversation: each citation exists and supports its
    line, most facts are there, and the page of the run names every question.
    """
    everything = read_questions()
    assert len(everything) >= 40
    alone = [one for one in everything if "after" not in one and "id" not in one]
    questions = [*alone[::3], *(one for one in everything if one not in alone)]
    outcomes = await ask_all(agent, *told, questions)
    scores = summary(outcomes, outcomes)
    assert scores["unsupported"] == 0, scores["misses"]
    assert scores["control_codes"] == 0
    assert scores["citations"] > 40
    assert scores["facts"] >= 90, scores["misses"]
    assert scores["restraint"] >= 90, scores["misses"]
    written = page(scores, outcomes, {"model": "of the test"})
    assert all(question["q"].split('"')[0] in written for question in questions)


async def test_hostile_lines_change_no_call_and_no_claim(
    agent: Agent, told: tuple[Week, Home], twins: tuple[Week, Home]
) -> None:
    """With harmless lines in their place the answers are the same but for what log lines say."""
    questions = [question for question in read_questions() if "after" not in question][::6]
    outcomes = await ask_all(agent, *told, questions)
    assert changed_by_hostile_lines(outcomes, await ask_all(agent, *twins, questions)) == []


async def test_quiet_places_stay_quiet(agent: Agent, told: tuple[Week, Home]) -> None:
    """Questions about days and hosts without incidents cite none, and say who was heard."""
    questions = [question for question in read_questions() if question.get("calm")]
    outcomes = await ask_all(agent, *told, questions)
    for outcome in outcomes:
        calm = [fact for fact in outcome.facts if fact.kind == "calm"]
        assert all(fact.held for fact in calm), outcome.question["q"]
        assert outcome.answer is not None and "coverage: " in outcome.answer.text


async def test_the_score_tells_a_wrong_answer_from_a_right_one(
    agent: Agent, told: tuple[Week, Home]
) -> None:
    """The same facts looked up in another question's answer are missing."""
    week, parts = told
    answer = await _answer(agent, "errors of nginx in the last day", parts)
    other = {"q": "x", "cites": ["dns"], "count": {"level": ["FATAL"]}, "range": [week.now, ""]}
    assert not any(fact.held for fact in score(other, answer, {}, week.events))


async def test_a_compound_question_is_several_rounds_bound_to_what_was_found(
    agent: Agent, told: tuple[Week, Home]
) -> None:
    """The second part looks for likenesses of the most frequent kind of the largest group."""
    steps = []
    question = "which service had most errors in the last 24 hours, and what are they similar to?"
    async for step in agent.answer(Course(question, await told[1].deps())):
        steps.append(step)
    calls = [step.call for step in steps if isinstance(step, Called)]
    assert [call.tool.name for call in calls] == ["log_stats", "log_patterns", "similar_logs"]
    assert calls[1].arguments["service"] == "shop-api"
    assert calls[2].arguments["text"].startswith("TypeError: Cannot read properties")
    assert [step.number for step in steps if isinstance(step, RoundStarted)] == [1, 2, 3]
    assert isinstance(steps[-1], Done) and not steps[-1].answer.stopped


async def test_it_and_then_point_at_the_rows_before(agent: Agent, told: tuple[Week, Home]) -> None:
    """In a conversation `they` are the most frequent kind of the answer before."""
    parts = told[1]
    first = await _answer(agent, "errors of nginx in the last day", parts)
    then = await _answer(agent, "did they happen before?", parts, first.rounds)
    assert then.arguments["text"].startswith("connect() failed (111: Connection refused)")
    assert then.page.range.end == first.page.range.start
    assert "web-02" in then.text and len(then.page.patterns) == 1


async def test_what_is_not_found_ends_the_plan(agent: Agent, told: tuple[Week, Home]) -> None:
    """Without an event like it nothing is looked around, and that is said; another part goes on."""
    answer = await _answer(agent, "what changed before the flood on db-01?", told[1])
    assert len(answer.rounds) == 1
    assert answer.stopped and answer.stopped in answer.text
    both = "what changed before the flood on db-01, and which service had most errors today?"
    answer = await _answer(agent, both, told[1])
    assert [one.call.tool.name for one in answer.rounds] == ["similar_logs", "log_stats"]


async def test_more_rows_than_are_read_are_still_counted_exactly(
    agent: Agent, told: tuple[Week, Home]
) -> None:
    """Totals, shares and the first event are of all; what rests on a part says so."""
    week, parts = told
    answer = await _answer(agent, "show me everything since 2026-11-13", parts)
    assert f"{len(week.events):,} events" in answer.text
    assert "the newest 5,000 were read" in answer.text
    assert "Most frequent among those read" in answer.text
    assert "First: 2026-11-13 12:00:05.000" in answer.text
    for service in ("nginx", "shop-api"):
        count = sum(event.service == service for event in week.events)
        assert f"{service} {count:,}" in answer.text


@pytest.mark.parametrize(
    ("question", "tool", "arguments"),
    [
        ("did anything run out of memory on gpu-box since 2026-11-13?", "similar_logs",
         {"text": "run out of memory", "host": "gpu-box", "start_time": "2026-11-13"}),
        ("tail the nginx logs please, buddy", "query_logs", {"service": "nginx"}),
        ("any errors of kafka in the last 2 days?", "query_logs",
         {"service": "kafka", "level": "ERROR", "start_time": "2d"}),
    ],
)  # fmt: skip
async def test_what_a_question_describes_is_looked_for_by_meaning(
    agent: Agent, told: tuple[Week, Home], question: str, tool: str, arguments: dict[str, Any]
) -> None:
    """Words that come near to nothing logged are chatter; an unknown service is asked for, and the
    answer says that there is none, not what others logged.
    """
    answer = await _answer(agent, question, told[1])
    assert (answer.tool.name, answer.arguments) == (tool, arguments)
    if tool == "similar_logs":
        assert "Out of memory: Killed process" in answer.text
    assert ("No service named 'kafka'" in answer.text) is ("kafka" in question)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("how many errors did web-99 have in the last 2 days?", "No host named 'web-99'"),
        ("errors on web-99 in the last 3 hours", "No host named 'web-99'"),
        ("errors on foobar in the last day", "No host named 'foobar'"),
        ("what did kafka log in the last day?", "No service named 'kafka'"),
        ("why did kafka fail?", "No service named 'kafka'"),
    ],
)
async def test_of_a_name_that_is_not_there_nothing_is_told(
    agent: Agent, told: tuple[Week, Home], question: str, said: str
) -> None:
    """What all the others logged answers something else."""
    answer = await _answer(agent, question, told[1])
    assert said in answer.text and not answer.citations, answer.text


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("errors of ngimx in the last 2 days", "Took “ngimx” for nginx."),
        (
            "how many errors of Ngimx were there per host in the last 2 days?",
            "Took “Ngimx” for nginx.",
        ),
        ("how many ngimx errors were there in the last 2 days?", "Took “ngimx” for nginx."),
        ("errors of nginx in the last 2 days", None),
        ("errors of NGINX.service in the last 2 days", None),
    ],
)
async def test_a_name_with_a_slip_is_said_to_be_taken_for_another(
    agent: Agent, told: tuple[Week, Home], question: str, said: str | None
) -> None:
    """Who wrote it sees what was counted."""
    answer = await _answer(agent, question, told[1])
    assert (said in answer.text) if said else ("Took" not in answer.text), answer.text
    assert answer.rounds[0].call.arguments["service"].startswith("nginx")
    assert "Counted without" not in answer.text


@pytest.mark.parametrize(
    ("question", "tool", "said"),
    [
        ("how many failed logins were there since 2026-11-13?", "log_stats",
         "Counted without “failed logins”: nothing logged comes near that."),
        ("how many refused connections were there since 2026-11-13?", "similar_logs",
         "Connection refused"),
    ],
)  # fmt: skip
async def test_a_count_is_not_told_as_that_of_what_it_left_out(
    agent: Agent, told: tuple[Week, Home], question: str, tool: str, said: str
) -> None:
    """What was to be counted is looked for by meaning, and where nothing is like it that is told."""
    answer = await _answer(agent, question, told[1])
    assert answer.tool.name == tool and said in answer.text, answer.text


@given(st.text(max_size=120))
def test_no_question_breaks_the_description(question: str) -> None:
    """Any text has one or none, of its own words."""
    found = description(question, Catalogue(("nginx.service",), ("nas01",), ("cpu_temp",)))
    assert found is None or all(word in question for word in found.split())


def test_names_levels_and_times_describe_nothing() -> None:
    """What the filters have places for is no description."""
    names = Catalogue(("nginx.service", "order-api"), ("nas01",), ())
    for question in (
        "show me ERROR logs of nginx on nas01 in the last 2 hours",
        "order api warnings",
    ):
        assert description(question, names) is None
    assert description("did nginx lose its certificate on nas01?", names) == "lose its certificate"


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("CRITICAL events of nginx on web-01 since 2026-11-19",
         ["No event matches: CRITICAL events of nginx on web-01, from 2026-11-19 00:00:00.000",
          "nginx on web-01 logged", "coverage: heard in this range: web-01"]),
        ("anything like \"flux capacitor overload\" on edge-01 since 2026-11-19",
         ["Nothing similar to “flux capacitor overload”: events on edge-01, from",
          "not heard in this range, which is no sign of health: edge-01 (last event"]),
        ("new kinds of FATAL messages of kernel since 2026-11-17",
         ["None among 1 FATAL events of kernel, from 2026-11-17", "all were seen before"]),
        ("cpu_temperature on web-01 in the last day", ["No point of cpu_temperature, from"]),
        ("errors on edge-01 since 2026-11-18", ["known gap: 120 entries of edge-01 (journald)"]),
    ],
)  # fmt: skip
async def test_nothing_found_says_what_was_searched_and_who_was_listening(
    agent: Agent, told: tuple[Week, Home], question: str, said: list[str]
) -> None:
    """The filter, the range, what else the place logged, silent hosts and known gaps."""
    answer = await _answer(agent, question, told[1])
    assert all(words in answer.text for words in said), answer.text
    assert answer.citations == []
