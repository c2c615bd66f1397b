"""What rises after something happened: patterns that come more often than they usually do."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from pydantic import BaseModel, Field

from tools.ports import Activity, LogStore

WITHIN = timedelta(minutes=10)

_WEEK, _HOUR, _MINUTE = timedelta(days=7), timedelta(hours=1), timedelta(minutes=1)
_RISE = 2
_FALSE_ALARMS = 0.05
"""How likely anything at all may be shown when nothing has risen."""

_SHOWN = 5


class Follower(BaseModel):
    """A pattern that rose after the occasions."""

    pattern_id: int
    service: str
    pattern: str
    count: int = Field(description="Events within ten minutes of the occasions' starts.")
    usual: float = Field(description="Events in as much time at the rate of the week before.")
    occasions: int = Field(description="After how many of those looked at.")
    delay_seconds: float = Field(description="From a start to the first of them, the median.")


@dataclass(frozen=True, slots=True)
class Stretch:
    """The time around a moment on some hosts; what was before `free_since` is not usual time."""

    hosts: tuple[str, ...]
    moment: datetime
    free_since: datetime | None
    now: datetime

    @property
    def end(self) -> datetime:
        """Of the time after; a whole minute, so that few rows are read."""
        return min(_minute(self.moment) + WITHIN, self.now)

    @property
    def week(self) -> datetime:
        """The start of the time before."""
        week = self.moment.replace(minute=0, second=0, microsecond=0) - _WEEK
        return max(week, _minute(self.free_since) + _MINUTE) if self.free_since else week

    @property
    def hour(self) -> datetime:
        """The start of the last hour of it."""
        return max(self.week, _minute(self.moment) - _HOUR)


@dataclass(slots=True)
class _Sum:
    """What occurred in several times of `seconds` in all."""

    seconds: float = 0
    found: list[dict[int, Activity]] = field(default_factory=list)

    def add(self, found: dict[int, Activity], start: datetime, end: datetime) -> None:
        self.seconds += (end - start).total_seconds()
        self.found.append(found)

    def count(self, key: int) -> int:
        return sum(one[key].count for one in self.found if key in one)

    def rate(self, key: int) -> float:
        return self.count(key) / self.seconds if self.seconds else 0.0


@dataclass(slots=True)
class _Times:
    """The times after and before all moments."""

    moments: list[datetime] = field(default_factory=list)
    after: _Sum = field(default_factory=_Sum)
    week: _Sum = field(default_factory=_Sum)
    hour: _Sum = field(default_factory=_Sum)


async def rose_after(
    stretches: Sequence[Stretch], own: int, store: LogStore
) -> tuple[int, list[Follower]]:
    """How many moments could be looked at, and the patterns but `own` that rose after them.

    A pattern is shown when it came after at least half of them, at twice its rate of the week
    and of the hour before, and when this is no chance: the likelihood ratio of the two Poisson
    rates given their sum (Przyborowski & Wilenski 1940), which by Chernoff's bound
    exp(-G²/2) is surer than the chance allowed, shared between all patterns there are.
    """
    times = _Times()
    for one in stretches:
        await _look(one, times, store)
    everything = {key for part in (times.after, times.week) for one in part.found for key in one}
    least = math.log(max(1, len(everything)) / _FALSE_ALARMS)
    sure = {
        key: surprise
        for key in {key for one in times.after.found for key in one} - {own}
        if (surprise := _surprise(key, times)) >= least and _often(key, times)
    }
    best = sorted(sure, key=lambda key: (-sure[key], key))[:_SHOWN]
    texts = await store.pattern_texts(best)
    found = [_follower(key, *texts[key][:2], times) for key in best if key in texts]
    return len(times.moments), found


async def _look(one: Stretch, times: _Times, store: LogStore) -> None:
    """Add a moment, unless there is no time after or nobody was heard before."""
    if not one.hosts or one.moment >= one.end or one.week >= one.moment:
        return
    week = await store.counts_on(one.hosts, one.week, one.moment)
    if not week:
        return
    heard = min(activity.first for activity in week.values())
    hour = await store.counts_on(one.hosts, one.hour, one.moment)
    after = await store.counts_on(one.hosts, one.moment, one.end)
    times.moments.append(one.moment)
    times.week.add(week, heard, one.moment)
    times.hour.add(hour, max(one.hour, heard), one.moment)
    times.after.add(after, one.moment, one.end)


def _surprise(key: int, times: _Times) -> float:
    """Half of G²: 0 for what did not rise."""
    after, before = times.after.count(key), times.week.count(key)
    share = times.after.seconds / (times.after.seconds + times.week.seconds)
    total = after + before
    if after <= total * share:
        return 0.0
    rest = before * math.log(before / (total * (1 - share))) if before else 0.0
    return after * math.log(after / (total * share)) + rest


def _often(key: int, times: _Times) -> bool:
    """Whether it came at twice its usual rates, and after at least half of the moments."""
    usual = max(times.week.rate(key), times.hour.rate(key))
    return times.after.rate(key) >= _RISE * usual and 2 * _after(key, times) >= len(times.moments)


def _after(key: int, times: _Times) -> int:
    return sum(key in one for one in times.after.found)


def _follower(key: int, service: str, pattern: str, times: _Times) -> Follower:
    delays = [
        (found[key].first - moment).total_seconds()
        for moment, found in zip(times.moments, times.after.found, strict=True)
        if key in found
    ]
    return Follower(
        pattern_id=key,
        service=service,
        pattern=pattern,
        count=times.after.count(key),
        usual=round(times.week.rate(key) * times.after.seconds, 4),
        occasions=len(delays),
        delay_seconds=round(median(delays), 3),
    )


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
