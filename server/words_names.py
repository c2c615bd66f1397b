"""Names of the catalogue that a question speaks of: slips, plurals and parts of names included."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from server.words_denied import DENY
from server.words_moment import blot
from server.words_name_index import PLURAL, WRITTEN, NameIndex, name_index, spoken
from server.words_named import Named
from server.words_ordinals import told_apart
from server.words_plain import NEVER_NAMES, PLAIN_ENGLISH

_CALLED = 0.04
"""How much surer a part of a name is that stands behind `the`, `of`, or for a host `on`."""

_WRITTEN = 0.95
"""From here on the whole name was written out."""

_GOES_ON = re.compile(r"[-_.@]\w")
_BREAK = re.compile(r"[,;?!]\s|:\s")
_WORD = re.compile(r"[a-z0-9][a-z0-9.]*[a-z0-9]|[a-z0-9]", re.I)
_LONGEST = 5

_STANDS_FOR_SERVICE = re.compile(
    r"\s+(?:service|unit|daemon|container|app|process|logs?|broker|component)\b", re.I
)
_STANDS_FOR_HOST = re.compile(r"\s+(?:host|machine|box|server|node)\b", re.I)
_ON = re.compile(r"\b(?:on|at|host|machine|box|node|server)\s*[:=]?\s*(?:the\s+)?$", re.I)
_THE = re.compile(
    r"\b(?:the|of|from|by|for|in|did|does|has|is|my|our|about|service|host|and|or|on|what's|with|"
    r"only|"
    r"just|check)\s*[:=]?\s*$|^\W*$|[,:=]\s*$",
    re.I,
)
_DENYING = re.compile(DENY, re.I)
_DENIED = re.compile(
    rf"{DENY}(?:(?:on|from|for|in|of|by|the|those|ones|lines|logs|host|service|machine)\s+)*$",
    re.I,
)
_BESIDE = re.compile(
    r"(?P<name>[\w.@-]+)\s*(?:,|,?\s(?:and|or|nor)\b)\s*(?:(?:on|from|the)\s+)*$", re.I
)
_REACH = 80
"""Letters before a name in which it may be denied."""

_OR_ELSE = re.compile(
    r"\s*,?\s*or\s+(?:anywhere|somewhere|elsewhere|any\s+other|another|on\s+any|wherever|"
    r"everywhere)",
    re.I,
)
_AND = re.compile(
    r"\W*(?:and|or|nor|as\s+well\s+as|than|vs\.?|versus|against|with|to)?"
    r"(?:\s+(?:the|on|from|of|in|for|by))*\W*",
    re.I,
)
_NO_NAMES = frozenset(
    {"whole", "entire", "other", "please", "instead", "again", "too", "right", "now"}
)
_A_NAME = r"(?![\w.@-]*¤)([a-z][\w.@-]*[a-z0-9])(?![\w¤])"
_CALLED_SERVICE = re.compile(
    rf"\b(?:of|from|for|in|by)\s+(?:the\s+)?(?:service|unit|daemon)\s+{_A_NAME}|\b(?:service|"
    rf"unit)=\"?{_A_NAME}|"
    rf"\b(?:the|of|from|by|for|in)\s+{_A_NAME}\s+(?:service|unit|daemon)\b",
    re.I,
)
_CALLED_HOST = re.compile(
    rf"\b(?:of|from|for|on)\s+(?:the\s+)?(?:host|machine|box)\s+{_A_NAME}|\bhost=\"?{_A_NAME}|"
    rf"\b(?:the|on|from|of)\s+{_A_NAME}\s+(?:host|machine|box)\b",
    re.I,
)
_CORRECTED = re.compile(
    r"\b(?:no\s+wait|i\s+mean(?:t)?|sorry|rather|correction|actually|no,)", re.I
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Some neighbouring words of the question."""

    text: str
    span: tuple[int, int]


def find_name(question: str, names: tuple[str, ...], host: bool = False) -> Named:
    """The name that the question speaks of, and where; nothing when it speaks of none."""
    index = name_index(names)
    corrected = _CORRECTED.search(question)
    later = _in(question, index, host, corrected.end()) if corrected else Named()
    return later if later.names else _in(question, index, host, 0)


def _in(question: str, index: NameIndex, host: bool, begin: int) -> Named:
    best = Named()
    for phrase in _phrases(question, begin):
        found = _fit(question, phrase, index, host)
        if (found.sure, _length(found)) > (best.sure, _length(best)):
            best = found
    if best.sure >= _WRITTEN:
        return _with_others(question, best, index, host)
    return told_apart(question, best)


def _length(named: Named) -> int:
    return named.span[1] - named.span[0]


def _with_others(question: str, best: Named, index: NameIndex, host: bool) -> Named:
    """Another name written out beside the best makes the question ask for two."""
    named = {best.span: best.names}
    rest = blot(question, best.span)
    for phrase in _phrases(rest, 0):
        if not _side_by_side(question, best.span, phrase.span) or "¤" in rest[slice(*phrase.span)]:
            continue
        found = _fit(rest, phrase, index, host)
        if found.sure >= _WRITTEN and found.names[0] not in best.names:
            named[phrase.span] = found.names[:1]
            rest = blot(rest, phrase.span)
    spans = sorted(named)
    in_order = [name for span in spans for name in named[span]]
    whole = (spans[0][0], max(end for _, end in spans))
    return Named(tuple(dict.fromkeys(in_order)), best.sure, whole, len(named) > 1)


def _side_by_side(question: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    first, last = sorted((one, other))
    return bool(_AND.fullmatch(question, first[1], last[0]))


def _phrases(question: str, begin: int) -> Iterator[Phrase]:
    words = [match.span() for match in _WORD.finditer(question) if match.start() >= begin]
    for size in range(_LONGEST, 0, -1):
        for first, last in zip(words, words[size - 1 :], strict=False):
            text = question[first[0] : last[1]]
            if "¤" not in text and not _BREAK.search(text):
                yield Phrase(spoken(text), (first[0], last[1]))


def _fit(question: str, phrase: Phrase, index: NameIndex, host: bool) -> Named:
    """How well a phrase fits which names: written out, joined, turned round, a slip, or a part."""
    said, before = phrase.text, question[: phrase.span[0]]
    for sure, names in index.exact(said):
        if sure < PLURAL and _GOES_ON.match(question, phrase.span[1]):
            continue  # gpu-bax is no gpu-box
        if not _is_meant(question, phrase, sure, host) or _or_else(question, phrase):
            continue
        called = sure < PLURAL and (_ON if host else _THE).search(before)
        return Named(names, sure + (_CALLED if called else 0.0), phrase.span)
    slip = index.slip(said) if _may_slip(question, phrase) else None
    if slip is None or _or_else(question, phrase):
        return Named()
    return Named(slip[1], slip[0], phrase.span, slip=question[slice(*phrase.span)])


def _may_slip(question: str, phrase: Phrase) -> bool:
    whole = not _GOES_ON.match(question, phrase.span[1])
    return whole and len(phrase.text) >= 5 and phrase.text not in PLAIN_ENGLISH


def _is_meant(question: str, phrase: Phrase, sure: float, host: bool) -> bool:
    """Whether so few words are meant as a name: plain English ones need to be called one."""
    if sure == WRITTEN:
        return True
    words = [word for word in phrase.text.split() if not word.isdigit()]
    if not all(word in PLAIN_ENGLISH for word in words):
        return True
    if all(word in NEVER_NAMES for word in words):
        return False
    called = _STANDS_FOR_HOST if host else _STANDS_FOR_SERVICE
    the = _THE.search(question[: phrase.span[0]])
    return bool(the and called.match(question, phrase.span[1]))


def _or_else(question: str, phrase: Phrase) -> bool:
    return bool(_OR_ELSE.match(question, phrase.span[1]))


def left_out(question: str, names: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """The names that the question does not want, of `except nginx and sshd` both; the question
    without them, so that no part of one is taken for a name that is wanted.
    """
    if not _DENYING.search(question):
        return (), question
    index, rest = name_index(names), question
    found: dict[str, None] = {}
    for phrase in _phrases(question, 0):
        if "¤" in rest[slice(*phrase.span)] or not _denied(question, phrase, index):
            continue
        if fits := _fits(question, phrase, index):
            found |= dict.fromkeys(fits)
            rest = blot(rest, phrase.span)
    return tuple(found), rest


def _fits(question: str, phrase: Phrase, index: NameIndex) -> tuple[str, ...]:
    """The names that a phrase stands for, as `_fit` finds them."""
    meant = (
        names
        for sure, names in index.exact(phrase.text)
        if _is_meant(question, phrase, sure, host=False)
        and not (sure < PLURAL and _GOES_ON.match(question, phrase.span[1]))
    )
    slip = index.slip(phrase.text) if _may_slip(question, phrase) else None
    return next(meant, slip[1] if slip else ())


def _denied(question: str, phrase: Phrase, index: NameIndex) -> bool:
    """Whether the name is left out, by itself or beside another that is."""
    before = question[max(0, phrase.span[0] - _REACH) : phrase.span[0]]
    while not _DENIED.search(before):
        beside = _BESIDE.search(before)
        if beside is None or not any(index.exact(spoken(beside["name"]))):
            return False
        before = before[: beside.start("name")]
    return True


def unknown_name(rest: str, host: bool = False) -> str | None:
    """The word that the question calls a service or a host, where no name of one was found."""
    match = (_CALLED_HOST if host else _CALLED_SERVICE).search(rest)
    word = next(filter(None, match.groups())) if match else None
    plain = set(spoken(word).split()) <= PLAIN_ENGLISH | _NO_NAMES if word else True
    return None if plain else word
