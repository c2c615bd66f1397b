"""How a question is read: by code, part after part; what one part took is read by no other."""

import re
from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from server.evidence import Evidence
from server.reading_names import compared_places, other_names, unknown_place, written_names
from server.words_columns import find_columns, find_event_word
from server.words_comparing import find_comparison
from server.words_contained import asks_quoted_text, asks_where, find_contained
from server.words_counting import Counting, find_aggregate, find_counting
from server.words_german import in_english
from server.words_levels import find_levels
from server.words_limits import find_limit
from server.words_metrics import find_labels
from server.words_moment import blot
from server.words_name_index import spoken
from server.words_names import left_out
from server.words_pasted import Pasted, set_apart
from server.words_scores import find_min_score
from server.words_spelling import corrected
from server.words_tail import split_tail
from server.words_times import find_moments, find_times
from server.words_tools import asks_values, find_event, find_patterns, find_surroundings
from tools.ports import Catalogue

_INSTEAD_OF = re.compile(r"\b(?:instead\s+of|rather\s+than)\s+(?P<what>[^,¤]+)", re.I)


def find_evidence(
    question: str, names: Catalogue, now: datetime, zone: tzinfo, past_start: str | None = None
) -> Evidence:
    """What the question gives, read by code. Quoted and pasted text is set apart before the rest.

    `past_start` is the start_time of the call before it in a conversation.
    """
    english = in_english(question)
    found = _read(english, names, now.astimezone(zone), past_start)
    if english == question or all(
        text in question for text in (found.text, found.contains) if text
    ):
        return found
    return _read(question, names, now.astimezone(zone), past_start)  # never a text half translated


def _read(question: str, names: Catalogue, now: datetime, past_start: str | None) -> Evidence:
    known = _forms(names)
    local, zone = now.replace(tzinfo=None), now.tzinfo or UTC
    pasted = _ended(set_apart(question, known), known, local)
    found = Evidence(question, pasted.request, text=pasted.text, quoted=pasted.quoted)
    rest = _replaced(found, _wanted(found, pasted.request, names))
    rest = _values(found, rest, local, known)
    words = frozenset(word for form in known for word in form.split())
    rest = corrected(rest, words)
    found.request = corrected(found.request, words)
    found.event, rest = find_event(rest)
    found.around = find_surroundings(rest)
    rest = written_names(found, rest, names)
    found.patterns = find_patterns(rest)
    found.values = asks_values(rest)
    found.counting = find_counting(rest)
    times, found.compare_to = find_comparison(found.counting.rest, now, zone, past_start)
    found.start, found.end = times.start, times.end
    found.aggregate = find_aggregate(find_times(rest, now, zone).rest)
    found.limit, found.order, rest = find_limit(times.rest)
    found.levels = find_levels(rest)
    found.rest = found.levels.rest
    other_names(found, found.rest, names)
    compared_places(found)
    found.unknown = unknown_place(found, names)
    _event_word(found)
    return found


def _values(found: Evidence, rest: str, now: datetime, known: frozenset[str]) -> str:
    """Finds what is spelt out: columns, texts, scores and labels; the request without them."""
    found.columns, rest = find_columns(rest, known)
    found.contains = found.columns.pop("contains", None)
    if found.text is not None:
        found.min_score, rest = find_min_score(rest)
        found.labels, rest = find_labels(rest, rest)
        return rest
    rest = _contained(found, rest, now, known)
    found.labels, rest = find_labels(rest, found.question)
    return rest


def _event_word(found: Evidence) -> None:
    """Finds the kind of events that `login events` names, where no name was read from the word."""
    for named in (found.service, found.host):
        found.rest = blot(found.rest, named.span)
    kind = None if found.event else find_event_word(found.rest)
    found.columns |= {"event_type": kind} if kind and "event_type" not in found.columns else {}


def _forms(names: Catalogue) -> frozenset[str]:
    """Every name in lower case, as it stands and as it is spoken."""
    return frozenset(
        form
        for group in (names.services, names.hosts, names.metrics)
        for name in group
        for form in (name.lower(), spoken(name))
    )


def _wanted(found: Evidence, request: str, names: Catalogue) -> str:
    """Finds the names that are not wanted; the request without them."""
    services, request = left_out(request, names.services)
    hosts, request = left_out(request, names.hosts)
    found.left_out = services + hosts
    return request


def _ended(pasted: Pasted, known: frozenset[str], now: datetime) -> Pasted:
    """Pasted text without the part of the request that follows it."""
    if not (pasted.loose and pasted.text):
        return pasted
    text, tail = split_tail(pasted.text, known, now)
    return replace(pasted, text=text, request=f"{pasted.request} {tail}")


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
        found.quote_is_sought = asks_where(request)
        return request
    masked = request
    for moment in find_moments(request, now):
        masked = blot(masked, moment.span)
    contains, rest = find_contained(request, masked, known)
    found.contains = contains or found.contains
    return rest
