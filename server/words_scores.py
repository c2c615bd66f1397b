"""How near a likeness has to be: with a score of at least 0.8, 90 % similar or more."""

import re

from server.words_moment import blot

_SCORE = (
    r"(?:min(?:imum|\.)?[\s_-]*)?(?:similarity|likeness|match\w*|score|cosine|threshold)"
    r"(?:[\s_-]+score)?"
)
_AT_LEAST = (
    r"(?:\s+(?:is|are|of|at\s+least|at|from|above|over|or|than|greater|higher|better|more|not|no|"
    r"less|below|under|min(?:imum)?)\b|\s*[=:>≥]+)*"
)
_VALUE = (
    r"(?<![\w.])(?P<{name}>0?\.\d{{1,4}}|1\.0+|\d{{1,3}}\s?(?:%|per\s?cent))"
    r"(?![\w%])(?!\.\d)"
)
_MIN_SCORE = re.compile(
    rf"\b{_SCORE}{_AT_LEAST}\s*{_VALUE.format(name='a')}"
    rf"|(?:\b(?:at\s+least|above|over|min(?:imum)?|more\s+than)|>=?|≥)\s*{_VALUE.format(name='b')}"
    rf"(?:\s+(?:or\s+(?:more|better|higher|above)\s+)?(?:in\s+)?(?:{_SCORE}|similar|alike)\b)?"
    rf"|{_VALUE.format(name='c')}\s+(?:(?:or\s+(?:more|better|higher|above)|and\s+up)\s+)?"
    rf"(?:{_SCORE}|similar|alike)\b",
    re.I,
)


def find_min_score(request: str) -> tuple[float | None, str]:
    """The lowest score that the request allows, from 0 to 1, and the request without it."""
    match = _MIN_SCORE.search(request)
    if match is None:
        return None, request
    said = match["a"] or match["b"] or match["c"]
    plain = re.sub(r"[^\d.]", "", said)
    score = float(plain) / 100 if plain != said else float(plain)
    return (score, blot(request, match.span())) if 0 < score <= 1 else (None, request)
