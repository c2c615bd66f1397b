"""The retention: how old and how large the store may grow before its oldest days are dropped."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "y": 365 * 24}
_BYTES = {"B": 1} | {
    f"{letter}{suffix}": base**power
    for power, letter in enumerate("KMGTP", 1)
    for suffix, base in (("B", 1000), ("IB", 1024))
}
_PART = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([A-Za-z]+)", re.ASCII)
_LEAST_AGE, _MOST_AGE = timedelta(days=1), timedelta(days=36_500)
_LEAST_SIZE = 100_000_000
_ALLOWED = (
    "an age in h, d, w or y (30d; from 1d to 100y), a size in B, KB, MB, GB, TB, PB or KiB … PiB "
    "(50GB; at least 100MB), or both with a comma between them (30d,50GB)"
)


@dataclass(frozen=True, slots=True)
class Retention:
    """The oldest and the most that is kept; what is None is not bounded. `text` is its name."""

    age: timedelta | None = None
    size: int | None = None
    text: str = ""

    @classmethod
    def parse(cls, text: str) -> "Retention":
        """From `30d,50GB` or either part alone; empty keeps everything.

        As in SI, 1 KB is 1,000 bytes and 1 KiB 1,024; a year has 365 days.

        Raises:
            ValueError: naming the part that is wrong, and what is allowed.
        """
        parts = [part.strip() for part in text.split(",")] if text.strip() else []
        ages = [age for part in parts if (age := _age(part)) is not None]
        sizes = [size for part in parts if (size := _size(part)) is not None]
        wrong = [part for part in parts if _age(part) is None and _size(part) is None]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no retention; allowed: {_ALLOWED}")
        if len(ages) > 1 or len(sizes) > 1:
            raise ValueError(f"{text!r} says it twice; allowed: {_ALLOWED}")
        return cls(
            age=ages[0] if ages else None,
            size=sizes[0] if sizes else None,
            text=",".join(parts),
        )

    def __bool__(self) -> bool:
        """Whether anything is ever dropped."""
        return self.age is not None or self.size is not None

    def oldest_day(self, now: datetime) -> date | None:
        """The oldest day (UTC) that the age keeps: with an event no older than the age."""
        return None if self.age is None else (now - self.age).date()


def _age(text: str) -> timedelta | None:
    match = _PART.fullmatch(text)
    hours = _HOURS.get(match[2].lower()) if match else None
    if match is None or hours is None or "." in match[1]:
        return None
    count = int(match[1])
    if not _LEAST_AGE <= timedelta(hours=1) * min(count * hours, 10**6) <= _MOST_AGE:
        return None
    return timedelta(hours=count * hours)


def _size(text: str) -> int | None:
    match = _PART.fullmatch(text)
    unit = _BYTES.get(match[2].upper()) if match else None
    size = round(float(match[1]) * unit) if match and unit else 0
    return size if size >= _LEAST_SIZE else None
