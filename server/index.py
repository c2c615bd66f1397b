"""Patterns in memory, ranked by meaning and shared words; MariaDB keeps the vectors."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from server.embedder import SentenceEmbedder, Vectors
from sql.vectors import StoredPattern
from sql.vectors import Vectors as VectorStore
from tools.errors import EmbedderUnavailable
from tools.lexical import LexicalIndex
from tools.ports import Ranked
from tools.query_text import verbatim_texts

_log = logging.getLogger(__name__)

_LEXICAL_SHARE = 0.7
_VERBATIM = 0.5
"""What it adds to a score to be the pattern of the very line that was asked about."""

# How far a question is met at all is told by its best patterns together, or by one that stands
# out; a pattern not much behind the best is met as well.
_TOGETHER, _ALONE, _BESIDE = 4, 0.1, 0.2

_LOOK_BACK = 2_000


class MeaningIndex:
    """Every pattern with its vector, where it has one yet.

    A pattern without a vector, or any pattern while the embedder is out of order, is ranked by
    its words alone.
    """

    def __init__(self, vectors: VectorStore, embedder: SentenceEmbedder) -> None:
        self._store = vectors
        self._embedder = embedder
        self._ids: list[int] = []
        self._after = 0
        self._places: dict[int, int] = {}
        self._matrix: Vectors = np.zeros((0, 0), dtype=np.float32)
        self._has_vector: set[int] = set()
        self._lexical = LexicalIndex()
        self._verbatim: dict[str, list[int]] = {}
        self._degraded: str | None = None
        self._refreshing = asyncio.Lock()

    @property
    def pending(self) -> int:
        """Patterns without a vector, as of the last refresh."""
        return len(self._ids) - len(self._has_vector)

    def state(self) -> dict[str, Any]:
        """Model, patterns indexed and pending, and why meaning is out of order if it is."""
        state: dict[str, Any] = {
            "model": self._embedder.name,
            "indexed": len(self._has_vector),
            "pending": self.pending,
        }
        return state | {"degraded": self._degraded} if self._degraded else state

    def rank(self, wanted: str, vector: Vectors | None) -> Iterator[Ranked]:
        """Every pattern with its score, best first, made as it is taken: most never are.

        The score is the cosine, and on top a share of the BM25 that was to be had. `wanted` is
        a question as `query_text` cleans it, and `vector` what `vector_of` gives for that.
        """
        if not self._ids:
            return iter(())
        cosines = self._cosines(vector)
        words = self._lexical.scores(wanted)
        near = np.minimum(words, 1)
        if cosines is not None:
            known = np.fromiter(self._has_vector, dtype=np.intp)
            near[known] = cosines[known]
        scores = near + np.float32(_LEXICAL_SHARE) * words
        scores[self._verbatim.get(wanted, [])] += _VERBATIM
        return _ranked(np.array(self._ids), scores, near)

    async def vector_of(self, wanted: str) -> Vectors | None:
        """The vector of a cleaned question; None while the model is out of order."""
        try:
            [vector] = await self._embedder.embed([wanted])
        except EmbedderUnavailable as error:
            self._degraded = str(error)
            _log.debug("ranking by words only: %s", error)  # the embedder has said so itself
            return None
        self._degraded = None
        return np.asarray(vector, dtype=np.float32)

    def _cosines(self, vector: Vectors | None) -> Vectors | None:
        if vector is None or self._matrix.shape[1] != len(vector):
            return None
        return np.asarray(self._matrix[: len(self._ids)] @ vector, dtype=np.float32)

    async def refresh(self) -> None:
        """Take in patterns and vectors that are new in the store."""
        async with self._refreshing:
            self._append(await self._store.patterns(self._after, self._places))
            # Ids become visible in the order of commits, not of numbers, and there are gaps
            # between them, wide ones in a cluster: look back over some patterns, not numbers.
            newest = sorted(self._ids[-2 * _LOOK_BACK :])
            self._after = newest[-_LOOK_BACK] if len(newest) >= _LOOK_BACK else 0
            missing = [key for place, key in enumerate(self._ids) if place not in self._has_vector]
            self._fill(await self._store.of(self._embedder.name, missing))

    def _append(self, patterns: list[StoredPattern]) -> None:
        for pattern in patterns:
            self._places[pattern.id] = len(self._ids)
            self._ids.append(pattern.id)
            for text in verbatim_texts(pattern.text):
                self._verbatim.setdefault(text, []).append(self._places[pattern.id])
        self._lexical.add(f"{pattern.service}: {pattern.text}" for pattern in patterns)

    def _fill(self, vectors: dict[int, bytes]) -> None:
        for key, raw in vectors.items():
            vector = np.frombuffer(raw, dtype="<f4")
            self._make_room(len(vector))
            place = self._places[key]
            self._matrix[place] = vector
            self._has_vector.add(place)

    def _make_room(self, width: int) -> None:
        rows = len(self._matrix)
        if rows >= len(self._ids) and self._matrix.shape[1] == width:
            return
        bigger = np.zeros((max(1024, 2 * len(self._ids)), width), dtype=np.float32)
        if self._matrix.shape[1] == width:
            bigger[:rows] = self._matrix
        else:
            self._has_vector.clear()
        self._matrix = bigger


def _ranked(ids: npt.NDArray[np.int64], scores: Vectors, cosines: Vectors) -> Iterator[Ranked]:
    """All in the order of their scores; of equal ones the older pattern is first."""
    order = np.lexsort((ids, -scores))
    scores = scores[order]
    met = max(scores[:_TOGETHER].mean(), scores[0] - _ALONE)
    confidence = np.minimum(scores + _BESIDE, met)
    columns = (ids[order], scores, cosines[order], confidence)
    return map(Ranked, *(column.tolist() for column in columns))
