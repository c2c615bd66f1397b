"""How many a question wants to see, and in which order."""

import re

from server.words_ages import UNIT
from server.words_moment import COUNTED, blot, number

_THING = (
    r"(?:logs?|lines?|rows?|entries|entry|events?|errors?|errs?|warnings?|criticals?|fatals?|"
    r"messages?|msgs?|"
    r"records?|results?|hits?|matches|ones|of\s+(?:them|those|these)|examples|samples|items)"
)
_NOT_UNIT = rf"(?![\s-]*(?:{UNIT})\b)(?![\d:.]*[:.]\d)"
_LIMIT = re.compile(
    rf"(?:\b(?:top|first|last|latest|newest|recent|oldest|earliest|best|closest|nearest|at\s+most|"
    rf"max(?:imum)?(?:\s+of)?|"
    rf"up\s+to|no[tr]?\s+(?:more\s+than|over)|limit(?:ed)?(?:\s+(?:to|of|it\s+to))?|"
    rf"cap(?:ped)?(?:\s+(?:at|"
    rf"it\s+at))?|"
    rf"only|just|make\s+it|(?:show|give|get)(?:\s+me)?|tail|head|any|"
    rf"which(?=\s+\d+\s+(?:services|hosts|machines|servers|boxes|nodes)\b))|"
    rf"(?<!\w)-n)\s*[:=]?\s*(?:the\s+)?(?P<a>{COUNTED})\b{_NOT_UNIT}"
    rf"|(?<![:.#\d-])(?<!node )(?<!host )(?<!server )(?<!machine )\b"
    rf"(?P<b>{COUNTED})\s+(?:[\w¤-]+\s+){{0,3}}?(?:{_THING}|max|at\s+most|newest|"
    rf"latest|"
    rf"most\s+recent|oldest|earliest|biggest|largest|noisiest|loudest|worst|is\s+(?:fine|enough)|"
    rf"(?:are|will)\s+(?:enough|do|fine)|"
    rf"instead)\b"
    rf"|(?:^|,)\W*(?:and\s+|only\s+|just\s+)?(?P<c>{COUNTED})\W*(?:please|pls|instead)?\W*$",
    re.I,
)
_ONE = re.compile(
    r"\b(?P<which>last|latest|newest|most\s+recent|(?:very\s+)?first|oldest|earliest)\s+(?:\w+\s+)?"
    r"(?:thing|error|err|warning|line|entry|event|message|row|record|log\s+(?:line|entry|message)|"
    r"one|"
    r"critical|fatal)\b"
    r"(?!s|\s+(?:logs|lines|messages|entries|level|code|types?))|\bjust\s+(?:the\s+)?one\b",
    re.I,
)
_OLDEST = re.compile(
    r"\b(?:oldest|earliest|chronological(?:ly)?|ascending|from\s+the\s+(?:beginning|start)|"
    r"first\s+to\s+last|"
    r"in\s+order|in\s+the\s+order\s+they|time\s+order|forwards?)\b",
    re.I,
)
_NEWEST = re.compile(r"\b(?:newest|latest|most\s+recent)\s+first\b|\bdescending\b", re.I)


def find_limit(question: str) -> tuple[int | None, str | None, str]:
    """Limit, order, and the question without the number."""
    order = "oldest" if _OLDEST.search(question) else None
    order = "newest" if _NEWEST.search(question) else order
    for match in _LIMIT.finditer(question):
        name = match.lastgroup or "a"
        limit = int(number(match[name]))
        if 1 <= limit <= 1000:
            return limit, order, blot(question, match.span(name))
    single = _ONE.search(question)
    if single:
        which = (single["which"] or "").lower()
        return (
            1,
            "oldest" if which in {"very first", "first", "oldest", "earliest"} else order,
            question,
        )
    return None, order, question
