"""Which levels a question asks for: exactly these, or one and everything above it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from server.words_denied import DENY
from server.words_moment import blot
from tools.levels import Level

_NAME = (
    r"(?:debug(?:ging)?|dbg|info(?:rmational)?|notices?|warn(?:ing)?s?|err(?:or(?:ing|ed)?)?s?|"
    r"crit(?:ical)?s?|"
    r"fatals?|"
    r"emerg(?:ency|encies)?)"
)
_LEVEL = re.compile(rf"\b{_NAME}\b", re.I)
_LIST = re.compile(
    rf"\b(?P<first>{_NAME})(?P<rest>(?:\s*(?:(?:logs?|messages?|lines?|entries|events)\s*)?(?:,|/|"
    rf"\+|&|\||and|or|'?n'?|nor|plus)\s*{_NAME}\b)+)",
    re.I,
)
_AFTER = re.compile(
    r"(?:\s*(?:-|\s)?(?:level|severity|logs?|messages?|ones|entries|lines|events|errors|"
    r"warnings))?\s*(?:,\s*)?(?:"
    r"(?:and|or|including|plus)\s+(?:(?:all|everything|anything|whatever)\s+(?:that\s+is\s+)?)?(?:above|worse|higher|up(?:wards?)?|more\s+(?:severe|serious)|"
    r"greater|graver|nastier|bigger|heavier|stronger|"
    r"beyond|over|severer|anything\s+(?:worse|above|higher|more))"
    r"|\+(?![\w])|upwards?\b|at\s+(?:the\s+)?least|or\s+more\b|on\s+up\b|plus\b)",
    re.I,
)
_AT_LEAST = re.compile(
    r"(?:\b(?:skip|ignore|drop|hide|leave\s+out|without)\s+(?:\w+\s+){0,3}(?:below|under|"
    r"less\s+than)|"
    r"\bat\s+least|\bmin(?:imum)?(?:\s+(?:level|severity))?|(?<![<\w])>=|\b(?:level|"
    r"severity)\s*>=|≥|"
    r"\b(?:nothing|none|not|no)\s+(?:below|under|less\s+(?:severe\s+)?than|milder\s+than|"
    r"lower\s+than)|"
    r"\b(?:no|not)\s+less\s+than|\bfrom)\s*(?:of\s+|is\s+)?(?:an?\s+|the\s+)?(?:level\s+|"
    r"severity\s+)?[:=]?\s*$",
    re.I,
)
_FROM_UP = re.compile(r"\s*(?:level\s+)?(?:on\s+)?up", re.I)
_WORSE = re.compile(
    r"(?:\b(?:worse|higher|more\s+severe|more\s+serious|severer)\s+than|\babove|"
    r"(?<!<)>)\s*(?:an?\s+|the\s+)?"
    r"(?:level\s+)?$",
    re.I,
)
_NOT = re.compile(rf"(?:{DENY}|\bno\s+)(?:(?:the|any|all|those|that)\s+)*$|\bnon[\s-]?$", re.I)
_NOT_AFTER = re.compile(
    r"(?:\s+(?!and\b|or\b|but\b)[a-z]+){0,2}?\s+(?:(?:is|are|being|all)\s+)*"
    r"(?:left\s+(?:out|off|aside)|(?:filtered|stripped|taken)\s+out|excluded|omitted|"
    r"removed|skipped|hidden|not\s+(?:needed|wanted|included|interesting))\b",
    re.I,
)
_NO_LEVEL_BEFORE = re.compile(r"\b(?:to|help(?:\s+(?:me|us))?|please|you|your)\s+$", re.I)
_NO_LEVEL_AFTER = re.compile(r"\s+(?:codes?\b|(?:me|us)\b)|\s*[-_]?\s*(?:code|id)\s*[:=]", re.I)
_TO = re.compile(r"\b(?:to|you|please|and)\s+$", re.I)
_INFO_ON = re.compile(r"\s+(?:on|about|regarding|concerning)\b", re.I)
_DEBUG_THIS = re.compile(r"\s+(?:this|that|the|why|my|an?|what|it)\b", re.I)
_LABEL = re.compile(r"\b(?:level|severity)s?\b", re.I)
_ONLY = re.compile(r"\b(?:only|just|nothing\s+but)\s+(?:the\s+)?$", re.I)
_ONLY_AFTER = re.compile(r"\s+(?:\w+\s+)?(?:only|alone)\b", re.I)


@dataclass(frozen=True, slots=True)
class Levels:
    """Exact levels, or the lowest; `explicit` when the word level, severity or only stands by."""

    exact: tuple[Level, ...] = ()
    lowest: Level | None = None
    explicit: bool = False
    rest: str = ""

    @property
    def arguments(self) -> dict[str, str | list[str]]:
        """As tools take them."""
        if self.lowest:
            return {"min_level": str(self.lowest)}
        if not self.exact:
            return {}
        return {"level": str(self.exact[0]) if len(self.exact) == 1 else [*map(str, self.exact)]}


def find_levels(question: str) -> Levels:
    """The levels the question asks for, and the question without them."""
    several = _LIST.search(question)
    if several and not _AFTER.match(question, several.end()):
        named = {level_of(name) for name in _LEVEL.findall(several[0])}
        rest = blot(question, several.span())
        if denied := _denied(question, several.span()):
            return _without(named, blot(rest, denied))
        return Levels(tuple(sorted(named, key=lambda level: level.rank)), None, True, rest)
    matches = list(_LEVEL.finditer(question))
    unwanted = {match: span for match in matches if (span := _denied(question, match.span()))}
    if len(unwanted) == len(matches) > 1:
        return _others(question, unwanted)
    for match in matches:
        found = _one(question, match)
        if found:
            return found
    return Levels(rest=question)


def _others(question: str, unwanted: Mapping[re.Match[str], tuple[int, int]]) -> Levels:
    """All but these: "no info, no debug"."""
    rest = question
    for span in unwanted.values():
        rest = blot(rest, span)
    return _without({level_of(match[0]) for match in unwanted}, rest)


def _denied(question: str, span: tuple[int, int]) -> tuple[int, int] | None:
    """Where the level and the words behind it stand if it is not wanted."""
    if _NOT.search(question[: span[0]]):
        return span
    left_out = _NOT_AFTER.match(question, span[1])
    return (span[0], left_out.end()) if left_out else None


def _without(gone: set[Level], rest: str) -> Levels:
    """All levels but these: a floor where what is left is one level and all above it."""
    left = [level for level in Level if level not in gone]
    if left and left == Level.at_least(left[0]):
        return Levels((), left[0], True, rest)
    return Levels(tuple(left), None, True, rest)


def _one(question: str, match: re.Match[str]) -> Levels | None:
    level, before, end = level_of(match[0]), question[: match.start()], match.end()
    after = _AFTER.match(question, end)
    rest = blot(question, (match.start(), after.end() if after else end))
    explicit = bool(_LABEL.search(question[max(0, match.start() - 14) : end + 10]))
    alone = bool(_ONLY.search(before) or _ONLY_AFTER.match(question, end))
    if after or (_AT_LEAST.search(before) and (not before.rstrip().lower().endswith("from")
                                               or _FROM_UP.match(question, end))):  # fmt: skip
        return Levels((), level, True, rest)
    if _WORSE.search(before):
        above = Level.at_least(level)[1:2] or [level]
        return Levels((), above[0], True, rest)
    if denied := _denied(question, match.span()):
        return _without({level}, blot(rest, denied))
    if explicit or not _no_level(question, match):
        return Levels((level,), None, explicit or alone, rest)
    return None


def _no_level(question: str, match: re.Match[str]) -> bool:
    """Whether the word is used in another sense: info about X, debug this, error code 7."""
    if _NO_LEVEL_AFTER.match(question, match.end()):
        return True
    word = match[0].lower()
    if word == "warn" and not _TO.search(question[: match.start()]):
        return False
    if word in {"info", "debug", "warn"} and _NO_LEVEL_BEFORE.search(question[: match.start()]):
        return True
    if word == "info":
        return bool(_INFO_ON.match(question, match.end()))
    return word == "debug" and bool(_DEBUG_THIS.match(question, match.end()))


def level_of(word: str) -> Level:
    """The level of a word such as errs, warnings or criticals."""
    plain = word.upper()
    for name in (
        plain,
        plain.rstrip("S"),
        plain.removesuffix("IES") + "Y",
        plain.removesuffix("GING"),
        plain[:5],
    ):
        try:
            return Level(name)
        except ValueError:
            continue
    return Level.FATAL
