"""What a question itself gives for each argument: nothing else may appear in a call."""

import re
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import OSA

from server.counting_words import Counting, find_counting
from server.times_in_words import find_times
from server.tool_words import PatternWords, find_context, find_patterns
from tools.levels import Level
from tools.ports import Catalogue

_QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|`([^`]+)`|(?<!\w)'([^']+)'(?!\w)")
_LEVEL = re.compile(
    r"\b(debug|info(?:rmational)?|warn(?:ing)?s?|err(?:or)?s?|crit(?:ical)?s?|fatals?)\b", re.I
)
_ABOVE = re.compile(
    r"\b(?:and|or)\s+(?:above|worse|higher|up|more\s+severe)\b|\bat\s+least\b|\bminimum\b|\bmin\b|"
    r"\bor\s+more\s+severe\b|\bnothing\s+below\b|\bupwards?\b|(?<=\w)\+(?=\s|$)",
    re.I,
)
_SIMILAR = re.compile(
    r"\bsimilar|\balike\b|\bresembl|\blook(?:s|ing)?\s+like\b|\b(?:any|some)thing\s+(?:\w+\s+)?"
    r"(?:like|close)\b|\bclose(?:st)?\s+(?:in\s+meaning\s+)?to\b|\brelated\b|\bsemantic|\bnearest\b|"
    r"\bneighbou?rs?\b|\bcomparable\b|\bseen\s+(?:this|that|it|something)\b|\bbefore\s*\?|"
    r"\bsame\s+kind\b|\b(?:stuff|logs?|ones?|errors?|messages?)\s+(?:are\s+)?like\b|"
    r"\bmean(?:s|ing)?\s+(?:roughly\s+)?the\s+same\b|\bother\s+cases\b|\bhave\s+(?:we|others?|other\s+"
    r"people)\s+(?:seen|hit|had)\b|\bis\s+this\s+new\b|\bhappened\s+before\b",
    re.I,
)
_CONTAINS = re.compile(
    r"\b(?:contain(?:s|ing)?|mention(?:s|ing)?|grep(?:\s+for)?|includ(?:es|ing)|with\s+the\s+"
    r"(?:phrase|word|text)|saying|matching)\s+(?:the\s+(?:phrase|word|text)\s+)?(?P<text>[^\s,?]+"
    r"(?:\s+(?!in\b|on\b|from\b|for\b|this\b|today\b|since\b|at\b)[^\s,?]+){0,4})",
    re.I,
)
_LIMIT = re.compile(
    r"\b(?:top|first|last|latest|newest|recent|at\s+most|max(?:imum)?|up\s+to|no\s+more\s+than|"
    r"only\s+the\s+first|limit)\s+(?P<a>\d{1,4})\b(?!\s*(?:s|sec|m|min|h|hr|hour|d|day|w|week))"
    r"|\b(?P<b>\d{1,4})\s+(?:\w+\s+){0,2}?(?:logs?|lines?|rows?|entries|events|errors?|warnings?|"
    r"messages?|max|at\s+most|newest|latest|most\s+recent)\b"
    r"|\b(?P<c>twenty|dozen|ten|five|fifty|hundred)\s+(?:\w+\s+){0,3}?(?:logs?|lines?|rows?|entries|"
    r"events|errors?|messages?)\b",
    re.I,
)
# "... of this? TEXT": what follows the question about "this" is the text itself.
_PASTED = re.compile(r"\b(?:this|these)\b[^?:.\"]*\?\s+(?=\S.{8})", re.I)
_POINTER = re.compile(r":\s+|\s->\s*|\s=>\s*")
_LAST_SENTENCE = re.compile(r"(?<=[.?!])\s+(?=[^.?!]*$)")
_DASH = re.compile(r"\s[-\u2013\u2014]\s")
_ALIKE = 0.79
"""Share of letters two names must have in common: one slip, or two swapped letters, in five."""

_WORD_LIMITS = {"twenty": 20, "dozen": 12, "ten": 10, "five": 5, "fifty": 50, "hundred": 100}
_NAME_WORDS = re.compile(r"[a-z0-9][a-z0-9.]*[a-z0-9]|[a-z0-9]")
_FILLER = re.compile(
    r"^(?:this|the|a|an|error|errors?|message|to|log|logs|line|one|with|\s)*[:>\-\u2013\u2014\s]+",
    re.I,
)


@dataclass(slots=True)
class Evidence:
    """Values found in a question, by argument. `similar` is how much it asks for likeness."""

    service: str | None = None
    host: str | None = None
    metric: str | None = None
    start: str | None = None
    end: str | None = None
    level: Level | None = None
    and_above: bool = False
    limit: int | None = None
    contains: str | None = None
    text: str | None = None
    similar: bool = False
    counting: Counting = field(default_factory=Counting)
    patterns: PatternWords = field(default_factory=PatternWords)
    context: dict[str, Any] = field(default_factory=dict)
    quoted: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether the question gave nothing that any tool takes."""
        values = (self.service, self.host, self.metric, self.start, self.end, self.level)
        words = (self.limit, self.contains, self.text, self.context)
        return not (any(values) or any(words) or self.counting.asked or self.patterns.asked)


def find_evidence(question: str, names: Catalogue, now: datetime, zone: tzinfo) -> Evidence:
    """What the question gives, read by code. Text to compare is set apart before the rest."""
    found = Evidence(similar=bool(_SIMILAR.search(question)))
    found.quoted = [next(filter(None, groups)) for groups in _QUOTED.findall(question)]
    found.text, rest = _subject(question, found)
    found.context = find_context(rest)
    found.counting = find_counting(rest)
    found.patterns = find_patterns(found.counting.rest, now, zone)
    rest = found.patterns.rest
    times = find_times(rest, now, zone)
    found.start, found.end, rest = times.start, times.end, times.rest
    found.limit, rest = _limit(rest)
    found.level, found.and_above = _level(rest)
    found.service = _named(rest, names.services)
    found.host = _named(rest, names.hosts)
    found.metric = _named(rest, names.metrics)
    if not found.similar:
        found.contains = found.quoted[0] if found.quoted else _contained(rest)
    return found


def _subject(question: str, found: Evidence) -> tuple[str | None, str]:
    """The text to find likenesses of, and the question without it."""
    cue = _SIMILAR.search(question)
    pasted = _PASTED.search(question) if cue else None
    if pasted:
        return _trim(question[pasted.end() :]), question[: pasted.end()]
    if found.quoted:
        return found.quoted[0], _QUOTED.sub(" ", question)
    if cue is None:
        return None, question
    after = _POINTER.search(question)
    if after and len(question) - after.end() > 3:
        return _after_pointer(question, after)
    return _around_cue(question[: cue.start()], question[cue.end() :])


def _after_pointer(question: str, pointer: re.Match[str]) -> tuple[str | None, str]:
    """The text behind a colon or an arrow; the request may follow it as a sentence of its own."""
    request, text = question[: pointer.start()], question[pointer.end() :]
    tail = _LAST_SENTENCE.search(text)
    if tail and _SIMILAR.search(text[tail.end() :]):
        return _trim(text[: tail.start()]), f"{request} {text[tail.end() :]}"
    return _trim(text), request


def _around_cue(before: str, following: str) -> tuple[str | None, str]:
    """The text before a dash (TEXT - seen that before?), else after the cue, else before it."""
    dash = _DASH.search(before)
    if dash:
        return _trim(before[: dash.start()]), following
    named = _trim(_FILLER.sub("", following))
    return (named, before) if named else (_trim(before), following)


def _trim(text: str) -> str | None:
    return text.strip().strip("\"'`").rstrip("?.! ").strip() or None


def _limit(question: str) -> tuple[int | None, str]:
    match = _LIMIT.search(question)
    if match is None:
        return None, question
    number = match["a"] or match["b"]
    limit = int(number) if number else _WORD_LIMITS[match["c"].lower()]
    if not 1 <= limit <= 1000:
        return None, question
    begin, end = match.span("a" if match["a"] else "b" if match["b"] else "c")
    return limit, question[:begin] + " " + question[end:]


def _level(question: str) -> tuple[Level | None, bool]:
    match = _LEVEL.search(question)
    if match is None:
        return None, False
    word = match[1].upper().rstrip("S")
    return Level(word), bool(_ABOVE.search(question))


def _contained(question: str) -> str | None:
    match = _CONTAINS.search(question)
    return _trim(match["text"]) if match else None


def _named(question: str, names: tuple[str, ...]) -> str | None:
    """The longest name the question speaks of, spelt as in the catalogue; slips are forgiven."""
    spelt = {name: _spoken(name) for name in names}
    words = _NAME_WORDS.findall(_spoken(question))
    text = f" {' '.join(words)} "
    exact = [name for name, said in spelt.items() if said and f" {said} " in text]
    if exact:
        return max(exact, key=lambda name: len(spelt[name]))
    said = {name: s for name, s in spelt.items() if len(s) >= 5}
    best: tuple[float, str] | None = None
    for size in (3, 2, 1):
        for begin in range(len(words) - size + 1):
            phrase = " ".join(words[begin : begin + size])
            match = process.extractOne(
                phrase, said, scorer=OSA.normalized_similarity, score_cutoff=_ALIKE
            )
            if match and len(phrase) >= 5 and (best is None or match[1] > best[0]):
                best = (match[1], match[2])
    return best[1] if best else None


def _spoken(name: str) -> str:
    """A name as people say it: no suffix, no punctuation, lower case."""
    plain = name.lower().removesuffix(".service")
    return re.sub(r"[^a-z0-9.]+", " ", plain).strip(" .")
