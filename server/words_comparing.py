"""With which earlier window a question compares: with yesterday, versus the hour before."""

import re
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from server.words_moment import DAY, Moment, blot, blot_all, midnight
from server.words_times import Times, find_moments, find_times, minus, wall_text

_COMPARED = re.compile(
    r"\b(?:compar(?:ed|e|ing|ison)(?:\s+(?:it|this|that|them))?\s+(?:to|with|against)|versus|"
    r"vs\b\.?|"
    r"as\s+opposed\s+to|that\s+(?:it|they)\s+(?:was|were|did|had)(?:n't|"
    r"\s+not)\s+(?:\w+\s+){0,2}?(?=the\s|a\s|last\s|yesterday)|"
    r"relative\s+to|differ(?:s|ent|ence|ences)?\s+(?:from|to|than)|"
    r"(?:more|fewer|less|worse|other|changed)\s+(?:\w+\s+){0,3}(?:than|against))\s+(?P<when>.+)$",
    re.I | re.S,
)
_BETWEEN = re.compile(
    r"\b(?:compare|differen(?:ce|t|ces)|differ|diff|contrast"
    r"(?:s|ed)?)\b[^,?.]*?(?P<when>(?:between\s+)?[^,?.]*?"
    r"\s(?:and|with|to|from)\s.+)$",
    re.I | re.S,
)
_RANGE = re.compile(r"\bcompare\b.*\bbetween\s+$", re.I | re.S)
_WITH = re.compile(
    r"\b(?:compar(?:e|ing)|contrast)\b.+?\s(?:with|(?<!up\s)to|against)\s+(?P<when>.+)$",
    re.I | re.S,
)
_CHANGED = re.compile(
    r"\bwhat(?:'s|\s+is|\s+has|\s+have)?\s+(?:\w+\s+)?changed\b|\bchanges?\s+in\b", re.I
)
_BEFORE_THAT = re.compile(
    r"\b(?:the\s+)?(?:same\s+)?(?P<unit>hour|day|week|month|period|window|time|one|(?:\w+\s+)?"
    r"(?:minutes|hours|days|weeks))\s+(?:before|earlier|prior|preceding)|"
    r"\b(?:the\s+)?(?:previous|preceding|prior)\s+(?P<period>period|window|one|hour|day|week)\b|"
    r"\bbefore\s+(?:that|then)\b",
    re.I,
)
_A_WEEK = re.compile(
    r"\b(?:last\s+week|a\s+week\s+(?:ago|earlier|before)|the\s+week\s+before)\b", re.I
)
_NOTHING_ELSE = re.compile(
    r"\W*(?:(?:the|that|those|it|its|on|at|in|during|of|for|from|what|we|they|had|was|were|did|"
    r"same|"
    r"ones|time|period|window|level|values?|data|logs?|with|to|over|all|whole)\W+)*$(?<!¤)",
    re.I,
)
_NEAR = 16
"""Letters between the words that compare and the window they compare with."""

_A_DAY = re.compile(r"\ba\s+day\s+(?:ago|earlier|before)\b", re.I)
_STEPS = {"hour": timedelta(hours=1), "day": DAY, "week": 7 * DAY}


def find_comparison(
    question: str, now: datetime, zone: tzinfo, past_start: str | None = None
) -> tuple[Times, str | None]:
    """The times of the question, and the start of the window it compares with, if any.

    `past_start` is the start of the call before it: "compared with the day before?".
    """
    local = now.astimezone(zone).replace(tzinfo=None)
    past = find_times(past_start, now, zone).first if past_start else None
    two = _BETWEEN.search(question)
    both = find_moments(question, local) if two and not _BEFORE_THAT.search(question) else []
    if len(both) == 2 and not (two and _RANGE.search(question[: both[0].span[0]])):
        return _of_two(question, both, local)
    for pattern in (_COMPARED, _WITH):
        match = pattern.search(question)
        head = match.start("when" if pattern is _WITH else 0) if match else 0
        found = _compared(question, head, match, past, (now, zone)) if match else None
        if found:
            return found
    times = find_times(question, now, zone)
    before = _BEFORE_THAT.search(times.rest)
    if past and before and not times.start and not times.end:  # "and the day before?"
        start = _earlier(before[0], past, local)
        return Times(start, past_start, blot(times.rest, before.span())), None
    if times.first and times.end is None and _CHANGED.search(question):
        return times, minus(times.first, local - times.first.start, local)
    return times, None


def _compared(
    question: str,
    head: int,
    match: re.Match[str],
    past: Moment | None,
    clock: tuple[datetime, tzinfo],
) -> tuple[Times, str] | None:
    """The times before the words that compare, and the window behind them."""
    local = clock[0].astimezone(clock[1]).replace(tzinfo=None)
    times = find_times(question[:head], *clock)
    earlier = _earlier(match["when"], times.first or past, local)
    if earlier is None:
        return None
    at = match.start("when")
    rest = blot_all(_BEFORE_THAT, find_times(question[at:], *clock).rest)
    if times.start is None and past is None:
        times = replace(times, start=_whole(match["when"]))
    return replace(times, rest=f"{times.rest}{question[head:at]}{rest}"), earlier


def _of_two(question: str, both: list[Moment], now: datetime) -> tuple[Times, str | None]:
    """The difference of two windows: the later one, compared with the earlier."""
    earlier, later = sorted(both, key=lambda moment: moment.start)
    rest = question
    for moment in both:
        rest = blot(rest, moment.span)
    start = later.text or wall_text(later.start, now)
    end = wall_text(later.end, now) if later.end else None
    if earlier.start == later.start:  # this week and last week
        return Times(start, None, rest, later), minus(later, now - later.start, now)
    if earlier.kind == "age" and later.kind == "age":
        return Times(start, None, rest, later), earlier.text
    return Times(start, end, rest, later), wall_text(earlier.start, now)


def _whole(when: str) -> str:
    """The window that a bare `compared with yesterday` speaks of."""
    if re.search(r"\bhour\b", when, re.I):
        return "1h"
    return "1w" if _A_WEEK.search(when) else "today"


def _earlier(when: str, first: Moment | None, now: datetime) -> str | None:
    """The start of the window compared with; `first` is the start of the one asked about."""
    start = first or Moment((0, 0), midnight(now.date()), kind="day")
    week, before = (_near(pattern.search(when)) for pattern in (_A_WEEK, _BEFORE_THAT))
    back = now - start.start if start.kind == "age" else None
    for literal, length, text in ((week, 7 * DAY, "1w"), (_A_DAY.search(when[:24]), DAY, "1d")):
        if literal and back and back < length:
            return text
    if week or (before and _step(before) == 7 * DAY):
        return minus(first or Moment((0, 0), now - 7 * DAY, kind="age"), 7 * DAY, now)
    if before:
        step = _step(before) or _age_in(when, now)
        if step is None or step == timedelta(hours=1):
            step = back or step or DAY
        return minus(start, step, now)
    return _named_window(when, start, now)


def _named_window(when: str, start: Moment, now: datetime) -> str | None:
    then = next(iter(find_moments(when, now)), None)
    if then is None or then.span[0] > _NEAR or not _NOTHING_ELSE.match(when[: then.span[0]]):
        return None  # too far away, or something else is compared with
    yesterday = midnight(now.date()) - DAY
    if start.kind == "age" and then.kind == "day" and then.start == yesterday:
        return minus(start, DAY, now)  # the same hours of the day before
    return then.text or wall_text(then.start, now)


def _age_in(when: str, now: datetime) -> timedelta | None:
    """Of `the two hours before`: two hours."""
    ages = [moment for moment in find_moments(when, now)[:1] if moment.kind == "age"]
    return now - ages[0].start if ages and ages[0].span[0] <= _NEAR else None


def _near(match: re.Match[str] | None) -> re.Match[str] | None:
    return match if match and match.start() <= _NEAR else None


def _step(before: re.Match[str]) -> timedelta | None:
    """How far back `the day before` is; None for as long as the window itself."""
    return _STEPS.get((before["unit"] or before["period"] or "").lower())
