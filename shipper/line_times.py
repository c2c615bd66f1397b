"""The time at the beginning of a log line, in the forms that programs write.

A cheap dispatch on the first characters: a general date parser takes fifty times as long and
finds dates where there are none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
EARLIEST_US = 631_152_000 * SECOND_US  # 1990: before it, a clock that was never set
BACKWARD_US = 31 * DAY_US
"""How far a line without a year may lie before the line above it."""

INHERITING = 500
"""So many lines without a time of their own take that of the line above them."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = "(?P<month>" + "|".join(_MONTHS) + ")"
_CLOCK = r"(?P<H>\d\d):(?P<M>\d\d):(?P<S>\d\d)(?:[.,](?P<f>\d{1,9}))?"
_ZONE = r"(?: ?(?P<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)(?![\w:]))?"
_DAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?"

_BEFORE = re.compile(
    r"\ufeff?(?:<\d{1,3}>(?:1 )?)?(?:\d{1,7}:[MSCX] )?(?:\[?[A-Z]{4,8}\]?:? +)?"
    r"(?:(?:time|timestamp|ts|t|date|datetime)=)?[\[(\"']{0,2}"
)
"""What may stand before the time: a syslog priority, redis's role, a level, `time=`, a bracket."""

_ISO = re.compile(
    r"(?P<Y>\d{4})(?P<sep>[-/.]?)(?P<m>\d\d)(?P=sep)(?P<d>\d\d)[T _]"
    r"(?P<H>\d\d):?(?P<M>\d\d)(?::?(?P<S>\d\d)(?:[.,](?P<f>\d{1,9}))?)?" + _ZONE
)
_DAY_FIRST = re.compile(
    rf"{_DAY}(?P<d>\d{{1,2}})[ /-]{_MONTH}[ /-](?P<Y>\d{{4}})[ :]{_CLOCK}{_ZONE}"
)
_MONTH_FIRST = re.compile(
    rf"{_DAY}{_MONTH} {{1,2}}(?P<d>\d{{1,2}})(?:,? (?P<Y>\d{{4}}))? {_CLOCK}"
    rf"(?: (?P<Y2>\d{{4}})(?!\S*:))?{_ZONE}"
)
_KLOG = re.compile(rf"[IWEF](?P<m>\d\d)(?P<d>\d\d) {_CLOCK}")
_EPOCH = re.compile(r"(?P<s>\d{10})(?:[.,](?P<f>\d{1,9})|(?P<ms>\d{3}(?:\d{3}){0,2}))?(?![\w.:/-])")
_ACCESS = re.compile(rf"\S{{1,255}} \S{{1,64}} [^\[\n]{{1,128}}\[(?={_DAY_FIRST.pattern}\])")
"""The common log format's fields before its time."""

_JSON_KEYS = ("time", "timestamp", "@timestamp", "ts", "t", "datetime", "date", "asctime")


@dataclass(frozen=True, slots=True)
class Clock:
    """The last time that a file named, µs since 1970, and how many lines without one came since.

    It hangs on nothing but the lines: sent again after a crash, each comes with the same time.
    """

    time_us: int | None = None
    timeless: int = 0

    @property
    def in_force(self) -> int | None:
        """The time that the line just read has, or None: its own is unknown."""
        return self.time_us if self.timeless <= INHERITING else None

    def behind(self, own: int | None) -> "Clock":
        """The clock behind the next line, which may have a time of its own."""
        return Clock(self.time_us, self.timeless + 1) if own is None else Clock(own)


UNKNOWN = Clock()


@dataclass(frozen=True, slots=True)
class Around:
    """What a line's time is judged by, each a wall clock in µs since 1970.

    `before` is the time of the line above it in its file, if that is known, `met` when the file
    was first seen, `latest` the last moment that is believed. `zone` is where naive times are
    from; None is this host's own.
    """

    before: int | None
    met: int
    latest: int
    zone: tzinfo | None = None


def time_in_text(text: str, around: Around) -> tuple[int, int] | None:
    """The time at the beginning of a line in µs since 1970, and where in the text it ends."""
    head = text[:512]
    place = _skipped(head)
    for shape in _shapes(head[place : place + 1]):
        if found := shape.match(head, place):
            return _result(found, around)
    if access := _ACCESS.match(head):
        found = _DAY_FIRST.match(head, access.end())
        return _result(found, around) if found else None
    return None


def time_in_json(fields: dict[str, Any], around: Around) -> int | None:
    """The time that a JSON line gives itself."""
    for key in _JSON_KEYS:
        value = fields.get(key)
        if isinstance(value, float) and 0 < value < 1e11:
            value = f"{value:.6f}"
        if isinstance(value, str | int) and not isinstance(value, bool):
            found = time_in_text(str(value), around)
            if found is not None:
                return found[0]
    return None


def _skipped(head: str) -> int:
    found = _BEFORE.match(head)
    return found.end() if found else 0


def _shapes(first: str) -> tuple[re.Pattern[str], ...]:
    if first.isdigit():
        return (_EPOCH, _ISO, _DAY_FIRST)
    return (_MONTH_FIRST, _DAY_FIRST, _KLOG) if first.isalpha() else ()


def _result(found: re.Match[str], around: Around) -> tuple[int, int] | None:
    parts = found.groupdict()
    moment = _epoch(parts) if "s" in parts else _moment(parts, around)
    if moment is None or not EARLIEST_US <= moment <= around.latest:
        return None
    return moment, found.end()


def _epoch(parts: dict[str, str | None]) -> int:
    fraction = parts["f"] or parts["ms"] or ""
    return int(parts["s"] or 0) * SECOND_US + _micros(fraction)


def _micros(fraction: str | None) -> int:
    return int((fraction or "")[:6].ljust(6, "0"))


def _moment(parts: dict[str, str | None], around: Around) -> int | None:
    year = parts.get("Y") or parts.get("Y2")
    zone = _zone(parts.get("zone")) or around.zone
    if year is not None:
        return _in_year(int(year), parts, zone)
    return _nearest(parts, zone, around)


def _nearest(parts: dict[str, str | None], zone: tzinfo | None, around: Around) -> int | None:
    """A time without its year: the first not before the line above, else the last in the past."""
    if around.before is not None:
        base = around.before - BACKWARD_US
        for moment in _years(parts, zone, _year(base), 1):
            if moment >= base:
                if moment <= around.latest:
                    return moment
                break
    limit = min(around.met + DAY_US, around.latest)
    years = _years(parts, zone, _year(limit) + 1, -1)
    return next((moment for moment in years if moment <= limit), None)


def _years(
    parts: dict[str, str | None], zone: tzinfo | None, first: int, step: int
) -> Iterator[int]:
    """The moments in the years from `first` on; the 29th of February has not all of them."""
    for year in range(first, first + 10 * step, step):
        moment = _in_year(year, parts, zone)
        if moment is not None:
            yield moment


def _year(micros: int) -> int:
    return datetime.fromtimestamp(micros // SECOND_US, UTC).year


def _in_year(year: int, parts: dict[str, str | None], zone: tzinfo | None) -> int | None:
    month = parts.get("month")
    try:
        naive = datetime(
            year,
            _MONTHS.index(month) + 1 if month else int(parts["m"] or 0),
            int(parts["d"] or 0),
            int(parts["H"] or 0),
            int(parts["M"] or 0),
            min(int(parts["S"] or 0), 59),  # 60 is a leap second
            tzinfo=zone,
        )
        seconds = int(naive.timestamp())
    except (ValueError, OverflowError, OSError):
        return None
    return seconds * SECOND_US + _micros(parts["f"])


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    try:
        minutes = int(digits[:2]) * 60 + int(digits[2:])
        return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
    except ValueError:
        return None
