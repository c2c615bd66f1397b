"""When a syslog message says it was written, made a wall clock in UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_US = 24 * 3_600 * 1_000_000
_YEAR_US = 366 * _DAY_US


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time as it stands in a message: `year` and `offset` are None where it has none."""

    text: str
    year: int | None
    month: int
    day: int
    clock: tuple[int, int, int, int]
    """Hour, minute, second, microsecond."""
    offset: tzinfo | None = None


def resolve(stamp: Stamp, received_us: int, zone: tzinfo | None) -> int | None:
    """The wall clock in µs, or None for one that a clock in order would not have had.

    A year that is missing is the one that brings the stamp nearest to the reception, and so is
    the half of an hour that comes twice. A missing offset is that of `zone`; None is the zone of
    this machine. Out of order is more than a day after the reception, or a year before it.
    """
    zone = stamp.offset or zone
    this_year = (_EPOCH + timedelta(microseconds=received_us)).year
    years = (this_year - 1, this_year, this_year + 1) if stamp.year is None else (stamp.year,)
    *clock, micro = stamp.clock
    candidates = [
        _second(year, stamp.month, stamp.day, *clock, zone=zone, fold=fold)
        for year in years
        for fold in (0, 1)
    ]
    behind = [us + micro - received_us for us in candidates if us is not None]
    nearest = min(behind, key=abs, default=_YEAR_US)
    return received_us + nearest if -_YEAR_US <= nearest <= _DAY_US else None


@lru_cache(maxsize=1_024)
def _second(*moment: int, zone: tzinfo | None, fold: int) -> int | None:
    """The wall clock in µs of a year, month, day, hour, minute and second, if there is such."""
    year, month, day, hour, minute, second = moment
    second = min(second, 59)  # a leap second is the 60th
    try:
        local = datetime(year, month, day, hour, minute, second, 0, zone, fold=fold)
        return (local.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError, OSError):  # the 30th of February, or the year 1
        return None


def micros(fraction: bytes | None) -> int:
    """Microseconds out of the digits after the point."""
    return int((fraction or b"").ljust(6, b"0")[:6])


def offset_of(text: bytes | None) -> tzinfo | None:
    """The zone of an offset such as Z, UTC, +01:00 or -0730; None for any other text."""
    if text in (b"Z", b"UTC", b"GMT"):
        return UTC
    if not text or text[:1] not in b"+-":
        return None
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    sign = -1 if text[:1] == b"-" else 1
    return timezone(timedelta(minutes=sign * minutes)) if minutes < 24 * 60 else None
