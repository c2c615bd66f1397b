"""A range of time as the days, hours and minutes that counts are kept of, and rows at its ends."""

from datetime import UTC, datetime, timedelta

WIDTHS = {"day": 86_400, "hour": 3_600, "minute": 60}
"""Seconds of each span that counts are kept of, the widest first. They begin where UTC's do."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = datetime(2200, 1, 1, tzinfo=UTC)
"""No event is outside."""

_TICK = timedelta(microseconds=1)

Stretch = tuple[datetime, datetime]


def stretches(
    start: datetime | None, end: datetime | None, width: int | None = None
) -> dict[str, datetime]:
    """The range in pieces, as arguments `day_1_start`, `day_1_end`, … up to `rows_2_end`.

    Spans that do not divide `width` (seconds) are left out, so that a timeline's intervals are
    made of whole ones.
    """
    left = [(start or _EPOCH, end or _END)]
    given: dict[str, datetime] = {}
    for span, seconds in WIDTHS.items():
        if width is None or width % seconds == 0:
            whole, left = _whole(left, timedelta(seconds=seconds))
            given |= _named(span, whole)
    return given | _named("rows", left)


def floor(moment: datetime, width: timedelta) -> datetime:
    """The start of the span that a moment lies in."""
    return moment - (moment - _EPOCH) % width


def _whole(ranges: list[Stretch], width: timedelta) -> tuple[list[Stretch], list[Stretch]]:
    """The whole spans in the ranges, and what is left before and after them."""
    whole, left = [], []
    for start, end in ranges:
        first, last = floor(start + width - _TICK, width), floor(end, width)
        if first >= last:
            left.append((start, end))
            continue
        whole.append((first, last))
        left += [piece for piece in ((start, first), (last, end)) if piece[0] < piece[1]]
    return whole, left


def _named(kind: str, ranges: list[Stretch]) -> dict[str, datetime]:
    return {
        f"{kind}_{number}_{side}": moment
        for number, piece in enumerate(ranges, 1)
        for side, moment in zip(("start", "end"), piece, strict=True)
    }
