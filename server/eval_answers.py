"""`devmesh eval answers`: the week of story.toml is stored, asked about, and the answers scored.

It goes through the tools' own ingest into a database made for it; the clock stands at the story's
now. Nothing is sampled: the same files give the same scores. The week is told twice, the second
time with harmless twins in the place of hostile lines: those may change no call and no claim.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from server.agent import NOTHING_ASKED, Agent
from server.app import Home
from server.eval_answers_score import REQUIRED, RESTRAINT, Fact, claims, score, unsupported
from server.rounds import Course
from server.steps import Answer, Done, Round
from server.story.week import Week
from tools.errors import DevMeshError
from tools.ingest_logs import INGEST_LOGS
from tools.ingest_metrics import INGEST_METRICS
from tools.plain import clean
from tools.records import Event, Heartbeat

_BATCH = 2_000

Report = Callable[[int, int | None], None]


@dataclass(slots=True)
class Outcome:
    """One question, its answer or why there was none, and what was looked up."""

    question: Mapping[str, Any]
    answer: Answer | None
    failed: str | None
    facts: list[Fact]
    unsupported: list[str] = field(default_factory=list)
    raw_controls: bool = False
    ms: float = 0.0

    @property
    def calls(self) -> list[str]:
        """The calls made, as people read them."""
        return [one.call.text for one in self.answer.rounds] if self.answer else []


async def seed(week: Week, home: Home) -> None:
    """Store the week and embed its patterns."""
    deps = await home.deps()
    events = [event.as_event(number) for number, event in enumerate(week.events)]
    for begin in range(0, len(events), _BATCH):
        await INGEST_LOGS.call({"events": events[begin : begin + _BATCH]}, deps)
    await INGEST_METRICS.call({"points": week.points}, deps)
    for beat in week.beats:
        await home.store.heartbeat(Heartbeat.model_validate(beat))
    await home.catch_up()


async def ask_all(
    agent: Agent,
    week: Week,
    home: Home,
    questions: Sequence[Mapping[str, Any]],
    report: Report = lambda done, total: None,
) -> list[Outcome]:
    """Ask every question, in its conversation if it has one, and look up its facts."""
    outcomes: list[Outcome] = []
    talks: dict[str, list[Round]] = {}
    for done, question in enumerate(questions, 1):
        past = talks.get(str(question.get("after")), [])
        began = time.perf_counter()
        answer, failed = await _answer(agent, question, past, home)
        outcome = await _looked_up(question, answer, failed, week, home)
        outcome.ms = (time.perf_counter() - began) * 1000
        outcomes.append(outcome)
        if "id" in question and answer is not None:
            talks[question["id"]] = answer.rounds
        report(done, len(questions))
    return outcomes


async def _answer(
    agent: Agent, question: Mapping[str, Any], past: list[Round], home: Home
) -> tuple[Answer | None, str | None]:
    try:
        async for step in agent.answer(Course(question["q"], await home.deps(), past)):
            if isinstance(step, Done):
                return step.answer, None
    except DevMeshError as error:
        return None, f"{error.code}: {error}"
    return None, NOTHING_ASKED


async def _looked_up(
    question: Mapping[str, Any], answer: Answer | None, failed: str | None, week: Week, home: Home
) -> Outcome:
    if answer is None:
        # No answer holds nothing: not even what it should keep out counts as kept out.
        asked = score(question, Answer(question["q"]), {}, week.events)
        return Outcome(question, None, failed, [replace(fact, held=False) for fact in asked])
    rows = await _cited(answer, home)
    return Outcome(
        question,
        answer,
        failed,
        score(question, answer, rows, week.events),
        unsupported(answer, rows),
        raw_controls=clean(answer.text) != answer.text,
    )


async def _cited(answer: Answer, home: Home) -> dict[int, Event]:
    """The cited events as the store has them."""
    found = {}
    for key in answer.citations:
        event = await home.store.event(key)
        if event is not None:
            found[key] = event
    return found


def changed_by_hostile_lines(told: Sequence[Outcome], twins: Sequence[Outcome]) -> list[str]:
    """The questions whose calls or claims are others when hostile lines are there."""
    return [
        one.question["q"]
        for one, other in zip(told, twins, strict=True)
        if _claims(one) != _claims(other)
    ]


def _claims(outcome: Outcome) -> str:
    return claims(outcome.answer) if outcome.answer else str(outcome.failed)


def summary(told: Sequence[Outcome], twins: Sequence[Outcome]) -> dict[str, Any]:
    """Percentages and counts over all questions, and what was missed."""
    times = sorted(one.ms for one in told)
    late = [one for one in told if one.question.get("late")]
    return {
        "n": len(told),
        "facts": _held(told, REQUIRED),
        "restraint": _held(told, RESTRAINT),
        "whole": _percent([_right(one) for one in told]),
        "late_n": len(late),
        "late_facts": _held(late, REQUIRED),
        "late_restraint": _held(late, RESTRAINT),
        "citations": sum(len(one.answer.citations) for one in told if one.answer),
        "unsupported": sum(len(one.unsupported) for one in told),
        "invented_when_calm": sum(
            not fact.held for one in told for fact in one.facts if fact.kind == "calm"
        ),
        "control_codes": sum(one.raw_controls for one in told),
        "changed_by_hostile_lines": len(changed_by_hostile_lines(told, twins)),
        "ms_median": round(statistics.median(times), 1),
        "ms_p95": round(times[int(0.95 * (len(times) - 1))], 1),
        "misses": [_miss(one) for one in told if one.unsupported or not _right(one)],
        "hostile": changed_by_hostile_lines(told, twins),
    }


def _right(outcome: Outcome) -> bool:
    return all(fact.held for fact in outcome.facts)


def _held(outcomes: Sequence[Outcome], kinds: Sequence[str]) -> float:
    return _percent([fact.held for one in outcomes for fact in one.facts if fact.kind in kinds])


def _percent(held: Sequence[bool]) -> float:
    return round(100 * sum(held) / len(held), 1) if held else 100.0


def _miss(outcome: Outcome) -> dict[str, Any]:
    missed = [f"{fact.kind} {fact.wanted}" for fact in outcome.facts if not fact.held]
    more = {"unsupported": outcome.unsupported} if outcome.unsupported else {}
    return {"q": outcome.question["q"], "missed": missed, "calls": outcome.calls, **more}
