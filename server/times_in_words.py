"""Times that a question names: durations, days and clock times, as arguments of a tool."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

_WORDS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "couple": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "dozen": 12,
    "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "forty-five": 45, "fifty": 50,
    "sixty": 60, "ninety": 90, "hundred": 100,
}  # fmt: skip
_UNITS = {"s": "s", "m": "m", "h": "h", "d": "d", "w": "w"}
_NUMBER = rf"\d+|{'|'.join(sorted(_WORDS, key=len, reverse=True))}"
_UNIT = (
    r"s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?|w(?:(?:ee)?ks?)?|"
    r"fortnights?|months?"
)
_AGE = re.compile(
    rf"\b(?:(?:in|for|over|during|within|of|from)\s+)?(?:the\s+)?"
    rf"(?:(?P<cue>last|past|previous|recent|trailing)\s+)?(?:(?P<n>{_NUMBER})\s*(?:of\s+)?"
    rf"(?P<unit>{_UNIT})|(?P<lone>{_UNIT}))\b(?P<ago>\s+(?:ago|back))?",
    re.IGNORECASE,
)
_HALF = re.compile(r"\b(?:the\s+)?(?:(?:last|past|previous)\s+)?half(?:\s+an?)?\s+hour\b", re.I)
_QUARTER = re.compile(
    r"\b(?:a\s+|the\s+)?(?:(?:last|past)\s+)?quarter\s+(?:of\s+an\s+)?hour\b", re.I
)
_DAY = re.compile(
    r"\b(?P<since>since\s+|from\s+)?(?P<day>yesterday|today|this\s+morning|tonight|this\s+week)\b"
    r"(?P<s>(?:'s)?)",
    re.I,
)
_CLOCK = re.compile(
    r"\b(?:since|after|from|at|morning)\s+(?P<h>[01]?\d|2[0-3])(?::(?P<m>[0-5]\d)|\s*(?P<ap>am|pm))",
    re.I,
)
_ISO = re.compile(
    r"\b(?P<cue>since|after|from|before|until|till|on)?\s*"
    r"(?P<when>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)?)?)",
    re.I,
)
_MONTHS = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
]  # fmt: skip
_NAMED = re.compile(
    rf"\b(?:since|after|from|on)\s+(?P<month>{'|'.join(_MONTHS)})[a-z]*\.?\s+(?P<day>\d{{1,2}})"
    r"(?:st|nd|rd|th)?(?:,?\s+(?P<year>\d{4}))?\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Times:
    """`start_time` and `end_time` as a tool takes them, and the question without their words."""

    start: str | None
    end: str | None
    rest: str


def find_times(question: str, now: datetime, zone: tzinfo) -> Times:
    """The time range that a question speaks of, if any."""
    for reader in (_iso, _named, _clock, _short_hours, _age, _day):
        found = reader(question, now.astimezone(zone))
        if found:
            start, end, span = found
            return Times(start, end, question[: span[0]] + " " + question[span[1] :])
    return Times(None, None, question)


Found = tuple[str | None, str | None, tuple[int, int]] | None


def _iso(question: str, now: datetime) -> Found:
    match = _ISO.search(question)
    if match is None:
        return None
    cue, when = (match["cue"] or "").lower(), match["when"].replace(" ", "T")
    if cue in {"before", "until", "till"}:
        return None, when, match.span()
    if cue == "on" and len(when) == 10:
        after = datetime.fromisoformat(when) + timedelta(days=1)
        return when, after.date().isoformat(), match.span()
    return when, None, match.span()


def _named(question: str, now: datetime) -> Found:
    match = _NAMED.search(question)
    if match is None:
        return None
    month = _MONTHS.index(match["month"].lower()[:3]) + 1
    try:
        day = now.replace(month=month, day=int(match["day"]), year=int(match["year"] or now.year))
    except ValueError:
        return None
    return day.date().isoformat(), None, match.span()


def _clock(question: str, now: datetime) -> Found:
    match = _CLOCK.search(question)
    if match is None:
        return None
    hour = int(match["h"])
    if match["ap"]:
        hour = hour % 12 + (12 if match["ap"].lower() == "pm" else 0)
    day = now.date() - timedelta(days="yesterday" in question.lower())
    local = f"{day.isoformat()}T{hour:02}:{match['m'] or '00'}:00"
    begin = re.search(r"(since|from)\s+this\s+$", question[: match.start()], re.I)
    return local, None, (begin.start() if begin else match.start(), match.end())


def _short_hours(question: str, now: datetime) -> Found:
    for pattern, age in ((_HALF, "30m"), (_QUARTER, "15m")):
        match = pattern.search(question)
        if match:
            return age, None, match.span()
    return None


def _age(question: str, now: datetime) -> Found:
    for match in _AGE.finditer(question):
        unit = (match["unit"] or match["lone"]).lower()
        compact = match["n"] and match["n"].isdigit() and len(unit) <= 3
        counted = match["cue"] or match["ago"] or (match["n"] and not match["lone"])
        if not counted or (len(unit) == 1 and not compact):
            continue
        number = _count(match["n"])
        if unit.startswith("fortnight"):
            return f"{2 * number}w", None, match.span()
        if unit.startswith("mo"):
            return f"{30 * number}d", None, match.span()
        return f"{number}{_UNITS[unit[0]]}", None, match.span()
    return None


def _count(text: str | None) -> int:
    if text is None:
        return 1
    return int(text) if text.isdigit() else _WORDS[text.lower()]


def _day(question: str, now: datetime) -> Found:
    match = _DAY.search(question)
    if match is None:
        return None
    day = match["day"].lower()
    if day == "yesterday":
        return "yesterday", None if match["since"] else "today", match.span()
    return ("1w" if "week" in day else "today"), None, match.span()
