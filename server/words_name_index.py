"""The ways in which people write the names of a catalogue, and which names a way stands for."""

import re
from collections.abc import Iterator
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

_ALIKE = 0.79
"""Share of letters two names must have in common: one slip, or two swapped letters, in five."""

_SLIP = 0.95
"""How sure a name with a slip is, times the share of letters that are right."""

_DIGITS = re.compile(r"\d+")

Fit = tuple[float, tuple[str, ...]]
"""How sure words stand for names, from 0 to 1, and those that they fit equally well."""


class NameIndex:
    """Names by every way of writing them, so that a large catalogue costs no more than a small."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._forms: dict[tuple[float, str], list[str]] = {}
        self._long = {name: full for name in names if len(full := spoken(name)) >= 5}
        for name in names:
            for form in dict.fromkeys(_forms(spoken(name))):
                self._forms.setdefault(form, []).append(name)

    def exact(self, said: str) -> Iterator[Fit]:
        """The names that the words are written for, the surest way first."""
        for sure, form in _asked(said):
            names = self._forms.get((sure, form))
            if names:
                yield sure, tuple(names)

    def nearest(self, said: str) -> list[str]:
        """The names that are most alike, at most three."""
        alike = process.extract(said, self._long, scorer=OSA.normalized_similarity, limit=3)
        return [name for _, share, name in alike if share >= 0.4]

    def slip(self, said: str) -> Fit | None:
        """The name that was meant if letters are wrong."""
        found = process.extractOne(
            said, self._long, scorer=OSA.normalized_similarity, score_cutoff=_ALIKE
        )
        if found is None or _DIGITS.findall(said) != _DIGITS.findall(spoken(found[2])):
            return None  # nas02 is no slip of nas01
        return found[1] * _SLIP, (found[2],)


@lru_cache(maxsize=8)
def name_index(names: tuple[str, ...]) -> NameIndex:
    """The index of these names; a catalogue that has not changed is indexed once."""
    return NameIndex(names)


WRITTEN, JOINED, TURNED, PLURAL, PART, BEGINNING = 1.0, 0.97, 0.93, 0.9, 0.82, 0.78


def _asked(said: str) -> Iterator[tuple[float, str]]:
    """The forms under which words are looked up."""
    yield WRITTEN, said
    if len(said) > 2:
        yield JOINED, _joined(said)
        yield TURNED, " ".join(sorted(said.split()))
        yield PLURAL, _stem(said)
        yield PART, " ".join(map(_stem, said.split()))
        yield BEGINNING, said


def _forms(full: str) -> Iterator[tuple[float, str]]:
    """The forms under which a name is found."""
    if not full:
        return
    yield WRITTEN, full
    yield JOINED, _joined(full)
    parts = full.split()
    if len(parts) > 1:
        yield TURNED, " ".join(sorted(parts))
    if len(full) > 3:
        yield PLURAL, _stem(full)
    yield from ((PART, part) for part in _runs([_stem(part) for part in parts]))
    for part in parts:
        short = (length for length in range(3, len(part)) if _is_short_for(length, part[length:]))
        yield from ((BEGINNING, part[:length]) for length in short)


def _runs(words: list[str]) -> Iterator[str]:
    """Neighbouring words, fewer than all."""
    for size in range(1, len(words)):
        for at in range(len(words) - size + 1):
            yield " ".join(words[at : at + size])


def _is_short_for(length: int, cut: str) -> bool:
    """Whether so many letters suffice without the rest: nas of nas01, postgres of postgresql."""
    return cut.isdigit() or cut == "d" or (length >= 4 and len(cut) <= 4 and len(cut) < length)


def _joined(text: str) -> str:
    return text.replace(" ", "").replace(".", "")


def _stem(text: str) -> str:
    return text[:-1] if text.endswith("s") and not text.endswith("ss") else text


def spoken(name: str) -> str:
    """A name as people say it: no suffix, no punctuation, lower case."""
    plain = name.lower().removesuffix(".service")
    return re.sub(r"[^a-z0-9.]+", " ", plain).strip(" .")
