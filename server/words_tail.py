"""Where an unquoted text ends and the request goes on: `clock drift on web-1 in the past hour`."""

import re
from datetime import datetime

from server.words_limits import find_limit
from server.words_moment import blot
from server.words_scores import find_min_score
from server.words_times import find_moments

_TRIMMED = " ,;?.!"
_OPENS = (
    r"(?:\s*[,;])?(?:\s+(?:but|and))?(?:\s+(?:only|just|seen|happen(?:ed|ing)?|logged|please|pls))?"
)
_WHEN = re.compile(
    rf"{_OPENS}\s+(?:(?P<cue>since|during|within|over|until|after|before|between)\s+)?"
    r"(?:(?:in|for|from|on|at|of)\s+)?(?:the\s+)?$",
    re.I,
)
_RANGE = re.compile(r"\b(?:last|past|previous|today|yesterday|this|week|month|\w{3,6}day)\b", re.I)
_WHERE = re.compile(
    rf"{_OPENS}\s+(?:on|in|from|of|for|at|by)\s+(?:the\s+)?(?:(?:host|service|machine|box|"
    rf"unit)\s+)?"
    r"(?P<name>[\w.@-]+(?:\s[\w.@-]+){0,2}?)"
    r"(?:\s+(?:service|logs?|host|machine|box|server|unit))?$",
    re.I,
)
_LONG = 1_000
_PLEASE = re.compile(r"[\s,]+(?:please|pls|plz|thanks)$", re.I)


_SMALL_WORDS = """
top best closest nearest at most max maximum limit limited up to in on from for of by since during
over within until the a and with only just please pls results result hits matches logs host service
"""
_SMALL = frozenset(_SMALL_WORDS.split())
_ANY_DAY = datetime(2026, 1, 1)


def is_request(words: str, names: frozenset[str]) -> bool:
    """Whether words before a colon are a request alone: `top 3`, `since monday, nginx only`."""
    rest = find_limit(find_min_score(words)[1])[2]
    for moment in find_moments(rest, _ANY_DAY):
        rest = blot(rest, moment.span)
    left = re.findall(r"[^\W_][\w.@-]*", rest.replace("¤", " ").lower())
    return "¤" in rest and all(word in _SMALL or word in names for word in left)


def split_tail(text: str, names: frozenset[str], now: datetime) -> tuple[str, str]:
    """The text and the request behind it: a time that is a range, a name of `names` in its place.

    A time or a number that only tells what happened ("retry in 5 s", "at 14:00") stays, and a very
    long text is left whole.
    """
    if len(text) > _LONG:
        return text, ""  # nobody describes at such length: it is pasted
    begins = {moment.span[1]: moment.span[0] for moment in find_moments(text, now)}
    head = text
    while True:
        shorter = _shorter(head.rstrip(_TRIMMED), names, begins)
        if not shorter.strip(_TRIMMED) or shorter == head.rstrip(_TRIMMED):
            return head, text[len(head) :]
        head = shorter


def _shorter(text: str, names: frozenset[str], begins: dict[int, int]) -> str:
    """The text without one last part of a request, if it ends in one."""
    please = _PLEASE.search(text)
    if please:
        return text[: please.start()]
    begin = begins.get(len(text))
    when = _WHEN.search(text[:begin]) if begin is not None else None
    if when and (when["cue"] or _RANGE.search(text[begin:])):
        return text[: when.start()]
    where = _WHERE.search(text)
    return text[: where.start()] if where and where["name"].lower() in names else text
