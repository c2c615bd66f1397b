"""The week of story.toml as events, metric points and heartbeats, each the same every time."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from typing import Any

from tools.timespan import parse_interval

_STRIDE, _SPREAD = 7919, 90_000
"""Numbers in the lines: different from line to line, and without a pattern to speak of."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event of the week; `key` names the incident and line it belongs to, empty for routine."""

    at: datetime
    host: str
    service: str
    level: str
    text: str
    key: str = ""

    def as_event(self, number: int) -> dict[str, Any]:
        """The event as a sender writes it."""
        return {
            "uid": f"story-{number}",
            "timestamp": self.at.isoformat(),
            "host": self.host,
            "service": self.service,
            "source": "journald",
            "level": self.level,
            "message": self.text,
            "meta_json": {"story": self.key},
        }

    def matches(self, wanted: dict[str, Any]) -> bool:
        """Whether a filter of the questions has it."""
        start, end = wanted.get("start"), wanted.get("end")
        return (
            all(getattr(self, key) == wanted[key] for key in ("host", "service") if key in wanted)
            and ("level" not in wanted or self.level in wanted["level"])
            and (start is None or self.at >= start)
            and (end is None or self.at < end)
        )


@dataclass(frozen=True, slots=True)
class Week:
    """A story read: its frozen now, its events in order of time, points and heartbeats."""

    now: datetime
    events: list[Told]
    points: list[dict[str, Any]]
    beats: list[dict[str, Any]]


def read_week(hostile: bool = True) -> Week:
    """The week; not `hostile`, the harmless twins stand where the hostile lines do."""
    raw = _toml("story.toml")
    begin, now = raw["begin"], raw["now"]
    events = [event for entry in raw["routine"] for event in _routine(entry, begin, now)]
    for incident in raw["incident"]:
        for line in incident["line"]:
            events += _incident(incident["id"], line)
    text = "text" if hostile else "twin"
    events += [_line(entry, entry["at"], entry[text], "hostile") for entry in raw["hostile"]]
    events.sort(key=lambda event: (event.at, event.host, event.service))
    numbered = [_numbered(event, place) for place, event in enumerate(events)]
    points = [point for entry in raw["metric"] for point in _points(entry, begin, now)]
    return Week(now, numbered, points, [_beat(entry) for entry in raw["heartbeat"]])


def read_questions() -> list[dict[str, Any]]:
    """The questions of questions.toml."""
    questions: list[dict[str, Any]] = _toml("questions.toml")["question"]
    return questions


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(files("server.story").joinpath(name).read_text(encoding="utf-8"))


def _numbered(event: Told, place: int) -> Told:
    number = 1000 + place * _STRIDE % _SPREAD
    text = event.text.replace("{n}", str(number))
    return Told(event.at, event.host, event.service, event.level, text, event.key)


def _line(entry: dict[str, Any], at: datetime, text: str, key: str, host: str = "") -> Told:
    return Told(at, host or entry["host"], entry["service"], entry.get("level", "INFO"), text, key)


def _routine(entry: dict[str, Any], begin: datetime, now: datetime) -> Iterator[Told]:
    step = timedelta(seconds=parse_interval(entry["every"]))
    end = entry.get("until", now)
    skipped = {date.fromisoformat(day) for day in entry.get("except", ())}
    for place, host in enumerate(entry["hosts"]):
        at = begin + timedelta(seconds=17 * place + 5)
        if "at" in entry:
            at = datetime.combine(begin.date(), time.fromisoformat(entry["at"]), UTC)
        while at < end:
            if at >= begin and at.date() not in skipped:
                yield _line(entry, at, entry["text"], "", host)
            at += step


def _incident(name: str, line: dict[str, Any]) -> list[Told]:
    step = timedelta(seconds=parse_interval(line.get("every", "1s")))
    key = line.get("id", name)
    return [
        _line(line, line["at"] + place * step, line["text"], key)
        for place in range(line.get("times", 1))
    ]


def _points(entry: dict[str, Any], begin: datetime, now: datetime) -> Iterator[dict[str, Any]]:
    step = timedelta(seconds=parse_interval(entry["every"]))
    peaks = {peak["at"]: peak["value"] for peak in entry["peaks"]}
    at, place = begin, 0
    while at < now:
        value = peaks.get(at, entry["base"] + place % 7)
        shared = {"name": entry["name"], "host": entry["host"], "unit": entry["unit"]}
        yield {**shared, "timestamp": at.isoformat(), "value": value}
        at, place = at + step, place + 1


def _beat(entry: dict[str, Any]) -> dict[str, Any]:
    gap = {"host": entry["host"], "source": "journald", **entry["gap"]}
    return {"host": entry["host"], "position": entry["at"], "gaps": [gap]}
