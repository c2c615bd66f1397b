"""The calls that a plan's moves make around an event: find it, look before, near and after it."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from server.calls import Candidate
from server.focus import near
from tools.answers import moment_text
from tools.filters import service_names
from tools.levels import Level
from tools.log_context import LOG_CONTEXT
from tools.log_patterns import LOG_PATTERNS
from tools.plain import clean
from tools.query_logs import QUERY_LOGS, LogPage
from tools.records import Event, utc_text
from tools.similar_logs import SIMILAR_LOGS, SimilarPage

_HOUR = timedelta(hours=1)
_CLOSE = timedelta(minutes=15)
_SAME = timedelta(minutes=10)
"""What is alike and this near belongs to the same occasion."""

_SAME_KIND = 0.8
"""Score from which a whole log line is the same kind of message: alone in meaning it has 1."""

_NEIGHBOURS, _FEW = 10, 3
_TEXT = 2_000
_SCOPE = ("service", "host", "start_time", "end_time")
_LEADING = re.compile(
    r"^\W*(?:the\s+|a\s+|an\s+|last\s+|latest\s+|(?:most\s+)?recent\s+|newest\s+)+", re.I
)
_QUOTE = re.compile(r"\"([^\"]+)\"|“([^”]+)”|`([^`]+)`")
_SMALL = re.compile(r"\b(?:on|of|in|at|for|from|the)\s*$|^\s*(?:on|of|in|at|for|from)\b", re.I)


def scope_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Where and when a call looks, without how."""
    return {key: arguments[key] for key in _SCOPE if arguments.get(key)}


def find(words: str, scope: Mapping[str, Any]) -> Candidate | None:
    """What the words describe, in their scope; None when they describe nothing beside it."""
    text = described(words, scope)
    return Candidate(SIMILAR_LOGS, {"text": text, **scope, "limit": 1}) if text else None


def described(words: str, scope: Mapping[str, Any]) -> str:
    """What the words quote, else the words without articles and the service and host they name."""
    quote = _QUOTE.search(words)
    if quote:
        return str(next(filter(None, quote.groups())))
    text = _LEADING.sub("", words).strip(" ?.!,")
    for key in ("host", "service"):
        for name in service_names(scope.get(key)):
            spelt = re.escape(name.removesuffix(".service"))
            without = re.sub(
                rf"\b(?:on|of|in|at|for|from)\s+{spelt}(?![\w-])", " ", text, flags=re.I
            )
            text = without if without.strip() else text
    while (shorter := _SMALL.sub("", text).strip()) != text:
        text = shorter
    return " ".join(text.split())


def found(page: SimilarPage) -> Event | None:
    """The newest event of the nearest kind, None when nothing is near."""
    near_ones = [one for one in page.patterns if not one.weak and one.samples]
    return near_ones[0].samples[0] if near_ones else None


def worst(arguments: Mapping[str, Any]) -> Candidate:
    """Warnings and errors of what a question names, or the levels that it names itself."""
    keys = ("level", "min_level", "contains")
    levels = {key: arguments[key] for key in keys if arguments.get(key)}
    if "level" not in levels and "min_level" not in levels:
        levels["min_level"] = "WARN"
    return Candidate(QUERY_LOGS, {**scope_of(arguments), **levels})


def first_of_worst(page: LogPage) -> Event | None:
    """The first event of the gravest level."""
    order = sorted(page.events, key=lambda e: (-Level(e.level).rank, e.timestamp, e.id))
    return order[0] if order else None


def changed(event: Event) -> Candidate:
    """Kinds of messages on its host in the hour before it, against the hour before that."""
    moment = event.timestamp
    times = {
        "start_time": utc_text(moment - _HOUR),
        "end_time": utc_text(moment),
        "compare_to": utc_text(moment - 2 * _HOUR),
    }
    return Candidate(LOG_PATTERNS, {"host": event.host, **times})


def around(event: Event, side: str) -> Candidate:
    """The events next to it on its host, mostly those of one side if one is asked for."""
    before = _FEW if side == "after" else _NEIGHBOURS
    after = _FEW if side == "before" else _NEIGHBOURS
    sides = {"before": before, "after": after, "scope": "host"}
    return Candidate(LOG_CONTEXT, {"event_id": event.id, **sides})


def trouble(event: Event, side: str) -> Candidate:
    """Warnings and errors on its host within a quarter of an hour."""
    times = near(event, timedelta() if side == "after" else _CLOSE, _CLOSE)
    return Candidate(QUERY_LOGS, {"host": event.host, "min_level": "WARN", **times})


def alike(event: Event) -> Candidate:
    """What resembles it, at any time."""
    return Candidate(SIMILAR_LOGS, {"text": clean(event.message)[:_TEXT]})


def earlier(event: Event, page: Any) -> Candidate:
    """What resembles it from before its occasion, or before the range in which it was found."""
    start = page.range.start if isinstance(page, LogPage) else None
    end = start if start and start < event.timestamp else event.timestamp - _SAME
    return Candidate(
        SIMILAR_LOGS,
        {**alike(event).arguments, "end_time": utc_text(end), "min_score": _SAME_KIND},
        whole_line=True,
    )


def of_group(scope: Mapping[str, Any]) -> Candidate:
    """The kinds of messages in a group that was counted."""
    keys = (*_SCOPE, "level", "min_level")
    return Candidate(LOG_PATTERNS, {key: scope[key] for key in keys if scope.get(key)})


def told_when(event: Event) -> str:
    """An event as a round's purpose names it."""
    return f"event {event.id} ({moment_text(event.timestamp)})"
