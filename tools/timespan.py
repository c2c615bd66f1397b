"""Points in time as people write them: ISO 8601, an age, or a word like `yesterday`."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from tools.errors import BadArguments

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGE = re.compile(r"(?:now\s*-\s*)?((?:\d{1,15}\s*[smhdw]\s*)+)(?:ago)?", re.IGNORECASE)
_PART = re.compile(r"(\d{1,15})\s*([smhdw])", re.IGNORECASE)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)

RULE = (
    "must be ISO 8601 (2026-11-20T12:00:00Z, 2026-11-20), an age (90s 15m 1h 7d 2w), "
    "or now, today, yesterday, midnight"
)


def parse_time(text: str, now: datetime, zone: tzinfo, field: str = "start_time") -> datetime:
    """The moment that `text` names, in UTC.

    A naive date or time is read in `zone`; an age counts back from `now`.

    Raises:
        BadArguments: naming `field`, for anything else, and for moments outside 1970 to 2200.
    """
    wanted = text.strip()
    moment = _word(wanted.lower(), now, zone) or _age(wanted, now) or _iso(wanted, zone)
    if moment is None or not _EARLIEST <= moment <= _LATEST:
        raise BadArguments.one(field, RULE, text)
    return moment


def parse_interval(text: str, field: str = "interval") -> int:
    """A bucket's width such as 1m, 5m, 1h or 1d, in seconds.

    Raises:
        BadArguments: for anything else, and outside 1 second to 366 days.
    """
    match = _PART.fullmatch(text.strip())
    seconds = int(match[1]) * _UNITS[match[2].lower()] if match else 0
    if not 1 <= seconds <= 366 * 86_400:
        raise BadArguments.one(field, "must be a width such as 30s, 5m, 1h or 1d", text)
    return seconds


def _word(word: str, now: datetime, zone: tzinfo) -> datetime | None:
    if word == "now":
        return now
    if word not in {"today", "midnight", "yesterday"}:
        return None
    local = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if word == "yesterday":
        local -= timedelta(days=1)  # wall-clock arithmetic: right over a change to summer time
    return local.astimezone(UTC)


def _age(text: str, now: datetime) -> datetime | None:
    match = _AGE.fullmatch(text)
    if match is None:
        return None
    seconds = sum(int(n) * _UNITS[unit.lower()] for n, unit in _PART.findall(match[1]))
    try:
        return now - timedelta(seconds=seconds)
    except OverflowError:
        return None


def _iso(text: str, zone: tzinfo) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
