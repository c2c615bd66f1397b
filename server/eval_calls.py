"""`devmesh eval calls`: how often a question becomes the right call, on a file of questions.

A line is `{q, tool, args, alt?, history?}`; the catalogue beside it gives now, services, hosts and
metrics. Times are compared once resolved (within a second), text without regard to case, and an
argument equal to the tool's default counts as absent.
"""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import orjson

from server.agent import Agent
from server.calls import Candidate
from server.eval_invented import invented as values_invented
from tools.catalogue import tool_named
from tools.levels import Level
from tools.ports import Catalogue, Deps, LogStore, PatternIndex
from tools.timespan import parse_interval, parse_time
from tools.tool import AnyTool

_TIMES = {"start_time", "end_time", "compare_to"}
_TEXTS = {"text", "contains"}


@dataclass(frozen=True, slots=True)
class NamesOnly:
    """A store that knows the names of an evaluation's catalogue and nothing else."""

    names: Catalogue

    async def catalogue(self) -> Catalogue:
        """The names of the evaluation."""
        return self.names


@dataclass(frozen=True, slots=True)
class Situation:
    """The moment and the names that a file of questions speaks of."""

    now: datetime
    names: Catalogue

    @classmethod
    def read(cls, path: Path) -> "Situation":
        """From a catalogue file."""
        raw = orjson.loads(path.read_bytes())
        names = (tuple(raw.get(kind, ())) for kind in ("services", "hosts", "metrics"))
        return cls(datetime.fromisoformat(raw["now"]), Catalogue(*names))

    def deps(self) -> Deps:
        """What the agent needs to understand, without a database."""
        store = cast(LogStore, NamesOnly(self.names))
        return Deps(store, cast(PatternIndex, None), lambda: self.now, UTC)


Result = tuple[dict[str, Any], Candidate | None, float]
"""A judged question, the call it became, and the milliseconds that took."""


async def evaluate_calls(agent: Agent, questions: Path, situation: Situation) -> dict[str, Any]:
    """Tool and full-call accuracy in percent, invented values, times in ms, and the misses."""
    deps = situation.deps()
    results: list[Result] = []
    for case in await asyncio.to_thread(read_cases, questions):
        began = time.perf_counter()
        call = await agent.understand(case["q"], deps, past_of(case))
        results.append((case, call, (time.perf_counter() - began) * 1000))
    return score(results, situation)


def score(results: Sequence[Result], situation: Situation) -> dict[str, Any]:
    """The figures of a file whose questions have become calls."""
    tools = full = invented = 0
    misses = []
    for case, call, _ in results:
        right_tool = (call.tool.name if call else None) == case["tool"]
        right = right_tool and _same(call, case, situation.now)
        tools += right_tool
        full += right
        invented += values_invented(call, case, situation.names)
        if not right:
            got = call.text if call else None
            misses.append({"q": case["q"], "want": _wanted(case), "got": got})
    times = sorted(took for *_, took in results)
    return {
        "n": len(results),
        "tool": round(100 * tools / len(results), 1),
        "full": round(100 * full / len(results), 1),
        "invented": invented,
        "ms_median": round(statistics.median(times), 1),
        "ms_p95": round(times[int(0.95 * (len(times) - 1))], 1),
        "misses": misses,
    }


def read_cases(file: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file, one a line."""
    return [orjson.loads(line) for line in file.read_bytes().splitlines() if line.strip()]


def past_of(case: dict[str, Any]) -> list[Candidate]:
    """The calls of the turns before the question."""
    turns = [turn for turn in case.get("history", ()) if turn.get("tool")]
    return [Candidate(tool_named(turn["tool"]), turn["args"]) for turn in turns]


def _wanted(case: dict[str, Any]) -> dict[str, Any]:
    return {"tool": case["tool"], "args": case.get("args")}


def _same(call: Candidate | None, case: dict[str, Any], now: datetime) -> bool:
    if call is None:
        return True
    got = _plain(call.arguments, call.tool, now)
    expected = [case.get("args") or {}, *case.get("alt", ())]
    return any(got == _plain(arguments, call.tool, now) for arguments in expected)


def _plain(arguments: dict[str, Any], tool: AnyTool, now: datetime) -> dict[str, Any]:
    """Arguments in one spelling: defaults left out, times in whole seconds, text in lower case."""
    fields = tool.takes.model_fields
    plain: dict[str, Any] = {}
    for name, value in arguments.items():
        if name in fields and value == fields[name].default:
            continue
        if name in _TIMES:
            plain[name] = round(parse_time(str(value), now, UTC).timestamp())
        elif name in _TEXTS:
            plain[name] = str(value).lower().strip().strip("\"'`").strip()
        else:
            plain[name] = _canonical(name, value)
    return plain


def _canonical(name: str, value: Any) -> Any:
    """Levels as a set of their names, an interval in seconds; anything else as it is."""
    if name == "level":
        return {str(Level(one)) for one in (value.split(",") if isinstance(value, str) else value)}
    return parse_interval(value) if name == "interval" else value
