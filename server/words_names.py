"""Names of the catalogue that a question speaks of: slips, plurals and parts of names included."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from server.words_moment import blot

_ALIKE = 0.79
"""Share of letters two names must have in common: one slip, or two swapped letters, in five."""

_WRITTEN = 0.95
"""From here on the whole name was written out."""

_WORD = re.compile(r"[a-z0-9][a-z0-9.]*[a-z0-9]|[a-z0-9]", re.I)
_LONGEST = 5
_MAYBE_WORDS = """
db web home worker store user users proxy session intake broker runner indexer collector exporter
handler controller helper client login job jobs test engine manager production prod dev public
internal external local
"""
_NEVER_WORDS = """
search report reports show count list find log logs check look get event events error errors
service services server servers host hosts app apps main time all first new last data system work
node nodes box machine machines run file files name names level line lines message messages metric
metrics query read print tell give daemon agent database core the a an of on in at is it and or to
for by from with what which that this there any some how many much more most no not db01 example
com net org default total rate open close start stop state status up down out off back over under
same per each every one two three
"""
_NEVER_NAMES = frozenset(_NEVER_WORDS.split())
"""Words that alone never stand for a name of which they are a part."""

_PLAIN_ENGLISH = _NEVER_NAMES | frozenset(_MAYBE_WORDS.split())
"""Words that alone stand for one only when they are called a service or a host."""

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
_DENIED = re.compile(
    r"\b(?:except(?:\s+for)?|without|excluding|other\s+than|apart\s+from|besides|but\s+not|not|"
    r"ignoring|anything\s+but)\s+"
    r"(?:on\s+|from\s+|for\s+|the\s+)*$",
    re.I,
)
_OR_ELSE = re.compile(
    r"\s*,?\s*or\s+(?:anywhere|somewhere|elsewhere|any\s+other|another|on\s+any|wherever|"
    r"everywhere)",
    re.I,
)
_AND = re.compile(r"\W*(?:and|or|nor|as\s+well\s+as)?(?:\s+(?:the|on|from|of|in|for))*\W*", re.I)
_CORRECTED = re.compile(
    r"\b(?:no\s+wait|i\s+mean(?:t)?|sorry|rather|correction|actually|no,)", re.I
)


@dataclass(frozen=True, slots=True)
class Named:
    """Names that the words may stand for, best first. Several: the question does not tell which.

    `sure` is how well the words fit the name, from 0 to 1; `span` where they stand.
    """

    names: tuple[str, ...] = ()
    sure: float = 0.0
    span: tuple[int, int] = (0, 0)

    @property
    def name(self) -> str | None:
        """The one name, or the best."""
        return self.names[0] if self.names else None


@dataclass(frozen=True, slots=True)
class Phrase:
    """Some neighbouring words of the question."""

    text: str
    span: tuple[int, int]


def find_name(question: str, names: Sequence[str], host: bool = False) -> Named:
    """The name that the question speaks of, and where; nothing when it speaks of none."""
    spelt = {name: spoken(name) for name in names}
    corrected = _CORRECTED.search(question)
    if corrected:
        found = _in(question, spelt, host, corrected.end())
        if found.names:
            return found
    return _in(question, spelt, host, 0)


def _in(question: str, spelt: dict[str, str], host: bool, begin: int) -> Named:
    best = Named()
    for phrase in _phrases(question, begin):
        if _denied(question, phrase):
            continue
        found = _fit(question, phrase, spelt, host)
        if found.sure and (found.sure, phrase.span[1] - phrase.span[0]) > (
            best.sure, best.span[1] - best.span[0],
        ):  # fmt: skip
            best = found
    return _with_others(question, best, spelt, host, begin)


def _with_others(
    question: str, best: Named, spelt: dict[str, str], host: bool, begin: int
) -> Named:
    """Another name written out beside the best makes the question ask for two."""
    if best.sure < _WRITTEN:
        return best
    named = {best.span: best.names}
    rest = blot(question, best.span)
    for phrase in _phrases(rest, begin):
        found = _fit(rest, phrase, spelt, host)
        if found.sure < _WRITTEN or found.names[0] in best.names:
            continue
        if _side_by_side(question, best.span, phrase.span) and not _denied(rest, phrase):
            named[phrase.span] = found.names[:1]
            rest = blot(rest, phrase.span)
    in_order = [name for span in sorted(named) for name in named[span]]
    return Named(tuple(dict.fromkeys(in_order)), best.sure, best.span)


def _side_by_side(question: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    first, last = sorted((one, other))
    return bool(_AND.fullmatch(question, first[1], last[0]))


def _phrases(question: str, begin: int) -> Iterator[Phrase]:
    words = [match.span() for match in _WORD.finditer(question) if match.start() >= begin]
    for size in range(_LONGEST, 0, -1):
        for first, last in zip(words, words[size - 1 :], strict=False):
            text = question[first[0] : last[1]]
            if "¤" not in text and not re.search(r"[,;?!]\s|:\s", text):
                yield Phrase(spoken(text), (first[0], last[1]))


def _denied(question: str, phrase: Phrase) -> bool:
    return bool(
        _DENIED.search(question[: phrase.span[0]]) or _OR_ELSE.match(question, phrase.span[1])
    )


def _fit(question: str, phrase: Phrase, spelt: dict[str, str], host: bool) -> Named:
    """How well a phrase fits which names: written out, joined, turned round, a slip, or a part."""
    said = phrase.text
    for sure, same in _WAYS:
        names = tuple(name for name, full in spelt.items() if full and same(said, full))
        if names and _stands_for_name(question, phrase, spelt[names[0]], host, sure):
            context = _ON if host else _THE
            stronger = 0.04 if sure < 0.9 and context.search(question[: phrase.span[0]]) else 0.0
            return Named(names, sure + stronger, phrase.span)
    if len(said) < 5 or said in _PLAIN_ENGLISH:
        return Named()
    long = {name: full for name, full in spelt.items() if len(full) >= 5}
    slip = process.extractOne(said, long, scorer=OSA.normalized_similarity, score_cutoff=_ALIKE)
    return Named((slip[2],), slip[1] * 0.95, phrase.span) if slip else Named()


def _stands_for_name(question: str, phrase: Phrase, full: str, host: bool, sure: float) -> bool:
    """Whether so few words are meant as a name: plain English ones need to be called one."""
    if phrase.text == full:
        return True
    words = phrase.text.split()
    if all(word in _PLAIN_ENGLISH or word.isdigit() for word in words):
        if all(word in _NEVER_NAMES or word.isdigit() for word in words):
            return False
        called = _STANDS_FOR_HOST if host else _STANDS_FOR_SERVICE
        the = _THE.search(question[: phrase.span[0]])
        return bool(the and called.match(question, phrase.span[1]))
    return len(phrase.text) >= 2


def _same(said: str, full: str) -> bool:
    return said == full


def _joined(said: str, full: str) -> bool:
    return len(said) > 2 and said.replace(" ", "").replace(".", "") == full.replace(
        " ", ""
    ).replace(".", "")


def _turned(said: str, full: str) -> bool:
    return " " in said and sorted(said.split()) == sorted(full.split())


def _plural(said: str, full: str) -> bool:
    return len(full) > 3 and _stem(said) == _stem(full)


def _stem(text: str) -> str:
    return text[:-1] if text.endswith("s") and not text.endswith("ss") else text


def _part(said: str, full: str) -> bool:
    """Some of the name's words, in order: router of edge router, immich of immich server."""
    words, parts = [_stem(word) for word in said.split()], [_stem(part) for part in full.split()]
    return len(words) < len(parts) and len(said) > 2 and any(
        parts[at : at + len(words)] == words for at in range(len(parts) - len(words) + 1)
    )  # fmt: skip


def _beginning(said: str, full: str) -> bool:
    """A shortened word or name: postgres of postgresql 15 main, nas of nas01."""
    if " " in said or len(said) < 3:
        return False
    for part in full.split():
        if part.startswith(said) and part != said:
            cut = part[len(said) :]
            if cut.isdigit() or (len(said) >= 4 and len(cut) <= 4 and len(cut) < len(said)):
                return True
    return False


_WAYS: tuple[tuple[float, Callable[[str, str], bool]], ...] = (
    (1.0, _same), (0.97, _joined), (0.93, _turned), (0.9, _plural), (0.82, _part),
    (0.78, _beginning),
)  # fmt: skip


def spoken(name: str) -> str:
    """A name as people say it: no suffix, no punctuation, lower case."""
    plain = name.lower().removesuffix(".service")
    return re.sub(r"[^a-z0-9.]+", " ", plain).strip(" .")
