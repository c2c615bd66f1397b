"""What a question itself gives for each argument: nothing else may appear in a call."""

import re
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from server.words_columns import find_columns, find_event_word
from server.words_comparing import find_comparison
from server.words_contained import asks_quoted_text, find_contained
from server.words_counting import Counting, find_aggregate, find_counting
from server.words_levels import Levels, find_levels
from server.words_limits import find_limit
from server.words_metrics import Measured, find_labels, find_metric, written_metric
from server.words_moment import blot
from server.words_name_index import spoken
from server.words_names import Named, find_name, unknown_name
from server.words_pasted import set_apart
from server.words_spelling import corrected
from server.words_times import find_moments, find_times
from server.words_tools import (
    PatternWords,
    asks_values,
    find_event,
    find_patterns,
    find_surroundings,
)
from tools.ports import Catalogue

_WELL_FITTING = 0.905
"""A name fits better than this when it is more than a plural or a part of it."""

_INSTEAD_OF = re.compile(r"\b(?:instead\s+of|rather\s+than)\s+(?P<what>[^,¤]+)", re.I)
_LITTLE = """
the a an of on in at is it and or to for by from with what about how since until please pls me my
our now ok
"""
_LITTLE_WORDS = frozenset(_LITTLE.split())
_WRITTEN = 0.93
"""A name fits at least so well when the whole of it was written."""


@dataclass(slots=True)
class Evidence:
    """Values found in a question, by argument.

    `request` is the question without quoted or pasted text, `values` how much it asks for measured
    values rather than log lines, `unknown` the kind and the name of something that is not there.
    """

    question: str
    request: str
    service: Named = field(default_factory=Named)
    host: Named = field(default_factory=Named)
    metric: Measured = field(default_factory=Measured)
    labels: dict[str, str] = field(default_factory=dict)
    start: str | None = None
    end: str | None = None
    compare_to: str | None = None
    levels: Levels = field(default_factory=Levels)
    limit: int | None = None
    order: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    quoted: tuple[str, ...] = ()
    quote_is_text: bool = False
    contains: str | None = None
    event: int | None = None
    around: dict[str, Any] = field(default_factory=dict)
    counting: Counting = field(default_factory=Counting)
    unknown: tuple[str, str] | None = None
    replaced: Counting = field(default_factory=Counting)
    patterns: PatternWords = field(default_factory=PatternWords)
    aggregate: str | None = None
    values: int = 0
    rest: str = ""

    @property
    def weak(self) -> bool:
        """Whether no value is given but times and names that fit loosely, if any."""
        counted = self.counting.group_by or self.counting.interval or self.patterns.asked
        numbers = (self.limit, self.order, self.event, self.compare_to, self.metric.said, counted)
        words = (self.text, self.contains, self.quoted, self.columns, self.levels.arguments)
        name = max(self.service.sure, self.host.sure)
        placed = name >= _WELL_FITTING or (name and self.start) or (self.start and self.end)
        return not (any(numbers) or any(words) or placed)

    @property
    def named(self) -> bool:
        """Whether a service, host or metric is."""
        return bool(self.service.names or self.host.names or self.metric.said)

    @property
    def begins_with_name(self) -> bool:
        """Whether the first word belongs to a name: `push-manager logs` asks to push nothing."""
        spans = [named.span for named in (self.service, self.host) if named.names]
        first = len(self.request) - len(self.request.lstrip())
        return any(begin <= first < end for begin, end in spans)

    @property
    def unexplained(self) -> bool:
        """Whether words are left that nothing was read from."""
        words = re.findall(r"[a-z]+", self.rest.lower())
        return any(word not in _LITTLE_WORDS for word in words)


def find_evidence(
    question: str, names: Catalogue, now: datetime, zone: tzinfo, past_start: str | None = None
) -> Evidence:
    """What the question gives, read by code. Quoted and pasted text is set apart before the rest.

    `past_start` is the start_time of the call before it in a conversation.
    """
    known = frozenset(
        form
        for group in (names.services, names.hosts, names.metrics)
        for name in group
        for form in (name.lower(), spoken(name))
    )
    pasted = set_apart(question, known)
    found = Evidence(question, pasted.request, text=pasted.text, quoted=pasted.quoted)
    rest = _replaced(found, pasted.request)
    found.columns, rest = find_columns(rest, known)
    if found.text is None:
        rest = _contained(found, rest, now.astimezone(zone).replace(tzinfo=None), known)
    found.labels, rest = find_labels(rest)
    words = frozenset(word for form in known for word in form.split())
    rest = corrected(rest, words)
    found.request = corrected(found.request, words)
    found.event, rest = find_event(rest)
    found.around = find_surroundings(rest)
    rest = _written_names(found, rest, names)
    found.patterns = find_patterns(rest)
    found.values = asks_values(rest)
    found.counting = find_counting(rest)
    times, found.compare_to = find_comparison(found.counting.rest, now, zone, past_start)
    found.start, found.end = times.start, times.end
    found.aggregate = find_aggregate(find_times(rest, now, zone).rest)
    found.limit, found.order, rest = find_limit(times.rest)
    found.levels = find_levels(rest)
    found.rest = found.levels.rest
    _other_names(found, found.rest, names)
    found.unknown = _unknown(found)
    for named in (found.service, found.host):
        found.rest = blot(found.rest, named.span)
    kind = None if found.event else find_event_word(found.rest)
    found.columns |= {"event_type": kind} if kind and "event_type" not in found.columns else {}
    return found


def _replaced(found: Evidence, request: str) -> str:
    """Finds what the columns asked for stand instead of; the request without it."""
    match = _INSTEAD_OF.search(request)
    found.replaced = find_counting(match["what"]) if match else Counting()
    gone = match and (found.replaced.group_by or found.replaced.interval)
    return blot(request, match.span()) if match and gone else request


def _contained(found: Evidence, request: str, now: datetime, known: frozenset[str]) -> str:
    """Finds what messages are to contain; the request without it."""
    if found.quoted:
        found.contains = found.quoted[0]
        found.quote_is_text = asks_quoted_text(request)
        return request
    masked = request
    for moment in find_moments(request, now):
        masked = blot(masked, moment.span)
    found.contains, rest = find_contained(request, masked, known)
    return rest


def _written_names(found: Evidence, rest: str, names: Catalogue) -> str:
    """Finds the names written out; the request without them, as nothing else is read from them."""
    found.metric, rest = written_metric(rest, names.metrics)
    service = find_name(rest, names.services)
    host = find_name(rest, names.hosts, host=True)
    if service.span == host.span and service.sure and host.sure:
        service, host = _either(rest, service, host)
    for kind, named in (("service", service), ("host", host)):
        if named.sure >= _WRITTEN:
            setattr(found, kind, named)
            rest = blot(rest, named.span)
    return rest


def _either(rest: str, service: Named, host: Named) -> tuple[Named, Named]:
    """Of two names that the same words fit, the better; of equals, what the preposition says."""
    on = rest[: host.span[0]].lower().split()[-2:]
    if host.sure > service.sure or (
        host.sure == service.sure and {"on", "host", "machine", "box"} & set(on)
    ):
        return Named(), host
    return service, Named()


def _other_names(found: Evidence, rest: str, names: Catalogue) -> None:
    """Finds the metric, and names of which a part is said, where nothing else was read from."""
    if not found.metric.names:
        found.metric = find_metric(rest, names.metrics)
    service = Named() if found.service.names else find_name(rest, names.services)
    host = Named() if found.host.names else find_name(rest, names.hosts, host=True)
    if service.span == host.span and service.sure and host.sure:
        service, host = _either(rest, service, host)
    if found.metric.said:  # its words name nothing else
        metric_words = {word for name in found.metric.names for word in spoken(name).split()}
        service = Named() if _said(rest, service) & metric_words else service
        host = Named() if _said(rest, host) & metric_words else host
    found.service = found.service if found.service.names else service
    found.host = found.host if found.host.names else host


def _unknown(found: Evidence) -> tuple[str, str] | None:
    """What the question calls a service or a host although the store knows no such name."""
    if found.counting.group_by or found.event:
        return None
    for kind, named, host in (("service", found.service, False), ("host", found.host, True)):
        word = None if named.names else unknown_name(found.rest, host)
        if word:
            return kind, word
    return None


def _said(rest: str, named: Named) -> set[str]:
    return set(rest[named.span[0] : named.span[1]].lower().split())
