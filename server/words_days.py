"""Days, dates and months that a question names: 2026-11-03, the 3rd of november, last friday."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from server.words_moment import DAY, Moment, midnight

_ISO = re.compile(
    r"\b\d{4}-\d\d-\d\d(?:(?:T|\s+(?:at\s+)?)(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?"
    r"(?:\s?(?:Z|UTC)\b|[+-]\d\d:?\d\d)?)?(?![\d-])",
    re.I,
)
_DOTTED = re.compile(r"\b(?P<day>[0-3]?\d)\.(?P<month>[01]?\d)\.(?P<year>\d{4})\b")
_SHORT = re.compile(
    r"\b(?P<cue>on|since|from|before|after|until|till|to|and)\s+(?P<first>[0-3]?\d)"
    r"(?:/(?P<second>[0-3]?\d)(?:/(?P<year>20\d\d))?\b(?!/)|\.(?P<month>[01]?\d)\.(?!\d))",
    re.I,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_NTH = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_DATES = (
    re.compile(rf"\b{_MONTH}\.?\s+(?:the\s+)?{_NTH}\b(?!:)(?:,?\s+(?P<year>20\d\d))?\b", re.I),
    re.compile(rf"\b(?:the\s+)?{_NTH}(?:\s+of)?\s+{_MONTH}\b(?:\.?,?\s+(?P<year>20\d\d)\b)?", re.I),
)
_OF_MONTH = re.compile(r"\bthe\s+(?P<day>[0-3]?\d)(?:st|nd|rd|th)\b", re.I)
_WHOLE_MONTH = re.compile(rf"\b(?:in|of|since|during|for)\s+(?P<whole>{_MONTH})\b", re.I)
_WORD = re.compile(
    r"\b(?:(?P<eve>(?:the\s+)?day\s+before\s+yesterday)|(?P<day>yesterday|today)(?:'?s)?"
    r"(?:\s+(?:in\s+the\s+)?(?P<part>morning|afternoon|evening|night))?|"
    r"this\s+(?P<this>morning|afternoon|evening)|"
    r"(?P<night>last\s+night|overnight|tonight)(?:s\b)?|(?P<now>right\s+now|(?<=to\s)now|"
    r"(?<=til\s)now|"
    r"(?<=till\s)now|(?<=until\s)now)(?!\s?-))\b(?:'s)?",
    re.I,
)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY = re.compile(
    r"\b(?:(?P<last>last|past|previous)\s+|this\s+|(?P<short>(?:on|since|until|from|before|"
    r"after)\s+))?"
    r"(?P<name>(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?P<abbr>mon|tues?|wed|thur?s?|fri|sat|"
    r"sun))"
    r"s?\b(?:'s)?(?:\s+(?P<part>morning|afternoon|evening|night))?",
    re.I,
)
_WEEKEND = re.compile(r"\b(?:the|this|last|past)\s+(?:past\s+)?weekend\b(?:'s)?", re.I)
_THIS = re.compile(r"\b(?:this|the\s+current)\s+(?P<unit>month|year|week|hour)\b(?:'s)?", re.I)
_BEGUN = re.compile(
    r"\b(?:the\s+)?(?:beginning|start)\s+of\s+(?:the|this)\s+(?P<unit>day|week|month|year)\b", re.I
)
_PARTS = {"morning": (0, 12), "afternoon": (12, 18), "evening": (18, 24), "night": (18, 30)}


def stamps(question: str, now: datetime) -> Iterator[Moment]:
    """ISO 8601 dates and times."""
    for match in _ISO.finditer(question):
        text = re.sub(r"\s*UTC$", "Z", match[0], flags=re.I)
        text = re.sub(r"\s+(?:at\s+)?", "T", text, flags=re.I)
        try:
            start = datetime.fromisoformat(text).replace(tzinfo=None)
        except ValueError:
            continue
        if len(text) == 10:
            yield Moment(match.span(), start, start + DAY, text, "date")
        else:
            yield Moment(match.span(), start, text=text)


def dates(question: str, now: datetime) -> Iterator[Moment]:
    """Days of a month, and whole months; without a year it is the latest that has begun."""
    for match in _DOTTED.finditer(question):
        yield from _whole_day(match, int(match["year"]), int(match["month"]))
    yield from _short_dates(question, now)
    for pattern in _DATES:
        for match in pattern.finditer(question):
            month = _month(match["month"])
            ahead = (month, int(match["day"])) > (now.month, now.day)
            yield from _whole_day(match, int(match["year"] or now.year - ahead), month)
    for match in _OF_MONTH.finditer(question):
        first = now.replace(day=1)
        if int(match["day"]) > now.day:
            first -= DAY
        yield from _whole_day(match, first.year, first.month)
    for match in _WHOLE_MONTH.finditer(question):
        month = _month(match["whole"])
        start = datetime(now.year - (month > now.month), month, 1)
        end = (start + 31 * DAY).replace(day=1)
        yield Moment(match.span("whole"), start, end if end <= now else None)


def _short_dates(question: str, now: datetime) -> Iterator[Moment]:
    """24.12., 24/12 and 12/24; of 3/4 nobody knows which is the month."""
    for match in _SHORT.finditer(question):
        day, month = int(match["first"]), int(match["month"] or match["second"])
        if not match["month"] and day <= 12:
            if month <= 12:
                continue
            day, month = month, day
        ahead = (month, day) > (now.month, now.day)
        span = (match.start("first"), match.end())
        yield from _a_day(span, (int(match["year"] or now.year - ahead), month, day))


def _month(name: str) -> int:
    return _MONTHS.index(name.lower()[:3]) + 1


def _whole_day(match: re.Match[str], year: int, month: int) -> Iterator[Moment]:
    yield from _a_day(match.span(), (year, month, int(match["day"])))


def _a_day(span: tuple[int, int], date: tuple[int, int, int]) -> Iterator[Moment]:
    """The day of that year, month and day, if there is one."""
    try:
        start = datetime(*date)
        yield Moment(span, start, start + DAY, kind="date")
    except (ValueError, OverflowError):
        return


def named_days(question: str, now: datetime) -> Iterator[Moment]:
    """Today, yesterday, the days of the week, their mornings and nights, this month."""
    today = midnight(now.date())
    for match in _WORD.finditer(question):
        if match["now"]:
            yield Moment(match.span(), now, text="now")
        elif match["eve"]:
            yield Moment(match.span(), today - 2 * DAY, today - DAY, kind="day")
        else:
            word = (match["night"] or match["day"] or "").lower()
            past = word in {"yesterday", "last night", "overnight"}
            part = "night" if match["night"] else match["part"] or match["this"]
            yield _part(match.span(), today - DAY if past else today, part, now)
    for match in _WEEKDAY.finditer(question):
        if match["abbr"] and not (match["short"] or match["last"]):
            continue
        back = (now.weekday() - _WEEKDAYS.index(match["name"].lower()[:3])) % 7
        days = 7 if back == 0 and match["last"] else back
        begin = match.start("name") if match["short"] else match.start()
        day = _part((begin, match.end()), today - days * DAY, match["part"], now)
        yield replace(day, kind="date")
    yield from _stretches(question, now)


def _stretches(question: str, now: datetime) -> Iterator[Moment]:
    """Weekends, and weeks, months and years that have begun."""
    today = midnight(now.date())
    for match in _WEEKEND.finditer(question):
        saturday = today - ((now.weekday() - 5) % 7) * DAY
        monday = saturday + 2 * DAY
        yield Moment(match.span(), saturday, monday if monday <= now else None)
    for match in _BEGUN.finditer(question):
        yield Moment(match.span(), _begun(match["unit"].lower(), today))
    for match in _THIS.finditer(question):
        yield _this(match, now)


def _part(span: tuple[int, int], day: datetime, part: str | None, now: datetime) -> Moment:
    """A day or a part of it; what has not ended yet has no end."""
    first, last = _PARTS[part.lower()] if part else (0, 24)
    start, end = day + timedelta(hours=first), day + timedelta(hours=last)
    start = start if start <= now else day  # an evening that has not come yet
    return Moment(span, start, end if end < now else None, kind="day")


def _begun(unit: str, today: datetime) -> datetime:
    """Where the calendar's day, week, month or year began."""
    if unit == "week":
        return today - today.weekday() * DAY
    return today.replace(day=1 if unit in {"month", "year"} else today.day,
                         month=1 if unit == "year" else today.month)  # fmt: skip


def _this(match: re.Match[str], now: datetime) -> Moment:
    """This month and year begin where the calendar says; this week is the last seven days."""
    unit = match["unit"].lower()
    if unit in {"week", "hour"}:
        back = timedelta(days=7) if unit == "week" else timedelta(hours=1)
        return Moment(match.span(), now - back, text=f"1{unit[0]}", kind="age")
    return Moment(match.span(), datetime(now.year, now.month if unit == "month" else 1, 1))
