"""How a question that needs more than one call is cut into moves, by its words alone.

A question of one part is one move: understand it and make its call. "A, and what are they similar
to?" has two parts, the second of which points back at what the first found. "What changed before
X", "what happened around X" and "why did X fail" are several moves each: find it, then look
around it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

MOST_ROUNDS = 6

_ASKING = (
    r"(?:also\s+|then\s+)?(?:what|which|who|when|where|why|how|has|have|had|is|are|was|were|did|do|"
    r"does|show|list|find|count|tell|give|any\s+(?:sign|others?))\b"
)
_JOINT = re.compile(
    rf"(?:[?;!]\s+(?:and\s+|but\s+)?|,?\s+(?:and\s+then|and|but|then)\s+)(?={_ASKING})", re.I
)
_ASKS = re.compile(rf"\W*(?:and\s+|so\s+)?{_ASKING}", re.I)
_VERBATIM = re.compile(r"\"[^\"]*\"|“[^”]*”|`[^`]*`|(?<!\w)'[^']*'(?!\w)|:\s.*$|\s->\s.*$", re.S)
_PASTED = re.compile(r":\s.|\s->\s")
_NOUN = (
    r"(?:services?|units?|hosts?|machines?|box(?:es)?|times?|moments?|errors?|messages?|events?|"
    r"lines?|ones?|kinds?|patterns?|incidents?|outages?|crash(?:es)?)"
)
_REFERENCE = re.compile(
    rf"\b(?:it|its|they|them|their|those|these)\b|(?<!is\s)(?<!are\s)(?<!was\s)(?<!were\s)\bthere\b|"
    rf"\bthen\b|\b(?:that|this)\s+{_NOUN}\b|\bthe\s+same\s+{_NOUN}\b|\b(?:that|this)\s*\W*$|"
    rf"\b(?:after|before|around|to|like)\s+(?:that|this)\b",
    re.I,
)
_ALIKE = re.compile(
    r"\bsimilar\b|\balike\b|\bresembl|\blooks?\s+like\b|\b(?:happen|occur|seen?|come\s+up|been)\w*\b"
    r".*\b(?:before|earlier|previously|ever)\b|\b(?:before|earlier)\W*$|\bnew\W*$|"
    r"\b(?:any|some)thing\s+like\b|\bfirst\s+time\b",
    re.I,
)
_EARLIER = re.compile(
    r"\bbefore\b|\bearlier\b|\bpreviously\b|\bever\b|\bnew\b|\bfirst\s+time\b", re.I
)
_ANCHORED = re.compile(
    r"\b(?P<verb>chang(?:ed|es?)|new|differen(?:t|ce)|happen(?:ed|ing|s)|going\s+on|went\s+on|logged|"
    r"led|lead(?:ing)?|preceded|followed|came|caused|triggered|show\s+me|logs?|events?)\b"
    r"(?P<between>.*?)\b(?P<side>(?:right\s+|just\s+|shortly\s+)?(?:before|after|around|prior\s+to)|"
    r"up\s+to|(?<=preceded)|(?<=followed)|(?<=caused)|(?<=triggered))\s+(?P<it>\S.*)$",
    re.I,
)
_NO_INCIDENT = re.compile(
    r"^(?:the\s+|last\s+|this\s+)*(?:\d|#|event\b|row\b|line\b|id\b|noon\b|midnight\b|midday\b|"
    r"yesterday\b|today\b|now\b|(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|night\b|week\b|hour\b|"
    r"day\b|month\b|morning\b|evening\b|weekend\b|and\b)",
    re.I,
)
_WHY = re.compile(
    r"^\W*(?:so\s+|and\s+)?(?:why\b|how\s+come\b|what\s+(?:went|is|was|has\s+gone)\s+wrong\b|"
    r"what(?:'s|s)\s+wrong\b|what(?:'s|\s+is|\s+was)\s+(?:the\s+)?(?:matter|problem|trouble)\b)",
    re.I,
)


class Kind(StrEnum):
    """What a move does."""

    ASK = "ask"  # understand the words and make their call
    FIND = "find"  # the newest event that the words describe
    WORST = "worst"  # warnings and errors of what the words name
    CHANGED = "changed"  # kinds of messages in the hour before it against the hour before that
    TROUBLE = "trouble"  # warnings and errors on its host near it
    AROUND = "around"  # the events next to it on its host
    ALIKE = "alike"  # what is like it
    EARLIER = "earlier"  # what is like it, before it


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a plan: what to do, with which words; `side` is before, after or around."""

    kind: Kind
    words: str
    side: str = "around"


def plan(question: str, earlier: bool = False) -> list[Move]:
    """The moves that answer a question, at least one; `earlier` when something was found before."""
    moves: list[Move] = []
    for part in split(question):
        moves += _moves(part, earlier or bool(moves))
    return moves


def split(question: str) -> list[str]:
    """The parts of a compound question; quoted and pasted text is never cut."""
    shaded = _VERBATIM.sub(lambda match: "\0" * len(match[0]), question)
    parts, begin = [], 0
    for joint in _JOINT.finditer(shaded):
        if joint[0][0] in "?;!" and not _ASKS.match(shaded[begin : joint.start()]):
            continue  # "search slow? show its warnings" is one question
        parts.append(question[begin : joint.start()].strip())
        begin = joint.end()
    parts.append(question[begin:].strip())
    return [part for part in parts if part] or [question]


def points_back(part: str) -> bool:
    """Whether the words point at something found before: it, they, that service, then."""
    return bool(_REFERENCE.search(_VERBATIM.sub(" ", part)))


def _moves(part: str, earlier: bool) -> list[Move]:
    back = points_back(part)
    shaded = _VERBATIM.sub(lambda match: "\0" * len(match[0]), part)
    if back and earlier and shaded == part and _ALIKE.search(part):
        return [Move(Kind.EARLIER if _EARLIER.search(part) else Kind.ALIKE, part)]
    anchored = _ANCHORED.search(shaded)
    if anchored and not _PASTED.search(part) and not _NO_INCIDENT.match(anchored["it"]):
        return _around(part, anchored, earlier)
    if _WHY.search(part) and shaded == part:
        if back and earlier:
            return _before_it(part)
        return [Move(Kind.WORST, part), *_before_it(part)]
    return [Move(Kind.ASK, part)]


def _before_it(part: str) -> list[Move]:
    return [Move(Kind.CHANGED, part, "before"), Move(Kind.AROUND, part, "before")]


def _around(part: str, anchored: re.Match[str], earlier: bool) -> list[Move]:
    verb, side = anchored["verb"].lower(), (anchored["side"] or "").lower()
    side = "after" if "after" in side or verb == "followed" else side
    side = "around" if "around" in side else side if side == "after" else "before"
    it = part[anchored.start("it") :]
    known = earlier and bool(re.match(r"(?:it|that|this|them|those|then)\b", it, re.I))
    if not known and re.match(r"(?:it|them|then)\b", it, re.I):
        return [Move(Kind.ASK, part)]
    moves = [] if known else [Move(Kind.FIND, it)]
    if side == "before":
        return [*moves, *_before_it(part)]
    return [*moves, Move(Kind.AROUND, part, side), Move(Kind.TROUBLE, part, side)]
