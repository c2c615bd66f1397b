"""What a round found that later words may point at: it, they, that service, that host, then."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from server.steps import Round
from tools.log_stats import StatsPage
from tools.records import Event, utc_text
from tools.similar_logs import SimilarPage

_NEAR = timedelta(minutes=10)
_THEN = re.compile(r"\bthen\b|\b(?:that|this|the\s+same)\s+(?:time|moment)\b", re.I)
_HOST = re.compile(r"\bthere\b|\b(?:that|this|the\s+same)\s+(?:host|machine|box)\b", re.I)
_SERVICE = re.compile(r"\b(?:that|this|the\s+same)\s+(?:service|unit)\b", re.I)
_TIMES = ("start_time", "end_time")
_WHERE = ("service", "host")


@dataclass(frozen=True, slots=True)
class Focus:
    """The event that stands for what was found, and the arguments that name where and when."""

    event: Event | None
    scope: Mapping[str, Any]

    def bound(self, words: str, arguments: Mapping[str, Any], takes: Any) -> dict[str, Any]:
        """The arguments of a call with what its words point back at; its own values win."""
        values = dict(arguments)
        bound = self._where(words) | self._when(words, values)
        if "level" in values or "min_level" in values:
            bound = {key: one for key, one in bound.items() if key not in {"level", "min_level"}}
        merged = bound | values
        return {key: value for key, value in merged.items() if key in takes.model_fields}

    def _where(self, words: str) -> dict[str, Any]:
        """Service and host: those named by the earlier call, else those of the event."""
        event = self.event
        if event is not None and _SERVICE.search(words):
            return {"service": event.service}
        if event is not None and _HOST.search(words):
            return {"host": event.host}
        named = {key: self.scope[key] for key in _WHERE if self.scope.get(key)}
        if named or event is None:
            return named
        return {"service": event.service, "host": event.host}

    def _when(self, words: str, values: Mapping[str, Any]) -> dict[str, Any]:
        if self.event is not None and _THEN.search(words):
            return near(self.event)
        if any(key in values for key in _TIMES):
            return {}
        return {key: self.scope[key] for key in _TIMES if self.scope.get(key)}


def near(event: Event, before: timedelta = _NEAR, after: timedelta = _NEAR) -> dict[str, str]:
    """The time around an event as arguments."""
    moment = event.timestamp
    return {"start_time": utc_text(moment - before), "end_time": utc_text(moment + after)}


def focus_of(past: Round) -> Focus:
    """What later words point at after a round."""
    arguments, page = dict(past.call.arguments), past.page
    event = next(iter(past.facts.rows), None)
    if isinstance(page, StatsPage):
        arguments |= _top(page)
    elif isinstance(page, SimilarPage):
        event = next((one.samples[0] for one in page.patterns if one.samples), None)
    return Focus(event, arguments)


def _top(page: StatsPage) -> dict[str, str]:
    """The largest group as an argument."""
    if page.interval or not page.groups or page.group_by not in {"service", "host", "level"}:
        return {}
    top = page.groups[0].name
    return {page.group_by: top} if top else {}
