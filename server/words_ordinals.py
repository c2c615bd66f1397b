"""Which of several numbered names is meant: the second hetzner box, hetzner machine number 2."""

import re
from dataclasses import replace

from server.words_moment import number as number_of
from server.words_named import Named

_NOUN = r"(?:box|host|machine|server|node|one|service|instance|replica|unit|container)"
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_ORDINAL = re.compile(
    rf"(?P<called>\b(?:on|of|from|at|for)\s+)?(?:\bthe\s+)?\b(?P<nth>{'|'.join(_ORDINALS)}|"
    r"\d{1,2}(?:st|nd|rd|th))\s+(?:of\s+the\s+)?$",
    re.I,
)
_IS_ONE = re.compile(rf"\s+{_NOUN}\b", re.I)
_NUMBER = re.compile(
    rf"(?:\s+{_NOUN})?\s+(?:number|no\.?|nr\.?)\s*(?P<n>\d{{1,3}}|one|two|three|four|five)\b|"
    rf"\s+{_NOUN}\s+(?P<bare>\d{{1,2}})(?=\s*(?:$|[,;?!]|(?:in|for|since|from|during|over|today|"
    r"yesterday|last|past)\b))",
    re.I,
)
_SURE = 0.94
"""As sure as a name that was written, with its words in another order."""


def told_apart(question: str, named: Named) -> Named:
    """Of names that the words fit equally well, the one whose number is said too, if any."""
    if len(named.names) < 2 or named.together:
        return named
    begin, end = named.span
    behind = _NUMBER.match(question, end)
    before = _ORDINAL.search(question[:begin])
    one = _IS_ONE.match(question, end)
    if behind:
        number, span = int(number_of(behind["n"] or behind["bare"])), (begin, behind.end())
    elif before and (before["called"] or one):
        number, span = _nth(before["nth"].lower()), (before.start("nth"), one.end() if one else end)
    else:
        return named
    meant = tuple(name for name in named.names if _last_number(name) == number)
    return replace(named, names=meant, sure=_SURE, span=span) if len(meant) == 1 else named


def _nth(word: str) -> int:
    return _ORDINALS.index(word) + 1 if word in _ORDINALS else int(re.sub(r"\D", "", word))


def _last_number(name: str) -> int | None:
    numbers = re.findall(r"\d+", name)
    return int(numbers[-1]) if numbers else None
