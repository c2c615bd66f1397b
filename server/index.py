"""Patterns in memory, ranked by meaning and shared words; MariaDB keeps the vectors."""

import asyncio
import logging
from typing import Any

import numpy as np

from server.embedder import SentenceEmbedder, Vectors
from sql.vectors import StoredPattern
from sql.vectors import Vectors as VectorStore
from tools.errors import EmbedderUnavailable
from tools.lexical import LexicalIndex
from tools.ports import Ranked
from tools.query_text import query_text

_log = logging.getLogger(__name__)

_LEXICAL_SHARE = 0.5
_LOAD = 5_000
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

    async def rank(self, text: str) -> list[Ranked]:
        """Every pattern with score = cosine + half the lexical share, best first."""
        if not self._ids:
            return []
        wanted = query_text(text)
        cosines = await self._cosines(wanted)
        lexical = self._lexical.scores(wanted)
        ranked = []
        for place, key in enumerate(self._ids):
            words = lexical.get(place, 0.0)
            known = cosines is not None and place in self._has_vector
            cosine = float(cosines[place]) if known and cosines is not None else min(words, 1.0)
            ranked.append(Ranked(key, cosine + _LEXICAL_SHARE * words, cosine))
        return sorted(ranked, key=lambda one: (-one.score, one.pattern_id))

    async def _cosines(self, wanted: str) -> Vectors | None:
        try:
            [vector] = await self._embedder.embed([wanted])
        except EmbedderUnavailable as error:
            self._degraded = str(error)
            _log.warning("ranking by words only: %s", error)
            return None
        self._degraded = None
        if self._matrix.shape[1] != len(vector):
            return None
        return np.asarray(self._matrix[: len(self._ids)] @ vector, dtype=np.float32)

    async def refresh(self) -> None:
        """Take in patterns and vectors that are new in the store."""
        async with self._refreshing:
            while True:
                found = await self._store.load(self._embedder.name, self._after, _LOAD)
                self._append([one for one in found if one.id not in self._places])
                if len(found) < _LOAD:
                    break
                self._after = found[-1].id
            # Ids become visible in the order of commits, not of numbers, and there are gaps
            # between them, wide ones in a cluster: look back over some patterns, not numbers.
            newest = sorted(self._ids[-2 * _LOOK_BACK :])
            self._after = newest[-_LOOK_BACK] if len(newest) >= _LOOK_BACK else 0
            missing = [key for place, key in enumerate(self._ids) if place not in self._has_vector]
            for begin in range(0, len(missing), _LOAD):
                part = missing[begin : begin + _LOAD]
                self._fill(await self._store.of(self._embedder.name, part))

    def _append(self, patterns: list[StoredPattern]) -> None:
        for pattern in patterns:
            self._places[pattern.id] = len(self._ids)
            self._ids.append(pattern.id)
        self._lexical.add(f"{pattern.service}: {pattern.text}" for pattern in patterns)
        self._fill({pattern.id: pattern.vector for pattern in patterns if pattern.vector})

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
