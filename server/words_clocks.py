"""Clock times that a question names: 14:00, 8am, six in the evening, noon."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from server.words_moment import Moment, midnight

_HALF = r"(?:this\s+|in\s+the\s+)(?P<half>morning|afternoon|evening)"
_CLOCK = re.compile(
    r"(?<![\d:.])(?:(?P<h>[01]?\d|2[0-4])(?::|h(?=\d\d))(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?"
    r"(?:\s*(?P<ap>[ap]\.?m\b\.?)|\s?h\b|(?![\d:.]\d))"
    r"|(?P<h2>1[0-2]|0?\d)\s*(?P<ap2>[ap]\.?m\b\.?)"
    rf"|(?P<h3>1[0-2]|0?\d)(?:\s*o'?\s?clock(?=\s+{_HALF})?|"
    rf"(?=\s+{_HALF.replace('half', 'half2')}))"
    r"|\b(?P<word>noon|midday|lunch\s?time(?!\s+\d)|midnight)\b)(?P<z>\s*(?:utc|gmt)\b)?",
    re.I,
)
_PAIR = re.compile(
    r"\b(?P<from>1[0-2]|0?\d)\s*(?=(?:to|-|until|till|and)\s*(?P<to>1[0-2]|"
    r"0?\d)\s*(?P<ap>[ap])\.?m\b)",
    re.I,
)
_BARE = re.compile(
    r"\bsince\s+(?P<since>[01]?\d|2[0-3])(?=\s*(?:$|[,?!¤]|\.(?:\s|$)|today|yesterday|this\s|in\s|"
    r"on\s))"
    r"|\b(?:before|until|till|after)\s+(?P<edge>[01]?\d|2[0-3])(?=\s+(?:today|yesterday|this\s))"
    r"|^\W*(?:and\s+|only\s+|just\s+)?(?:until|till?|before|after|from)\s+"
    r"(?P<alone>[01]?\d|2[0-3])(?=\W*(?:then|please|pls)?\W*$)"
    r"|\b(?:from|between)\s+(?P<from>[01]?\d|2[0-3])(?=\s*(?:to|and|until|till|-)\s*(?P<to>[01]?\d|"
    r"2[0-3])"
    r"(?P<ap>\s*[ap]\.?m\b)?(?:\s*(?:$|[,?!]|today|yesterday|this\s|o'clock|in\s+the|on\s)|:\d\d))",
    re.I,
)


def clocks(question: str, now: datetime) -> Iterator[Moment]:
    """Each clock time, today's."""
    today = midnight(now.date())
    for match in _CLOCK.finditer(question):
        at = timedelta(
            hours=_hour(match), minutes=int(match["m"] or 0), seconds=int(match["s"] or 0)
        )
        zone = "utc" if match["z"] else None
        yield Moment(match.span(), today + at, text=zone, kind="clock")
    for match in _PAIR.finditer(question):
        hour, to = (_of_day(int(match[name]), match["ap"].lower()) for name in ("from", "to"))
        begin = hour if hour < to else hour - 12  # 11 to 1 pm
        yield Moment(match.span("from"), today + timedelta(hours=begin), kind="clock")
    for match in _BARE.finditer(question):
        name = match.lastgroup if match.lastgroup in {"since", "edge", "alone"} else "from"
        hour = _of_day(int(match[name]), (match["ap"] or "").strip().lower())
        yield Moment(match.span(name), today + timedelta(hours=hour), kind="clock")
        if name == "from" and not match["ap"]:
            yield Moment(match.span("to"), today + timedelta(hours=int(match["to"])), kind="clock")


def _hour(match: re.Match[str]) -> int:
    if match["word"]:
        return 0 if match["word"].lower() == "midnight" else 12
    half = match["ap"] or match["ap2"] or match["half"] or match["half2"] or ""
    return _of_day(int(match["h"] or match["h2"] or match["h3"]), half.lower())


def _of_day(hour: int, half: str) -> int:
    """The hour from 0 to 24; `half` is am, pm, or a part of the day."""
    if half.startswith(("p", "after", "even")):
        return hour % 12 + 12
    return hour % 12 if half.startswith("a") else hour
