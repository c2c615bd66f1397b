"""Words that the messages are to contain, when a question does not quote them."""

import re

from server.words_moment import blot

_STOP = (
    r"(?!(?:in|on|from|for|this|today|since|at|by|of|during|over|within|until|please|pls|"
    r"and\s+only|only|per|across|"
    r"anywhere|everywhere|somewhere|yesterday|between|before|after|that|it|they|when|while|if)\b)"
)
_WORDS = rf"(?P<text>{_STOP}[^\s,?¤;]+(?:\s+{_STOP}[^\s,?¤;]+){{0,4}})"
_CUE = re.compile(
    r"\b(?:contain(?:s|ing|ed)?|mention(?:s|ing|ed)?|grep(?:ping)?(?:\s+-{1,2}[\w-]+)*(?:\s+for)?|"
    r"includ(?:e|es|ing)|"
    r"(?:talk|speak)(?:s|ing)?\s+(?:about|of)|(?:text|message)\s+(?:has|is|holds)|"
    r"saying|says?|said|matching|"
    r"(?:with|has|having|have)\s+(?:the\s+)?(?:phrase|words?|text|string|term|substring))\s+"
    r"(?:for\s+)?(?:(?:the|a)\s+)?(?:phrase\s+|words?\s+|text\s+|string\s+|term\s+|"
    r"substring\s+)?(?:of\s+)?" + _WORDS,
    re.I,
)
_SENTENCE = re.compile(r"^(?:the|a|an)\b|\b(?:is|are|was|were|has|have|be|been|does|did)\b", re.I)
_LOOSE = re.compile(r"sa(?:ys?|ying|id)|includ|(?:with|ha[sv])", re.I)
_HOW_OFTEN = re.compile(
    r"\bhow\s+(?:often|many\s+times|frequently)\s+(?:does|did|do|has|have|was|were)\s+"
    + _WORDS
    + r"\s+(?:appear|occur|show|come|turn|been|logged|seen|happen|mentioned|reported)\w*\b",
    re.I,
)
_FIND_CODE = re.compile(
    r"\b(?:find|grep|search)\s+(?P<text>(?=\w*[A-Z]\w*[A-Z])[A-Z][\w.:-]{3,})(?!\S)"
)
_SEARCH = re.compile(
    r"^\W*(?:please\s+|can\s+you\s+|could\s+you\s+)?(?:search|grep|scan|look|check|comb|"
    r"go)\b(?P<where>[^¤,]*?)\s+for\s+(?:the\s+)?(?:word\s+|"
    r"string\s+|text\s+|phrase\s+)?" + _WORDS,
    re.I,
)
_ASKED = re.compile(
    r"\b(?:errors?|warnings?|warns?|logs?|lines?|entries|events?|messages?|criticals?|fatals?|"
    r"debug|info|anything|everything|something|what|it|the|any|"
    r"all|similar|patterns?|me|us|problems?|issues?|exactly|so|about)\b",
    re.I,
)
_QUOTE_CUE = re.compile(
    r"\b(?:contain\w*|mention\w*|grep\w*|includ\w+|say\w*|said|matching|phrases?|words?|texts?|"
    r"strings?|terms?|has|have|having|search|"
    r"wrote|reads?|written|lines?|with)\s*(?:for\s+|the\s+|in\s+it\s+|of\s+|an?\s+)*¤",
    re.I,
)


def find_contained(question: str, masked: str, names: frozenset[str]) -> tuple[str | None, str]:
    """The phrase, and the question without it; in `masked` times are made unreadable."""
    for match in _CUE.finditer(masked):
        text = _tidy(match["text"])
        asked = _ASKED.match(text) if text else None
        loose = _LOOSE.match(match[0])
        said = asked or _SENTENCE.search(text or "")
        if text and not (loose and said) and not (asked and asked.end() == len(text)):
            return _cut(question, match, names)
    searched = _SEARCH.search(masked) or _how_often(masked, names) or _FIND_CODE.search(masked)
    text = _tidy(searched["text"]) if searched else None
    if searched and text and not _ASKED.match(text):
        return _cut(question, searched, names)
    return None, question


def _how_often(masked: str, names: frozenset[str]) -> re.Match[str] | None:
    """How often a phrase appears, when it is no name."""
    match = _HOW_OFTEN.search(masked)
    return match if match and match["text"].lower() not in names else None


def _cut(question: str, match: re.Match[str], names: frozenset[str]) -> tuple[str | None, str]:
    """The phrase without names at its end, and the question without it."""
    words = match["text"].split(" ")
    while len(words) > 1 and words[-1].lower().rstrip("?.!,") in names:
        words.pop()
    text = " ".join(words)
    return _tidy(text), blot(question, (match.start("text"), match.start("text") + len(text)))


def _tidy(text: str) -> str | None:
    return text.strip().strip("\"'`").rstrip("?.! ").strip() or None


_WHERE = re.compile(
    r"\b(?:where|when|in\s+which\s+\w+)\b[^¤]*¤+[^¤]*\b(?:occur|appear|show|turn|crop|come|stand|"
    r"written|logged|mentioned|printed|found|seen)\w*|\b(?:occurr?ences?|mentions?|hits?)\s+(?:of|"
    r"for)\b[^¤]{0,24}¤",
    re.I,
)


def asks_where(bare: str) -> bool:
    """Whether the rows that hold a quotation are asked for: `where does "x" occur`."""
    return bool(_WHERE.search(bare))


def asks_quoted_text(bare: str) -> bool:
    """Whether the words before a quotation say that messages hold it."""
    return bool(_QUOTE_CUE.search(bare))
