"""Ages and durations that a question names: last 2 hours, half an hour ago, 1h30m, a fortnight."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from server.words_moment import NUMBER, Moment, number

UNIT = (
    r"s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?|w(?:(?:ee)?ks?)?|"
    r"fortnights?|months?|y(?:ea)?rs?"
)
"""A unit of time, short or long, as a part of a regular expression."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONG = {"f": (2, "w"), "mo": (30, "d"), "y": (365, "d")}
_WHOLE = r"(?:(?:full|whole|entire|complete|solid)\s+)?"
_AGE = re.compile(
    rf"(?<![\w.:-])(?:the\s+|this\s+|these\s+)?(?:(?P<cue>last|past|previous|preceding|prior|recent|"
    rf"trailing)"
    rf"\s+)?(?:(?P<n>{NUMBER})(?P<half>\s+and\s+a\s+half)?[\s-]*(?:of\s+)?{_WHOLE}(?P<unit>{UNIT})|"
    rf"{_WHOLE}(?P<lone>{UNIT}))\b(?P<also>\s+and\s+a\s+half)?(?P<ago>\s+(?:ago|back))?",
    re.I,
)
_MINUS = re.compile(r"(?:\bnow\s?-\s?|(?<!\S)-)(?P<n>\d{1,6})\s?(?P<unit>[smhdw])\b", re.I)
_COMPOUND = re.compile(
    r"\b(?:last\s+|past\s+)?(?P<age>(?:\d{1,6}\s?[dhms]\s?){2,4})(?<!\s)\b(?:\s+ago)?", re.I
)
_FRACTION = re.compile(
    r"\b(?:the\s+|a\s+)?(?:(?:last|past|previous)\s+)?(?P<part>half|three\s+quarters|quarter)"
    r"(?:\s+of)?(?:\s+an?)?\s+"
    r"(?P<unit>h(?:ou)?r|day|min(?:ute)?|week|month|year)\b(?:\s+(?:ago|back))?",
    re.I,
)
_PAIR = re.compile(
    rf"\b(?P<n>{NUMBER})(?=\s+(?:and|to)\s+(?:{NUMBER})\s+(?P<unit>{UNIT})\s+ago\b)", re.I
)
_STATUS = re.compile(r"[1-5]\d\ds", re.I)  # "the 500s": answers of HTTP, no seconds
_A_MOMENT = re.compile(
    r"\b(?:have|got|need|take|wait|give\s+me|just)\s+an?\s+(?:sec(?:ond)?|min(?:ute)?)$", re.I
)
_MOST_SECONDS = 50 * 365 * 86_400


def ages(question: str, now: datetime) -> Iterator[Moment]:
    """Each age, as the moment that lies so far back."""
    for match in _COMPOUND.finditer(question):
        parts = re.findall(r"(\d+)\s?([dhms])", match["age"].lower())
        seconds = sum(int(n) * _SECONDS[unit] for n, unit in parts)
        yield _aged(match.span(), seconds, "s", now)
    for match in _FRACTION.finditer(question):
        share = {"h": 0.5, "t": 0.75, "q": 0.25}[match["part"][0].lower()]
        whole, unit = _amount("1", match["unit"], 0)
        yield _aged(match.span(), share * whole, unit, now)
    for match in _PAIR.finditer(question):
        yield _aged(match.span(), *_amount(match["n"], match["unit"], 0), now)
    for match in _MINUS.finditer(question):
        yield _aged(match.span(), *_amount(match["n"], match["unit"], 0), now)
    for match in _AGE.finditer(question):
        unit, n = match["unit"] or match["lone"], match["n"]
        if not (match["cue"] or match["ago"] or n) or (
            len(unit) == 1 and not (n and n[0].isdigit())
        ):
            continue
        if _STATUS.fullmatch(match[0]) or _A_MOMENT.search(question[: match.end()]):
            continue
        half = 0.5 if match["half"] or match["also"] else 0
        yield _aged(match.span(), *_amount(n or "1", unit, half), now)


def _amount(n: str, unit: str, more: float) -> tuple[float, str]:
    """A number and one of the units s m h d w."""
    short = "mo" if unit.lower().startswith("mo") else unit[0].lower()
    times, short = _LONG.get(short, (1, short))
    return (number(n) + more) * times, short


def _aged(span: tuple[int, int], n: float, unit: str, now: datetime) -> Moment:
    seconds = min(n * _SECONDS[unit], _MOST_SECONDS)
    exact = n == int(n) and unit != "s" and seconds < _MOST_SECONDS
    text = f"{int(n)}{unit}" if exact else age_text(seconds)
    return Moment(span, now - timedelta(seconds=seconds), text=text, kind="age")


def age_text(seconds: float) -> str:
    """An age as tools take it: 90s, 90m, 36h, 10d."""
    whole = round(seconds)
    for unit, most in (("s", 120), ("m", 7200), ("h", 172_800), ("d", _MOST_SECONDS)):
        if whole % _SECONDS[unit] == 0 and (whole < most or whole % _SECONDS[_NEXT[unit]]):
            return f"{whole // _SECONDS[unit]}{unit}"
    return f"{whole // 86_400}d"


_NEXT = {"s": "m", "m": "h", "h": "d", "d": "w"}
