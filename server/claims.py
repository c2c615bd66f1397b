"""Prose held against its rows, sentence by sentence; what they do not bear out is struck.

A sentence stays only when all of this is so: it cites an event that was read; every number and
time outside quotation marks was computed by code, or is the time of an event it cites; every
quotation stands in an event it cites; every service, host and level it names is that of an event
it cites; it claims no cause and nothing of all or none, which rows cannot show; and most of its
words are those of the rows. A number or a name that only a log message contains counts for
nothing outside quotation marks: messages are written by strangers.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC

from server.claim_words import COUNTS, GLUE, UNSHOWABLE
from tools.levels import Level
from tools.plain import clean, unsigned
from tools.records import Event

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9“\"#])|\n+")
_CITED = re.compile(r"#(\d{1,19})\b")
_ANY_CITED = re.compile(r"[#\uff03]\s*\d+")
_QUOTED = re.compile(r"“([^”]*)”|\"([^\"]*)\"|`([^`]*)`")
_NUMBER = re.compile(r"\d[\d.,:/TZ%-]*", re.ASCII)
_ANY_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_][\w'-]*")
_NAMELIKE = re.compile(r"(?<![\w-])(?=[\w.@/-]*[\w])(?:[\w@]+[-_./@])+[\w@]+(?![\w-])")
_ALIKE = str.maketrans({"“": '"', "”": '"', "„": '"', "‟": '"', "\uff03": "#", "⏎": " "})
_MOST_OWN = 1 / 3
"""Part of a sentence's content words that may be the writer's own."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a text may speak of: events by id, the text that code computed, the store's names."""

    rows: Mapping[int, Event]
    facts: str
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Struck:
    """A sentence that was struck, and why."""

    sentence: str
    reason: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What is left of a text, and what was struck."""

    text: str
    struck: list[Struck] = field(default_factory=list)


def check(text: str, evidence: Evidence) -> Checked:
    """The sentences of the text that the evidence bears out, in their order, a line each."""
    kept, struck = [], []
    computed = _computed(_nameless(evidence))
    for sentence in sentences(text):
        reason = _objection(sentence, evidence, computed)
        if reason is None:
            kept.append(sentence)
        else:
            struck.append(Struck(sentence, reason))
    return Checked("\n".join(kept), struck)


def sentences(text: str) -> list[str]:
    """The sentences of a text, without control codes; a quotation is never cut."""
    shaded = _QUOTED.sub(lambda match: "x" * len(match[0]), clean(text))
    plain, found, begin = clean(text), [], 0
    for gap in _SENTENCE.finditer(shaded):
        found.append(plain[begin : gap.start()])
        begin = gap.end()
    return [part.strip() for part in [*found, plain[begin:]] if part.strip()]


def _objection(sentence: str, evidence: Evidence, computed: frozenset[str]) -> str | None:
    """Why a sentence cannot stand, None when it can."""
    ids = [int(found) for found in _CITED.findall(sentence)]
    if len(ids) != len(_ANY_CITED.findall(sentence)):
        return "a citation that is none"
    if not ids:
        return "it cites nothing"
    unknown = [key for key in ids if key not in evidence.rows]
    if unknown:
        return f"#{unknown[0]} was not read"
    cited = [evidence.rows[key] for key in ids]
    bare = _QUOTED.sub(" ", _CITED.sub(" ", sentence))
    return (
        _wrong_quotation(sentence, cited)
        or _wrong_name(bare, cited, evidence.names)
        or _wrong_number(bare, cited, computed)
        or _wrong_words(bare, cited, evidence)
    )


def _wrong_quotation(sentence: str, cited: Iterable[Event]) -> str | None:
    messages = [_plain(event.message) for event in cited]
    for groups in _QUOTED.findall(sentence):
        wanted = _plain(next(filter(None, groups), "")).strip(" .…")
        if not any(wanted in message for message in messages):
            return f"“{wanted[:60]}” stands in no event it cites"
    return None


def _plain(text: str) -> str:
    """Text to compare: marks and spaces alike."""
    return " ".join(clean(text).translate(_ALIKE).split()).lower()


def _wrong_number(bare: str, cited: Iterable[Event], computed: frozenset[str]) -> str | None:
    allowed = computed | {part for event in cited for part in _moments(event)}
    names = {name for event in cited for name in (event.service, event.host)}
    for name in sorted(names, key=len, reverse=True):
        bare = bare.replace(name, " ")
    for found in _NUMBER.findall(bare):
        if _numeral(found) not in allowed:
            return f"{found} was not computed"
    if _ANY_DIGIT.search(_NUMBER.sub(" ", bare)):
        return "a number in other digits"
    words = {word.lower() for word in _WORD.findall(bare)}
    said = words & COUNTS
    return f"“{min(said)}” was not counted" if said else None


def _numeral(text: str) -> str:
    """A number in one spelling: no grouping, no trailing punctuation."""
    return text.rstrip(".,:/-%TZ").replace(",", "")


def _nameless(evidence: Evidence) -> str:
    """The facts without the names of services and hosts: their digits are no numbers, and whoever
    writes a log chooses them.
    """
    rows = evidence.rows.values()
    names = evidence.names | {name for event in rows for name in (event.service, event.host)}
    facts = evidence.facts
    for name in sorted((unsigned(one, 60) for one in names), key=len, reverse=True):
        if name in facts and _ANY_DIGIT.search(name):
            facts = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", " ", facts)
    return facts


def _computed(facts: str) -> frozenset[str]:
    """The numbers and times of the facts that stand in no quotation."""
    found = set()
    for text in _NUMBER.findall(_QUOTED.sub(" ", _CITED.sub(" ", facts))):
        found |= {_numeral(text), *_beginnings(_numeral(text))}
    return frozenset(found)


def _moments(event: Event) -> set[str]:
    moment = event.timestamp.astimezone(UTC)
    day, clock = moment.strftime("%Y-%m-%d"), moment.strftime("%H:%M:%S.%f")[:-3]
    return {day, f"{day}T{clock[:8]}", *_beginnings(clock)}


def _beginnings(clock: str) -> set[str]:
    """A clock time also to the second and to the minute."""
    whole = re.fullmatch(r"(\d\d:\d\d)(:\d\d)?(\.\d+)?", clock)
    return {clock, whole[1], whole[1] + (whole[2] or "")} if whole else set()


def _wrong_name(bare: str, cited: list[Event], names: frozenset[str]) -> str | None:
    """A service or host of the store that no cited event has, and a name the store lacks."""
    own = {part.lower() for event in cited for part in _spellings(event)}
    lower = bare.lower()
    for name in names:
        spelt = name.lower().removesuffix(".service")
        if spelt not in own and re.search(rf"(?<![\w-]){re.escape(spelt)}(?![\w-])", lower):
            return f"{name} is named by no event it cites"
    for found in _NAMELIKE.findall(bare):
        if not _NUMBER.fullmatch(found) and found.lower() not in own:
            return f"{found} is no name of an event it cites"
    levels = {event.level for event in cited}
    said = {word for word in _WORD.findall(bare) if word.isupper() and word in Level.__members__}
    return f"no event it cites is {min(said - levels)}" if said - levels else None


def _spellings(event: Event) -> set[str]:
    return {event.host, event.service, event.service.removesuffix(".service"), event.source}


def _wrong_words(bare: str, cited: list[Event], evidence: Evidence) -> str | None:
    words = [word.lower().rstrip("'") for word in _WORD.findall(bare)]
    shown = _vocabulary(" ".join(event.message for event in cited))
    claims = [word for word in words if word in UNSHOWABLE]
    if claims:
        return f"rows cannot show “{claims[0]}”"
    known = shown | _vocabulary(" ".join(part for event in cited for part in _spellings(event)))
    known |= {level.lower() for level in Level.__members__}
    content = [word for word in words if len(word) > 2 and word not in GLUE]
    own = [word for word in content if _stem(word) not in known and word not in known]
    if content and len(own) > _MOST_OWN * len(content):
        return f"“{own[0]}” is not what the rows say"
    return None


def _vocabulary(text: str) -> set[str]:
    words = {part.lower() for word in _WORD.findall(text) for part in re.split(r"[-_']", word)}
    words |= {word.lower() for word in _WORD.findall(text)}
    return words | {_stem(word) for word in words}


def _stem(word: str) -> str:
    """A word without its commonest endings."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
