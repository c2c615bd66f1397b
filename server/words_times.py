"""The time range that a question speaks of, as arguments of a tool."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise

from server.words_ages import age_text, ages
from server.words_clocks import clocks
from server.words_days import dates, named_days, stamps
from server.words_moment import DAY, Moment, blot, midnight

_JOINED = re.compile(r"\s*,?\s*(?:at|on|around|about|of)?\s*(?:the\s+)?", re.I)
_SHARED = re.compile(
    r"\W*(?:(?:at|on|between|from|and|to|until|till|up|the|of|in|around)\W*)*", re.I
)
_TO = re.compile(
    r"\s*(?P<to>to|til|till|until|up\s+(?:to|until)|through|thru|and|[-\u2013\u2014]|->|"
    r"\.\.)\s*(?:the\s+)?",
    re.I,
)
_CUE = re.compile(
    r"(?:\b(?P<start>(?:not|no|never)\s+(?:older|earlier)\s+than|since|after|from|starting(?:\s+(?:at|from|on))?|beginning)|"
    r"\b(?P<end>before|until|till|til|up\s+to|older\s+than|prior\s+to|earlier\s+than)|"
    r"\b(?P<pair>between))\s*(?:the\s+|about\s+|around\s+|(?:[\w']+\s+){1,6}at\s+)?$",
    re.I,
)
_DOING = re.compile(
    r"(?:\b(?:is|was|are|were|has|have|been)|'s)\s+(?:[\w.@¤-]+\s+){0,4}?up\s+to\s+(?:the\s+)?$",
    re.I,
)
_PAST = re.compile(r"(?:the\s+|this\s+|these\s+)?(?:last|past|previous)\b", re.I)
_ONWARDS = re.compile(r"\s+(?:on(?:wards?)?)\b(?!\s+[\w¤])", re.I)
_SENTENCE_END = re.compile(r"[?!;]|\.\s")
_READERS: tuple[Callable[[str, datetime], Iterator[Moment]], ...] = (
    stamps, dates, named_days, ages, clocks,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Times:
    """`start_time` and `end_time` as a tool takes them, and the question without their words.

    `first` is the moment that the start was read from.
    """

    start: str | None
    end: str | None
    rest: str
    first: Moment | None = None


def find_times(question: str, now: datetime, zone: tzinfo) -> Times:
    """The time range that a question speaks of, if any."""
    local = now.astimezone(zone).replace(tzinfo=None)
    moments = find_moments(question, local)
    if not moments:
        return Times(None, None, question)
    rest = question
    for moment in moments:
        rest = blot(rest, moment.span)
    moments = _dated(question, moments)
    found = _range(question, moments, local) or _singles(question, moments, local)
    return replace(found, rest=rest)


def find_moments(question: str, now: datetime) -> list[Moment]:
    """Every moment in order of place. `now` is the asker's wall-clock time, without a zone."""
    found: list[Moment] = []
    for reader in _READERS:
        for one in reader(question, now):
            if all(one.span[1] <= other.span[0] or other.span[1] <= one.span[0] for other in found):
                found.append(one)
    return sorted(found, key=lambda moment: moment.span)


def _dated(question: str, moments: list[Moment]) -> list[Moment]:
    """Clock times on the days that stand beside them, or that they share."""
    if any(moment.kind == "clock" for moment in moments):
        moments = [_as_day(question, moment) for moment in moments]
    joined: list[Moment] = []
    for moment in moments:
        before = joined[-1] if joined else None
        pair = {moment.kind, before.kind if before else ""}
        gap = question[before.span[1] : moment.span[0]] if before else ""
        if before and "clock" in pair and pair & {"day", "date"} and _JOINED.fullmatch(gap):
            day, clock = (before, moment) if moment.kind == "clock" else (moment, before)
            joined[-1] = _at(clock, day, (before.span[0], moment.span[1]))
        else:
            joined.append(moment)
    days = [one for one in joined if one.kind in {"day", "date"}]
    clocks = [one for one in joined if one.kind == "clock"]
    if len(days) == 1 and clocks and _near(question, [*days, *clocks]):
        joined = [_at(one, days[0], one.span) if one.kind == "clock" else one for one in joined]
        if len(clocks) > 1:
            joined.remove(days[0])
    return joined


def _as_day(question: str, moment: Moment) -> Moment:
    """With a clock time beside it, "two days ago" is a day."""
    begin, end = moment.span
    if not (
        moment.kind == "age" and re.search(r"days?\s+(?:ago|back)$", question[begin:end], re.I)
    ):
        return moment
    start = midnight(moment.start.date())
    return Moment(moment.span, start, start + DAY, kind="day")


def _near(question: str, moments: list[Moment]) -> bool:
    spans = sorted(moment.span for moment in moments)
    gaps = [question[a[1] : b[0]] for a, b in pairwise(spans)]
    return all(_SHARED.fullmatch(gap) for gap in gaps)


def _at(clock: Moment, day: Moment, span: tuple[int, int]) -> Moment:
    """The clock time on that day; the small hours of a night are the next day's."""
    start = midnight(day.start.date()) + (clock.start - midnight(clock.start.date()))
    if _is_night(day) and clock.start.hour < 12:
        start += DAY
    return Moment(span, start, text=clock.text, kind="timed")


def _is_night(day: Moment) -> bool:
    end = day.end or day.start
    return day.kind == "day" and end.date() > day.start.date() and end.hour > 0


def _range(question: str, moments: list[Moment], now: datetime) -> Times | None:
    """From one moment to the next, when the words between them say so."""
    for first, last in pairwise(moments):
        link = _TO.fullmatch(question, first.span[1], last.span[0])
        cue = _CUE.search(question[: first.span[0]])
        opened = bool(cue and (cue["start"] or cue["pair"]))
        if link and (opened or link["to"].lower() != "and"):
            return _between(*_same_day(first, last), now)
    return None


def _between(first: Moment, last: Moment, now: datetime) -> Times:
    """The range of two moments: over midnight if need be, a named last day included."""
    if first.kind == "age" and last.kind == "age" and first.start > last.start:
        first, last = last, first
    end = last.start
    if last.kind == "clock" and end <= first.start:
        if first.kind == "clock" and end + DAY > now:
            first = replace(first, start=first.start - DAY)
        else:
            end += DAY
    if last.end and last.text is None:  # from monday to wednesday: wednesday too
        end = last.end
    until = None if last.text == "now" else _text(replace(last, start=end), now)
    return Times(_text(first, now), until, "", first)


def _same_day(first: Moment, last: Moment) -> tuple[Moment, Moment]:
    """Of two clock times one of which has its day, the other on that day too."""
    if first.kind == "clock" and last.kind == "timed":
        first = replace(_at(first, last, first.span), kind="timed")
        return (
            first if first.start < last.start else replace(first, start=first.start - DAY)
        ), last
    if first.kind == "timed" and last.kind == "clock":
        return first, replace(_at(last, first, last.span), kind="clock")
    return first, last


def _singles(question: str, moments: list[Moment], now: datetime) -> Times:
    """Each moment by the word before it: since, until, or the whole of its stretch."""
    start = end = first = None
    for moment in _telling(question, moments):
        cue = _CUE.search(question[: moment.span[0]])
        if moment.text == "now":
            continue
        if cue and cue["end"] and not _is_doing(question, moment):
            end = end or _text(moment, now)
        elif start is None:
            start, first = _text(moment, now), moment
            lone = cue["start"].lower() if cue and cue["start"] else ""
            onwards = _ONWARDS.match(question, moment.span[1])
            if (
                moment.end
                and not onwards
                and (lone in {"", "from"} and (not lone or moment.kind != "date"))
            ):
                end = end or _text(replace(moment, start=moment.end, text=None), now)
    return Times(start, end, "", first)


def _is_doing(question: str, moment: Moment) -> bool:
    """Whether `up to` asks what somebody does: what has nas been up to the last hour."""
    begin, end = moment.span
    return bool(_DOING.search(question[:begin]) and _PAST.match(question[begin:end]))


def _telling(question: str, moments: list[Moment]) -> list[Moment]:
    """The moments of the last sentence that has any, those behind a word like since first."""
    last = moments[-1:]
    for moment in reversed(moments[:-1]):
        if _SENTENCE_END.search(question, moment.span[1], last[0].span[0]):
            break
        last.insert(0, moment)
    return sorted(last, key=lambda moment: not _CUE.search(question[: moment.span[0]]))


def _text(moment: Moment, now: datetime) -> str:
    """A moment as a tool takes it."""
    if moment.text == "utc":
        return f"{moment.start:%Y-%m-%dT%H:%M:%S}Z"
    if moment.text:
        return moment.text
    return wall_text(moment.start, now)


def wall_text(start: datetime, now: datetime) -> str:
    """A wall-clock time as a tool takes it: a word, a date, or a date and time."""
    if start != midnight(start.date()):
        return f"{start:%Y-%m-%dT%H:%M:%S}"
    words = {midnight(now.date()): "today", midnight(now.date()) - DAY: "yesterday"}
    return words.get(start) or f"{start:%Y-%m-%d}"


def minus(moment: Moment, back: timedelta, now: datetime) -> str:
    """The moment so much earlier, as a tool takes it."""
    if moment.kind == "age":
        return age_text((now - moment.start + back).total_seconds())
    return wall_text(moment.start - back, now)
