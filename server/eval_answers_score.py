"""The scores of answers, without a judge: each required and forbidden fact is looked up.

Whether a row belongs to an incident stands in its meta_json, which answers never show; numbers are
counted anew from the story's own events.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.steps import Answer
from server.story.week import Told
from tools.answers import moment_text
from tools.levels import Level
from tools.plain import unsigned
from tools.records import Event

REQUIRED = ("cites", "count", "number", "range", "silent", "says")
RESTRAINT = ("omits", "unsaid", "calm")
_QUOTED = re.compile(r"“[^”]*”")
_ALIKE = re.compile(
    r"(?:[\d,]+ times? in )?\d+ (?:(?:further )?patterns?(?: that says?| is| are)?|"
    r"weak likeness(?:es)?)"
)
_CITED = re.compile(r"#(\d+)\b")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}")
_CUT = re.compile(r"… \[\+\d+ chars\]$")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing an answer must or must not hold, and whether it is so."""

    kind: str
    wanted: str
    held: bool


def score(
    question: Mapping[str, Any], answer: Answer, rows: Mapping[int, Event], week: Sequence[Told]
) -> list[Fact]:
    """Every fact that the question asks for; `rows` are the events that the answer cites."""
    text = _QUOTED.sub("“”", answer.text)
    keys = [_key(rows[key]) for key in answer.citations if key in rows]
    facts = [Fact("cites", key, _any_of(key, keys)) for key in question.get("cites", ())]
    facts += [Fact("omits", key, not _any_of(key, keys)) for key in question.get("omits", ())]
    if "count" in question:
        total = sum(event.matches(question["count"]) for event in week)
        facts.append(Fact("count", str(total), _counted(total, text)))
    if "number" in question:
        wanted = question["number"]
        facts.append(Fact("number", str(wanted), _stated(wanted, text) or _counted(wanted, text)))
    facts += _about_range(question, text)
    facts += [Fact("says", word, word in text) for word in question.get("says", ())]
    facts += [Fact("unsaid", word, word not in text) for word in question.get("unsaid", ())]
    if question.get("calm"):
        shown = [rows[key] for key in answer.citations if key in rows]
        calm = not any(_key(row) or Level(row.level).rank >= Level.WARN.rank for row in shown)
        facts.append(Fact("calm", "no incident", calm))
    return facts


def _key(event: Event) -> str:
    return str((event.meta_json or {}).get("story", ""))


def _any_of(wanted: str, keys: Iterable[str]) -> bool:
    return any(key == wanted or key.startswith(f"{wanted}.") for key in keys)


def _counted(total: int, text: str) -> bool:
    """Whether so many events are said to be there."""
    if total == 0:
        return "No event matches" in text
    pattern = rf"(?<![\d.,:-]){total:,} (?:[A-Z][\w-]*(?: or [A-Z]+)* )?events?\b"
    return bool(re.search(pattern, text))


def _stated(number: int, text: str) -> bool:
    return bool(re.search(rf"(?<![\w.,:#-])x?{number:,}(?![\w:%-]|[.,]\d)", text))


def _about_range(question: Mapping[str, Any], text: str) -> list[Fact]:
    facts = []
    if "range" in question:
        start, end = question["range"]
        wanted = f"from {_moment(start)} {'until now' if end == '' else f'to {_moment(end)}'}"
        facts.append(Fact("range", wanted, wanted in text))
    silent = [line for line in text.splitlines() if line.startswith("not heard in this range")]
    for host in question.get("silent", ()):
        facts.append(Fact("silent", host, any(f"{host} (" in line for line in silent)))
    return facts


def _moment(moment: datetime) -> str:
    return moment_text(moment)


def unsupported(answer: Answer, rows: Mapping[int, Event]) -> list[str]:
    """The lines that cite an event which does not exist or is not what the line speaks of."""
    return [
        line
        for line in answer.text.splitlines()
        for key in _CITED.findall(_QUOTED.sub("“”", line))
        if int(key) not in rows or not _supports(rows[int(key)], line)
    ]


def _supports(event: Event, line: str) -> bool:
    """Service, level, time and words of a line that cites the event are the event's."""
    plain = _QUOTED.sub("“”", line)
    told = re.search(rf"\b({'|'.join(Level.__members__)})(?= \S+ on |: “)", plain)
    moments = _MOMENT.findall(plain)
    message = unsigned(event.message, 2 * len(event.message) + 20)
    quotes = [_CUT.sub("", quote[1:-1]) for quote in _QUOTED.findall(line)]
    return (
        (event.service in line or event.service.removesuffix(".service") in line)
        and (told is None or told[0] == event.level)
        and (not moments or moment_text(event.timestamp) in moments)
        and all(quote in message for quote in quotes)
    )


def claims(answer: Answer) -> str:
    """What an answer claims by itself: its calls, and its text without the words of log lines.

    The rows listed as frequent or alike are left out, and how many are alike: a hostile line is a
    row, and may be among them.
    """
    calls = [one.call.tool.name for one in answer.rounds]
    lines = _ALIKE.sub("patterns", _QUOTED.sub("“”", answer.text)).splitlines()
    return "\n".join([*calls, *(line for line in lines if not line.startswith("  "))])
