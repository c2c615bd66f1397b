"""Shared words: BM25 over patterns, as a share of what the query could have matched."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable

_WORD = re.compile(r"[A-Za-z0-9_']+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_")
_SHORTEST = 3
_K1, _B = 1.2, 0.75


def words(text: str) -> list[str]:
    """Lower-case words of three letters and more; camelCase and snake_case are split."""
    parts = (part for word in _WORD.findall(text) for part in _CAMEL.split(word))
    return [part.lower() for part in parts if len(part) >= _SHORTEST]


class LexicalIndex:
    """Okapi BM25 (Robertson and Zaragoza, 2009) over texts added one by one."""

    def __init__(self) -> None:
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._lengths: list[int] = []
        self._total = 0

    def add(self, texts: Iterable[str]) -> None:
        """Append texts; each takes the next position."""
        for text in texts:
            position = len(self._lengths)
            counts = Counter(words(text))
            for word, count in counts.items():
                self._postings[word].append((position, count))
            self._lengths.append(counts.total())
            self._total += counts.total()

    def scores(self, query: str) -> dict[int, float]:
        """BM25 divided by the query's idf mass, by position; absent positions share no word."""
        if not self._total:
            return {}
        mean = self._total / len(self._lengths)
        scores: dict[int, float] = defaultdict(float)
        mass = 0.0
        for word in set(words(query)):
            found = self._postings.get(word, [])
            idf = math.log(1 + (len(self._lengths) - len(found) + 0.5) / (len(found) + 0.5))
            mass += idf
            for position, count in found:
                length = 1 - _B + _B * self._lengths[position] / mean
                scores[position] += idf * count * (_K1 + 1) / (count + _K1 * length)
        return {position: score / mass for position, score in scores.items()} if mass else {}
