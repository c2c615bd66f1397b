"""Patterns and their vectors: the store of record behind the index in memory."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sql.leases import Lease
from sql.literals import rows_of
from sql.pool import Connection, Pool


@dataclass(frozen=True, slots=True)
class StoredPattern:
    """A pattern with its vector as little-endian float32, or None while it waits for one."""

    id: int
    service: str
    text: str
    vector: bytes | None


class Vectors:
    """The vectors of one model at a time, written by one process at a time."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.writer = Lease(pool, "embeddings")

    async def fit(self, width: int) -> None:
        """Make the column as wide as the model's vectors; vectors of another width go."""

        async def work(connection: Connection) -> None:
            [[kind]] = await connection.run("embedding_width")
            if int(re.sub(r"\D", "", kind)) != width:
                await connection.run("clear_embeddings")
                await connection.run("widen_embeddings", width=width)

        await self._pool.retried(work, transaction=False)

    async def waiting(self, model: str, limit: int) -> list[StoredPattern]:
        """Patterns without a vector of this model, oldest first."""
        rows = await self._pool.run("patterns_to_embed", model=model, limit=limit)
        return [StoredPattern(key, service, text, None) for key, service, text in rows]

    async def count_waiting(self, model: str) -> int:
        """How many patterns have no vector of this model."""
        [[count]] = await self._pool.run("count_to_embed", model=model)
        return int(count)

    async def put(self, model: str, vectors: Sequence[tuple[int, bytes]]) -> bool:
        """Keep vectors, unless another process has become the writer; whether they were kept."""

        async def work(connection: Connection) -> bool:
            if not await self.writer.take_within(connection):
                return False
            rows = rows_of([(key, model, vector) for key, vector in sorted(vectors)])
            await connection.run("put_embeddings", rows=rows)
            return True

        return await self._pool.retried(work)

    async def load(self, model: str, after: int, limit: int) -> list[StoredPattern]:
        """Patterns with ids above `after`, in order, with what vectors there are."""
        rows = await self._pool.run("load_patterns", model=model, after=after, limit=limit)
        return [StoredPattern(*row) for row in rows]

    async def of(self, model: str, pattern_ids: Sequence[int]) -> dict[int, bytes]:
        """The vectors of given patterns, where there are any."""
        if not pattern_ids:
            return {}
        rows = await self._pool.run("load_vectors", model=model, patterns=tuple(pattern_ids))
        return {key: vector for key, vector in rows}
