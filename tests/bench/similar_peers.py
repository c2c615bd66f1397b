"""Other ways to find similar rows: MariaDB's FULLTEXT, and a vector for every distinct row."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence

from server.app import Home
from server.embedder import SentenceEmbedder
from server.eval_similar import LabelledLine, Template

_SEEN = 1_000
"""Rows looked at for ten templates: rows of one event come in dozens."""

_BATCH = 500
_SAMPLE = 1_000


class FulltextRows:
    """Every row in a table with a FULLTEXT index, asked in natural language mode."""

    embedded = 0

    def __init__(self, parts: Home, lines: Sequence[LabelledLine]) -> None:
        self._parts = parts
        self._lines = lines

    async def build(self) -> None:
        """The table, its rows, then the index, which is faster than the other way round."""
        async with self._parts.store.pool.connection() as connection:
            await connection.execute(
                "CREATE TABLE bench_rows (id INT PRIMARY KEY, message TEXT) ENGINE = InnoDB"
            )
            for begin in range(0, len(self._lines), _BATCH):
                rows = enumerate(self._lines[begin : begin + _BATCH], begin)
                values = [f"({number}, '{_quoted(_row(line))}')" for number, line in rows]
                await connection.execute(f"INSERT INTO bench_rows VALUES {','.join(values)}")
            await connection.execute("ALTER TABLE bench_rows ADD FULLTEXT (message)")

    async def search(self, query: str) -> list[Template]:
        """Templates of the best rows."""
        match = f"MATCH (message) AGAINST ('{_quoted(query)}' IN NATURAL LANGUAGE MODE)"
        async with self._parts.store.pool.connection() as connection:
            rows = await connection.execute(
                f"SELECT id FROM bench_rows WHERE {match} ORDER BY {match} DESC LIMIT {_SEEN}"
            )
        return [self._lines[number].template for (number,) in rows]


class VectorRows:
    """A vector for every distinct row as it stands, in hnswlib's index by inner product."""

    def __init__(self, parts: Home, lines: Sequence[LabelledLine]) -> None:
        self._embedder = parts.embedder
        self._templates: dict[str, set[Template]] = defaultdict(set)
        for line in lines:
            self._templates[_row(line)].add(line.template)
        self._texts = list(self._templates)
        self.embedded = len(self._texts)

    async def build(self) -> None:
        """Embed all, sorted by length within batches as the library does, and link them."""
        import hnswlib

        vectors = await self._embedder.embed(self._texts)
        self._index = hnswlib.Index(space="ip", dim=vectors.shape[1])
        self._index.init_index(len(self._texts), ef_construction=200, M=16)
        await asyncio.to_thread(self._index.add_items, vectors)
        self._index.set_ef(_SEEN)

    async def search(self, query: str) -> list[Template]:
        """Templates of the nearest rows."""
        vector = await self._embedder.embed([query])
        places, _ = self._index.knn_query(vector, k=_SEEN)
        return [t for place in places[0] for t in sorted(self._templates[self._texts[place]])]


async def every_row(embedder: SentenceEmbedder, lines: Sequence[LabelledLine]) -> tuple[float, int]:
    """Rows a second when each row of a batch is embedded as it comes, and rows tried."""
    rows = [_row(line) for line in lines[:: len(lines) // _SAMPLE]]
    began = time.perf_counter()
    for begin in range(0, len(rows), _BATCH):
        await embedder.embed(rows[begin : begin + _BATCH])
    return len(rows) / (time.perf_counter() - began), len(rows)


def _row(line: LabelledLine) -> str:
    """What peers get to see of a row: its service and its message."""
    return f"{line.event['service']}: {line.event['message']}"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "''")
