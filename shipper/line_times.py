"""The time that a line begins with: ISO 8601, or syslog's, which names no year."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

DAY_US = 86_400_000_000
YEARS_BACK = 8
"""The 29th of February is never further away."""

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_CLOCK = rb"(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?"
_ZONE = rb"(?: ?(Z|UTC|[+-]\d\d:?\d\d)(?![\w:]))?"
_ISO = re.compile(rb"(\d{4})[-/](\d\d)[-/](\d\d)[T ]" + _CLOCK + _ZONE)
_BSD = re.compile(rb"(" + "|".join(_MONTHS).encode() + rb") ([ \d]?\d) " + _CLOCK + rb"(?!\d)")
_KEYED = re.compile(rb'"(?:@?timestamp|time|ts|datetime)"\s*:\s*"(?=\d{4}-)')


@dataclass(frozen=True)
class Yearless:
    """A moment of some year, in local time."""

    month: int
    day: int
    clock: tuple[int, int, int]
    micros: int

    def latest(self, before_us: int, zone: tzinfo | None) -> int | None:
        """Its latest occurrence up to a day after `before_us`, in µs since 1970."""
        year = _year_of(before_us + DAY_US)
        for one in range(year, year - YEARS_BACK - 1, -1):
            found = _microseconds((one, self.month, self.day, *self.clock), self.micros, zone)
            if found is not None and found <= before_us + DAY_US:
                return found
        return None


def line_time(line: bytes, zone: tzinfo | None) -> int | Yearless | None:
    """The time at the head of a line, or of a JSON object; None where there is none.

    `zone`: of times that name none; None is this machine's own.
    """
    if line[:1] == b"{":
        keyed = _KEYED.search(line, 0, 65_536)
        return iso_at(line, keyed.end(), zone) if keyed else None
    start = 1 if line[:1] == b"[" else 0
    found = iso_at(line, start, zone)
    if found is None and line[start : start + 1].isalpha():
        yearless = bsd_at(line, start)
        return yearless[0] if yearless else None
    return found


def iso_at(line: bytes, start: int, zone: tzinfo | None) -> int | None:
    """An ISO 8601 time that begins at `start`, in µs since 1970."""
    found = _ISO.match(line, start)
    if found is None:
        return None
    parts = [int(part) for part in found.groups()[:6]]
    return _microseconds(tuple(parts), _micros(found[7]), _zone(found[8]) if found[8] else zone)


def bsd_at(line: bytes, start: int) -> tuple[Yearless, int] | None:
    """A syslog time that begins at `start`, and where it ends."""
    found = _BSD.match(line, start)
    if found is None:
        return None
    month, day = _MONTHS.index(found[1].decode()) + 1, int(found[2])
    clock = (int(found[3]), int(found[4]), int(found[5]))
    if not 1 <= day <= 31 or clock[0] > 23 or clock[1] > 59 or clock[2] > 60:
        return None
    return Yearless(month, day, clock, _micros(found[6])), found.end()


def _micros(digits: bytes | None) -> int:
    return int((digits or b"0").ljust(6, b"0")[:6])


def _zone(text: bytes) -> tzinfo:
    if text in (b"Z", b"UTC"):
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    if minutes >= 1_440:
        return UTC  # no zone is so far away: better a time that may be off than none
    return timezone(timedelta(minutes=-minutes if text[:1] == b"-" else minutes))


@lru_cache(maxsize=1_024)
def _seconds(parts: tuple[int, ...], zone: tzinfo | None) -> int | None:
    year, month, day, hour, minute, second = parts
    try:
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)
        seconds = int(moment.timestamp()) + (second == 60)
    except (ValueError, OverflowError, OSError):
        return None
    return seconds if second <= 60 and seconds >= 0 else None


def _microseconds(parts: tuple[int, ...], micros: int, zone: tzinfo | None) -> int | None:
    seconds = _seconds(parts, zone)
    return None if seconds is None else seconds * 1_000_000 + micros


def _year_of(microseconds: int) -> int:
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).year
