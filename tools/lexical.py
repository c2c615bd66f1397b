"""Shared words: BM25 over patterns, as a share of what the query could have matched."""

import math
import re
from array import array
from collections import Counter
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from tools.stems import stem
from tools.synonyms import alike

_WORD = re.compile(r"[A-Za-z0-9_']+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_")
_SHORTEST = 3
_K1, _B = 1.2, 0.5
"""How fast a repeated word and a long text lose worth; patterns are short: length says little."""


_ALIKE = 0.7
"""What a word that only means the same counts, beside the word itself."""

Scores = npt.NDArray[np.float32]


def parted(name: str) -> list[str]:
    """The words of a camelCase or snake_case name."""
    return [part for part in _CAMEL.split(name) if part]


def words(text: str) -> list[str]:
    """Lower-case words of three letters and more; camelCase and snake_case are split."""
    parts = (part for word in _WORD.findall(text) for part in parted(word))
    return [part.lower() for part in parts if len(part) >= _SHORTEST]


class LexicalIndex:
    """Okapi BM25 (Robertson and Zaragoza, 2009) over the stems of texts added one by one."""

    def __init__(self) -> None:
        self._postings: dict[str, tuple[array[int], array[float]]] = {}
        self._lengths = array("f")
        self._total = 0

    def add(self, texts: Iterable[str]) -> None:
        """Append texts; each takes the next position."""
        for text in texts:
            position = len(self._lengths)
            counts = Counter(map(stem, words(text)))
            for word, count in counts.items():
                where, how_often = self._postings.setdefault(word, (array("i"), array("f")))
                where.append(position)
                how_often.append(count)
            self._lengths.append(counts.total())
            self._total += counts.total()

    def scores(self, query: str) -> Scores:
        """BM25 divided by the query's idf mass, by position; 0 where no word is alike."""
        total = np.zeros(len(self._lengths), dtype=np.float32)
        if not self._total:
            return total
        mean = np.float32(self._total / len(self._lengths))
        norms = np.float32(1 - _B) + np.float32(_B) * np.array(self._lengths) / mean
        mass = 0.0
        for word in dict.fromkeys(map(stem, words(query))):
            idf = self._idf(word)
            mass += idf
            part = np.zeros_like(total)
            self._count(part, word, idf, norms)
            for other in alike(word):
                self._count(part, other, _ALIKE * min(idf, self._idf(other)), norms)
            total += part
        return total / np.float32(mass) if mass else total

    def _idf(self, word: str) -> float:
        found = len(self._postings[word][0]) if word in self._postings else 0
        return math.log(1 + (len(self._lengths) - found + 0.5) / (found + 0.5))

    def _count(self, part: Scores, word: str, weight: float, norms: Scores) -> None:
        """Raise the part of each text that holds the word to what that is worth."""
        if word in self._postings:
            where, how_often = map(np.array, self._postings[word])
            worth = weight * how_often * (_K1 + 1) / (how_often + _K1 * norms[where])
            part[where] = np.maximum(part[where], worth)
