"""Names that a question speaks of and no catalogue holds: a call without them asks for more."""

import re
from typing import NamedTuple

from server.words_plain import PLAIN_ENGLISH
from server.words_telling import tells
from tools.ports import Catalogue

_NAME = r"(?![\w.@-]*¤)(?P<name>[a-z][\w.@-]*[a-z0-9])(?![\w¤/:=]|[@-]\w)"
_LIKE_A_NAME = re.compile(r"[a-z][\w.@-]*\d[\w.@-]*|[a-z]\w*(?:[-_@.][a-z]\w*)+", re.I)
_NOUN = r"(?:¤|\b(?:logs?|lines?|entries|events?|messages?|rows?|errors?|warnings?|fatals?)\b)"
_BEFORE = re.compile(
    r"(?:\b(?:on|at|from|of|for|in|by|did|does|do|has|have|had|is|was|host|machine|service|"
    r"unit|about|and|or|versus|vs|than|only|just|show\s+me|what's)\s+(?:the\s+)?|^\W*)"
    rf"(?={_NAME})",
    re.I,
)
_SAYS = (
    r"(?:log|say|write|report|produce|throw|emit|print|complain|have|had|logged|said|written|"
    r"reported|produced|thrown|emitted|printed|complained|crash|crashed)"
)
_DID = re.compile(rf"\b(?:did|does|do|has|had)\s+(?:the\s+)?{_NAME}\s+{_SAYS}\b", re.I)
_FAILED = re.compile(rf"\bwhy\s+did\s+{_NAME}\s+(?:fail|die|stop|restart|break|hang)\b", re.I)
_ITS = re.compile(rf"\b{_NAME}'s?\s+{_NOUN}", re.I)
_GOES_ON = re.compile(
    rf"^\W*(?:and|or|but|now|same|only|just|what\s+about|how\s+about|on|from|of)\s+"
    rf"(?:(?:on|from|of|for|the)\s+)*{_NAME}\W*$",
    re.I,
)
_ON = re.compile(r"\b(?:on|at|host|machine|box|server|node)\s+(?:the\s+)?$", re.I)
_BESIDE = re.compile(r"¤\s*(?:,|and|or|versus|vs\.?|than)\s+(?:on\s+)?$", re.I)
_EVERYBODY_WORDS = """
user users people customer customers client clients anybody nobody somebody they it he she you
things stuff peak maximum minimum median sum trend rate details reason cause
"""
_EVERYBODY = frozenset(_EVERYBODY_WORDS.split())
_EVERYDAY_WORDS = """
on off up down to in by re pre non un self out over under high low long short real first last early
late end start built stand half two three multi one type level time day week month hour minute night
back log error warning timed failed based related like free well known wide request trace date x id
"""
_EVERYDAY = frozenset(_EVERYDAY_WORDS.split())
"""Parts of compounds that are no names: up-to-date, timed-out."""


class Unknown(NamedTuple):
    """A name that is not there, whether a service or a host seems to be meant, and whether it is
    told beside one that is there: `web-01 and web-99`.
    """

    kind: str
    name: str
    beside: bool = False


def unknown_in(rest: str, names: Catalogue) -> Unknown | None:
    """The name that stands in `rest`, what is left of a question, where one of a service or a host
    would: by its looks (`web-99`), or an uncommon word in a plain place (`did postgres log`).
    """
    known = {name.lower() for name in (*names.services, *names.hosts)}
    for match in _BEFORE.finditer(rest):
        if _looks_like_one(match["name"]) and match["name"].lower() not in known:
            return _of_kind(match, names)
    places = (place.search(rest) for place in (_DID, _FAILED, _ITS, _GOES_ON))
    uncommon = (match for match in places if match is not None and _is_uncommon(match["name"]))
    return next((_of_kind(match, names) for match in uncommon), None)


def _letters(name: str) -> str:
    return re.sub(r"[\W\d_]+", "", name.lower())


def _looks_like_one(word: str) -> bool:
    parts = [part for part in re.split(r"[-_@.]", word.lower()) if not part.isdigit()]
    said = (part for part in parts if part not in _EVERYDAY)
    return bool(_LIKE_A_NAME.fullmatch(word)) and any(
        len(part) < 3 or not part.isalpha() or tells(part) for part in said
    )


def _is_uncommon(word: str) -> bool:
    return tells(word) and word.lower() not in PLAIN_ENGLISH | _EVERYBODY


def _of_kind(match: re.Match[str], names: Catalogue) -> Unknown:
    """What is meant, by the names of the same letters, else by the word before it."""
    word, before = match["name"], match.string[: match.start("name")]
    service, host = (
        any(_letters(name) == _letters(word) for name in known)
        for known in (names.services, names.hosts)
    )
    if service == host:
        host = bool(_ON.search(before))
    beside = bool(_BESIDE.search(before))
    return Unknown("host" if host else "service", word, beside)
