"""A range of time as the days, hours and minutes that counts are kept of, and rows at its ends."""

from datetime import UTC, datetime, timedelta

WIDTHS = {"day": 86_400, "hour": 3_600, "minute": 60}
"""Seconds of each span that counts are kept of, the widest first. They begin where UTC's do."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(2200, 1, 1, tzinfo=UTC)
"""No event is before the one or after the other."""

_TICK = timedelta(microseconds=1)

Stretch = tuple[datetime, datetime, bool]
"""Start, end, and whether what lies between is to be taken away."""


def stretches(
    start: datetime | None,
    end: datetime | None,
    width: int | None = None,
    now: datetime | None = None,
) -> dict[str, datetime]:
    """The range in pieces, as arguments `day_1_start`, `day_1_end`, … up to `rows_2_end`.

    Spans that do not divide `width` (seconds) are left out, so that a timeline's intervals are
    made of whole ones. Where `now` is told, a cut span may be whole but for the pieces named
    `less_…`, when these are the shorter part of what has passed of it: sums are made of half as
    many counts, and a range that ends now needs none of the rows of its last minute.
    """
    left = [(start or EPOCH, end or END, False)]
    given: dict[str, datetime] = {}
    for span, seconds in WIDTHS.items():
        if width is None or width % seconds == 0:
            whole, left = _whole(left, timedelta(seconds=seconds), now)
            given |= _named(span, whole)
    return given | _named("rows", left)


def floor(moment: datetime, width: timedelta) -> datetime:
    """The start of the span that a moment lies in."""
    return moment - (moment - EPOCH) % width


def _whole(
    ranges: list[Stretch], width: timedelta, now: datetime | None
) -> tuple[list[Stretch], list[Stretch]]:
    """The whole spans of the ranges, and what is left before and after them."""
    whole, left = [], []
    for start, end, less in ranges:
        if now is None:
            first, last = floor(start + width - _TICK, width), floor(end, width)
        else:
            first, last = _nearest(start, width, now), _nearest(end, width, now)
        if first >= last or (
            now and _read(start, first, now) + _read(end, last, now) > end - start
        ):
            left.append((start, end, less))
            continue
        whole.append((first, last, less))
        left += _between(start, first, less) + _between(last, end, less)
    return whole, left


def _nearest(moment: datetime, width: timedelta, now: datetime) -> datetime:
    """The start or the end of the span that a moment lies in, whichever leaves less to be read."""
    before = floor(moment, width)
    return min(before, before + width, key=lambda edge: _read(moment, edge, now))


def _read(moment: datetime, edge: datetime, now: datetime) -> timedelta:
    """How long that between both is of which there are events: hardly any are after `now`."""
    first, last = sorted((moment, edge))
    return max(min(last, now) - first, timedelta(0))


def _between(one: datetime, other: datetime, less: bool) -> list[Stretch]:
    """What lies between two moments; taken away from it if they are in the wrong order."""
    if one == other:
        return []
    return [(one, other, less)] if one < other else [(other, one, not less)]


def _named(kind: str, ranges: list[Stretch]) -> dict[str, datetime]:
    given: dict[str, datetime] = {}
    for taken, name in ((False, kind), (True, f"less_{kind}")):
        pieces = [piece[:2] for piece in ranges if piece[2] is taken]
        for number, piece in enumerate(pieces, 1):
            given |= {
                f"{name}_{number}_{side}": moment
                for side, moment in zip(("start", "end"), piece, strict=True)
            }
    return given
