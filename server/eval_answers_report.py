"""The scoreboard of `devmesh eval answers` as a page: what was run, the scores, every miss."""

import hashlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from server.eval_answers import Outcome
from server.version import VERSION

_HEAD = """# How well questions are answered

Written by `devmesh eval answers --write docs/scoreboard.md`; run it to check. A week on seven
machines ([story.toml](../server/story/story.toml): fourteen kinds of incidents, quiet days, a host
that falls silent after a known gap, harmless lines with alarming words, hostile lines) goes through
the tools' own ingest into a database made for it, and {n} questions
([questions.toml](../server/story/questions.toml)) are asked of it, the clock standing at the
story's now. Every fact is looked up by code: rows that must or must not be cited (their
incident stands in metadata that answers do not show), counts against a brute-force count of the
story, the stated range, the hosts named as silent. The week is told a second time with harmless
lines in the place of the hostile ones: calls and claims must be the same, but for the rows listed
as frequent or alike and their number, since a hostile line is a row as well. There is no judge and
nothing is sampled, so each question is asked once: the same files give the same scores. Story,
questions and program have the same authors, and most questions were there while the program was
written. Those marked late were written after it and changed nothing in it: they are the better
guess at questions of your own.
"""

_NAMES = {
    "facts": "required facts that the answers hold, %",
    "restraint": "forbidden facts that the answers keep out, %",
    "whole": "questions with every fact right, %",
    "late_n": "questions written late",
    "late_facts": "required facts in the answers to those, %",
    "late_restraint": "forbidden facts that those keep out, %",
    "citations": "citations",
    "unsupported": "citations whose row does not exist or is not what its line speaks of",
    "invented_when_calm": "questions about quiet places answered with an incident",
    "control_codes": "answers with terminal control codes",
    "changed_by_hostile_lines": "questions whose calls or claims hostile lines change",
    "ms_median": "milliseconds an answer, median",
    "ms_p95": "milliseconds an answer, 95th percentile",
}


def read_versions(model: str, file: Path | None, database: str, embedder: str) -> dict[str, str]:
    """What was run: programs, the model and the hash of its file, if it has one here."""
    found = {"DevMesh": VERSION, "model": model}
    if file is not None:
        with file.open("rb") as read:
            found["sha256 of the model"] = hashlib.file_digest(read, "sha256").hexdigest()
    return found | {
        "llama-cpp-python": version("llama-cpp-python"),
        "embedder": embedder,
        "database": database,
    }


def page(
    scores: Mapping[str, Any], outcomes: Sequence[Outcome], versions: Mapping[str, str]
) -> str:
    """The scoreboard in Markdown."""
    lines = [_HEAD.format(n=scores["n"]), "| what | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in versions.items()]
    lines += ["", "| score | |", "|---|---|"]
    lines += [f"| {_NAMES[name]} | {scores[name]} |" for name in _NAMES]
    lines += ["", "## What is missed", ""]
    lines += [_miss(miss) for miss in scores["misses"]] or ["Nothing."]
    lines += ["", "## Every question", "", "| question | calls | facts |", "|---|---|---|"]
    lines += [_row(outcome) for outcome in outcomes]
    return "\n".join(lines) + "\n"


def _miss(miss: Mapping[str, Any]) -> str:
    missed = "; ".join([*miss["missed"], *miss.get("unsupported", ())])
    return f"- {_cell(miss['q'])}: {_cell(missed)}"


def _row(outcome: Outcome) -> str:
    held = sum(fact.held for fact in outcome.facts)
    calls = outcome.answer.rounds if outcome.answer else []
    tools = ", ".join(one.call.tool.name for one in calls) or outcome.failed or ""
    return f"| {_cell(outcome.question['q'])} | {_cell(tools)} | {held} of {len(outcome.facts)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "\\<")
