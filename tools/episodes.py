"""Has it happened before, and what came next: a pattern's occasions and what rose after them."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from statistics import median

from pydantic import BaseModel, Field

from tools.aftermath import WITHIN, Follower, Stretch, rose_after
from tools.answers import minute_text
from tools.plain import quoted, unsigned
from tools.ports import Activity, Deps, Filter, PatternCount
from tools.records import Moment

SHOWN = 5
"""Occasions listed; the rest are counted."""

_LOOKED_AT = 3
_MOST = 4_000
"""Spans of one pattern that are read; where it has more, it is looked at in wider ones."""

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_SHORTEST, _LONGEST = timedelta(minutes=10), timedelta(hours=6)
_TIMES_USUAL = 10
_BEATS = 3
"""So many of its own mean pauses without an event, and an occasion has ended."""

_TICK = timedelta(microseconds=1)


class Occasion(BaseModel):
    """Events of one pattern without a long pause between them."""

    start: Moment
    end: Moment
    count: int


class Episodes(BaseModel):
    """The separate occasions of a pattern in the range, and what came next."""

    total: int = Field(description="Occasions in the range.")
    pause_seconds: float = Field(description="A longer time without an event ends an occasion.")
    latest: list[Occasion] = Field(description="Newest first.")
    more: int = Field(description="Earlier occasions, not listed.")
    ongoing: bool = Field(description="The latest may not have ended.")
    looked_at: int = Field(description="Latest occasions whose next ten minutes were looked at.")
    followed_by: list[Follower] = Field(description="What rose then; the surest first.")


async def episodes_of(wanted: Filter, pattern: PatternCount, deps: Deps) -> Episodes:
    """The occasions of a pattern in a filter, exact to the row, and what followed the latest."""
    activity, width = await _activity(wanted, pattern, deps)
    pause = usual_pause(activity, width)
    found = occasions(activity, pause)
    stretches = [
        await _around(found, place, replace(wanted, services=()), pattern.id, deps)
        for place in range(max(0, len(found) - _LOOKED_AT), len(found))
    ]
    latest = found[: -SHOWN - 1 : -1]
    looked_at, followers = await rose_after(stretches, pattern.id, deps.store)
    return Episodes(
        total=len(found),
        pause_seconds=pause.total_seconds(),
        latest=latest,
        more=len(found) - len(latest),
        ongoing=bool(found) and deps.now() - found[-1].end <= min(pause, _silence(found[-1])),
        looked_at=looked_at,
        followed_by=followers,
    )


async def _activity(
    wanted: Filter, pattern: PatternCount, deps: Deps
) -> tuple[list[Activity], int]:
    """When it occurred, by the narrowest spans of which there are not too many."""
    if pattern.count > _MOST:
        days = await deps.store.pattern_activity(wanted, pattern.id, _DAY)
        if len(days) * 24 > _MOST:
            return days, _DAY
        hours = await deps.store.pattern_activity(wanted, pattern.id, _HOUR)
        if len(hours) * 60 > _MOST:
            return hours, _HOUR
    return await deps.store.pattern_activity(wanted, pattern.id, _MINUTE), _MINUTE


def usual_pause(activity: list[Activity], width: int) -> timedelta:
    """The longest pause within an occasion: ten times the median one, within bounds.

    Ten minutes to six hours, so that retries every half hour are one occasion and what comes
    daily is not. Never less than `width`, the seconds of a span: inside of one no pause is seen.
    """
    pauses = [(b.first - a.last).total_seconds() for a, b in pairwise(activity)]
    usual = timedelta(seconds=_TIMES_USUAL * median(pauses)) if pauses else timedelta()
    return max(_SHORTEST, timedelta(seconds=width), min(usual, _LONGEST))


def occasions(activity: list[Activity], pause: timedelta) -> list[Occasion]:
    """Activity cut wherever nothing occurred for longer than a pause; the oldest first."""
    found: list[Occasion] = []
    for one in activity:
        if found and one.first - found[-1].end <= pause:
            found[-1].end = max(found[-1].end, one.last)
            found[-1].count += one.count
        else:
            found.append(Occasion(start=one.first, end=one.last, count=one.count))
    return found


def _silence(one: Occasion) -> timedelta:
    """How long an occasion that goes on may be silent, by the rhythm of its own events."""
    beats = (one.end - one.start) / (one.count - 1) if one.count > 1 else timedelta()
    return max(_SHORTEST, _BEATS * beats)


async def _around(
    found: list[Occasion], place: int, wanted: Filter, pattern_id: int, deps: Deps
) -> Stretch:
    """The time around an occasion's start on its hosts, without the aftermath of the one before."""
    one = found[place]
    within = replace(wanted, start=one.start, end=one.end + _TICK)
    hosts = (await deps.store.pattern_hosts(within, [pattern_id])).get(pattern_id, [])
    free = found[place - 1].end + WITHIN if place else None
    return Stretch(tuple(hosts), one.start, free, deps.now())


def episode_lines(found: Episodes) -> list[str]:
    """The occasions in a line, and one more for what followed."""
    each = [f"{occasion_text(one)} x{one.count}" for one in found.latest]
    more = [f"{found.more} more"] if found.more else []
    noun = "occasion" if found.total == 1 else "occasions"
    lines = [f"   {found.total} {noun}: {'; '.join([*each, *more])}"]
    if found.followed_by:
        lines.append(f"   followed within 10 min by: {followers_text(found, 100)}")
    return lines


def occasion_text(one: Occasion) -> str:
    """From when to when, to the minute."""
    start, end = minute_text(one.start), minute_text(one.end)
    return start if start == end else f"{start} to {end}"


def followers_text(found: Episodes, limit: int) -> str:
    """What followed, with how often, after how many occasions, and how long after."""
    return "; ".join(
        f"{unsigned(one.service, 60)}: {quoted(one.pattern, limit)} x{one.count} "
        f"after {one.occasions} of {found.looked_at} "
        f"(usually {one.usual:.2g}, first {one.delay_seconds:.0f} s later)"
        for one in found.followed_by
    )
