"""How often what occurs in a batch, and when: what its rows add to the counts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TypeVar

from sql.spans import WIDTHS, floor
from tools.levels import Level
from tools.ports import ReadyEvent

Key = tuple[str, datetime, int, str, str]
"""Span and its start, pattern, host and level: a key of log_counts."""

Part = TypeVar("Part", Key, int, str)

_PLACES: dict[str, int] = {level: level.rank for level in Level}
_NONE = [0] * len(_PLACES)


@dataclass(slots=True)
class Tally:
    """A number of events, and the first and last of them."""

    count: int
    first: datetime
    last: datetime

    def add(self, count: int, first: datetime, last: datetime) -> None:
        self.count += count
        self.first = min(self.first, first)
        self.last = max(self.last, last)


def by_minute(events: Sequence[ReadyEvent], ids: dict[bytes, int]) -> list[tuple[Key, Tally]]:
    """Counts by minute; `ids` gives the patterns' ids.

    In the order of the keys, as all tallies are, so that of two batches one waits for the other
    and never both.
    """
    tallies: dict[Key, Tally] = {}
    for event in events:
        moment = event.timestamp
        minute = moment.replace(second=0, microsecond=0)
        key = ("minute", minute, ids[event.pattern_key], event.host, event.level)
        if (tally := tallies.get(key)) is None:
            tallies[key] = Tally(1, moment, moment)
        else:
            tally.add(1, moment, moment)
    return sorted(tallies.items(), key=itemgetter(0))


def by_every_span(minutes: list[tuple[Key, Tally]]) -> list[tuple[Key, Tally]]:
    """The same by minute, hour and day."""
    return [*_by("day", minutes), *_by("hour", minutes), *minutes]


def totals(
    minutes: Iterable[tuple[Key, Tally]], services: dict[int, str]
) -> list[tuple[str | datetime | int, ...]]:
    """Span, its start, service, and a number for each level; `services` gives the patterns' own."""
    each: dict[tuple[datetime, str], list[int]] = {}
    for (_, minute, pattern, _, level), tally in minutes:
        counts = each.setdefault((minute, services[pattern]), [0] * len(_PLACES))
        counts[_PLACES[level]] += tally.count
    found: dict[tuple[str, datetime, str], list[int]] = {}
    for (minute, service), counts in each.items():
        for span, seconds in WIDTHS.items():
            key = (span, floor(minute, timedelta(seconds=seconds)), service)
            found[key] = [sum(both) for both in zip(counts, found.get(key, _NONE), strict=True)]
    return [(*key, *counts) for key, counts in sorted(found.items())]


def _by(span: str, minutes: Iterable[tuple[Key, Tally]]) -> list[tuple[Key, Tally]]:
    width = timedelta(seconds=WIDTHS[span])
    return merged(minutes, lambda key: (span, floor(key[1], width), *key[2:]))


def merged(
    minutes: Iterable[tuple[Key, Tally]], part: Callable[[Key], Part]
) -> list[tuple[Part, Tally]]:
    """The same by a part of the keys."""
    tallies: dict[Part, Tally] = {}
    for key, tally in minutes:
        known = tallies.setdefault(part(key), Tally(0, tally.first, tally.last))
        known.add(tally.count, tally.first, tally.last)
    return sorted(tallies.items(), key=itemgetter(0))
