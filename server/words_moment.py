"""A moment that a question names, and the little that all readers of times share."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

DAY = timedelta(days=1)

_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "couple": 2, "couple of": 2, "a couple of": 2, "few": 3,
    "a few": 3, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "dozen": 12, "fifteen": 15, "twenty": 20, "thirty": 30,
    "forty": 40, "forty-five": 45, "forty-eight": 48, "twenty-four": 24, "fifty": 50, "sixty": 60,
    "ninety": 90, "hundred": 100,
}  # fmt: skip
NUMBER = rf"\d{{1,6}}(?:\.\d{{1,3}})?|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))}"
"""A number in digits or words, as a part of a regular expression."""

_SEVERAL = [word for word, n in _NUMBERS.items() if n > 3 or word in {"two", "three"}]
COUNTED = rf"\d{{1,6}}|{'|'.join(sorted(_SEVERAL, key=len, reverse=True))}"
"""The same for whole numbers of things, without `a` and `a few`."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point or a stretch of time at `span` of the question, in the asker's wall-clock time.

    `end` is None for a point, and for a stretch that lasts until now. `text` is how a tool takes
    the start when that is more than a wall-clock time: an age, a stamp with a zone. A clock is
    of today until its day is found, which makes it timed.
    """

    span: tuple[int, int]
    start: datetime
    end: datetime | None = None
    text: str | None = None
    kind: Literal["clock", "timed", "day", "date", "age", "other"] = "other"


def number(text: str) -> float:
    """What a match of NUMBER is."""
    return float(text) if text[0].isdigit() else _NUMBERS[" ".join(text.lower().split())]


def midnight(day: date) -> datetime:
    """Where a day begins."""
    return datetime.combine(day, time())


def blot(text: str, span: tuple[int, int]) -> str:
    """The text with a part made unreadable; every other place stays where it was."""
    return f"{text[: span[0]]}{'¤' * (span[1] - span[0])}{text[span[1] :]}"


def blot_all(pattern: re.Pattern[str], text: str) -> str:
    """The text with every match made unreadable."""
    return pattern.sub(lambda match: "¤" * len(match[0]), text)
