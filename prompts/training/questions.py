"""Training questions: a frame filled, made untidy as people write, with the call it means."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from prompts.call_text import call_text
from prompts.training.grammar import fill, table, unfold
from prompts.training.texts import slip
from prompts.training.values import Values

_TOOLS = {
    "query_logs": 30, "log_stats": 18, "similar_logs": 14, "log_patterns": 12,
    "query_metrics": 9, "log_context": 7, "none": 10,
}  # fmt: skip
_FREE_TEXT = ("text}", "contains}")
Call = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Example:
    """A question, the call it means (`none` for no call), and the calls before it."""

    question: str
    answer: str
    before: tuple[str, ...] = ()


def examples(seed: int) -> Iterator[Example]:
    """Examples without end, the same for the same seed."""
    random = Random(seed)  # noqa: S311  not for secrets
    while True:
        yield follow_up(random) if random.random() < 0.2 else single(random)


def single(random: Random) -> Example:
    """A question that stands alone; now and then an unrelated call came before it."""
    question, tool, arguments = _asked(random)
    before = (_earlier(random),) if random.random() < 0.12 else ()
    return Example(question, _text(tool, arguments), before)


def follow_up(random: Random) -> Example:
    """A question that changes a part of the call before it."""
    kinds = list(table("frames")["follow_up"])
    while True:
        _, tool, arguments = _asked(random)
        kind = random.choices(kinds, (30, 16, 8, 4, 16, 6, 8, 6, 4, 4, 4, 4))[0]
        values = Values(random)
        question = _sentence(random.choice(table("frames")["follow_up"][kind]), values)
        changed = changed_call(kind, (tool, arguments), values.arguments)
        if changed:
            older = (_earlier(random),) if random.random() < 0.15 else ()
            return Example(question, _text(*changed), (*older, _text(tool, arguments)))


def _earlier(random: Random) -> str:
    while True:
        _, tool, arguments = _asked(random)
        if tool != "none":
            return _text(tool, arguments)


_FILTER = {
    "service", "host", "source", "level", "min_level", "contains", "trace_id", "error_code",
    "event_type", "start_time", "end_time",
}  # fmt: skip
_PATTERN_FILTER = {"service", "host", "level", "min_level", "start_time", "end_time"}
_KEEPS = {
    "query_logs": _FILTER | {"order", "limit"},
    "log_stats": _FILTER | {"group_by", "interval", "limit"},
    "log_patterns": _PATTERN_FILTER | {"new_only", "compare_to", "limit"},
    "query_metrics": {
        "name", "service", "host", "labels", "start_time", "end_time", "interval", "aggregate",
    },
    "similar_logs": _PATTERN_FILTER | {"text", "limit"},
}  # fmt: skip
_TURNS = {"count": "log_stats", "kinds": "log_patterns", "rows": "query_logs"}
_FITS = {
    "filtered": {"query_logs", "log_stats"},
    "limited": {"query_logs", "similar_logs", "log_patterns"},
    "turned": {"query_logs"}, "count": {"query_logs", "log_stats"},
    "kinds": {"query_logs", "log_stats"}, "rows": {"log_stats"}, "step": {"query_metrics"},
    "all_levels": {"query_logs", "log_stats", "log_patterns"},
}  # fmt: skip
_DROPS = {
    "all_hosts": {"host"}, "all_services": {"service"}, "all_levels": {"level", "min_level"},
    "all_times": {"start_time", "end_time"},
}  # fmt: skip


def changed_call(kind: str, past: Call, new: dict[str, Any]) -> Call | None:
    """The past call with a follow-up's change; None when that makes no sense."""
    tool, arguments = past
    if tool not in _FITS.get(kind, set(_KEEPS)):
        return None
    kept = {key: value for key, value in arguments.items() if key not in _replaced(kind, new)}
    if kind in _DROPS and len(kept) == len(arguments):
        return None
    tool = _TURNS.get(kind, tool)
    if kind in _TURNS:
        kept = {key: kept[key] for key in kept if key not in {"limit", "order"}}
        if "trace_id" in kept and kind == "kinds":
            return None
    merged = {key: value for key, value in (kept | new).items() if key in _KEEPS[tool]}
    if ("new_only" in merged or "compare_to" in merged) and "start_time" not in merged:
        return None
    if len(set(new) & set(merged)) < len(new) or merged == arguments:
        return None
    return tool, merged


def _replaced(kind: str, new: dict[str, Any]) -> set[str]:
    gone = set(_DROPS.get(kind, ()))
    for group in ({"level", "min_level"}, {"start_time", "end_time"}):
        gone |= group if group & set(new) else set()
    if kind == "count" and "group_by" in new:
        gone |= {"interval"}
    return gone


def _text(tool: str, arguments: dict[str, Any]) -> str:
    return "none" if tool == "none" else call_text(tool, arguments)


def _asked(random: Random) -> tuple[str, str, dict[str, Any]]:
    tool = random.choices(list(_TOOLS), list(_TOOLS.values()))[0]
    frame = random.choice(table("frames")[tool]["plain"])
    values = Values(random)
    question = _sentence(frame, values, talk=tool == "none")
    return question, tool, {} if tool == "none" else values.arguments


def _sentence(frame: str, values: Values, *, talk: bool = False) -> str:
    random = values.random
    frame = unfold(frame, random)
    if not talk and random.random() < 0.16:
        frame = unfold("{hail} ", random) + frame
    if not talk and random.random() < 0.1 and not frame.endswith(_FREE_TEXT):
        frame += random.choice([", ", " "]) + unfold("{again}", random)
    slips = random.choices((0, 1, 2, 3), (82, 10, 5, 3))[0]
    spoken = random.random() < 0.2

    def untidy(words: str) -> str:
        return _slipped(words.lower().replace("'", "") if spoken else words, slips, random)

    sentence = fill(frame, values, untidy)
    if spoken:
        return sentence.rstrip("?.!")
    if random.random() < 0.4 and frame[0] != "{":
        sentence = sentence[:1].upper() + sentence[1:]
    return sentence + random.choices(("", "?", ".", "!"), (60, 28, 8, 1))[0]


def _slipped(words: str, slips: int, random: Random) -> str:
    parts = words.split(" ")
    places = [place for place, part in enumerate(parts) if len(part) > 4 and part.isalpha()]
    for place in random.sample(places, min(slips, len(places))):
        parts[place] = slip(parts[place], random)
    return " ".join(parts)
