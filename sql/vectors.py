"""Patterns and their vectors: the store of record behind the index in memory."""

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass

from sql.leases import Lease
from sql.literals import Name, rows_of
from sql.pool import Connection, Pool

_FIRST = "log_embeddings"
_AT_ONCE = 1_000
_UNWANTED_SECONDS = 600
"""Two processes may be set to different models: neither's vectors go while it works."""


@dataclass(frozen=True, slots=True)
class StoredPattern:
    """A pattern's id, service and text."""

    id: int
    service: str
    text: str


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model that has vectors. `complete` once it had one of every pattern."""

    name: str
    width: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many patterns wait for their vectors, and since how many seconds the oldest does."""

    count: int
    oldest_seconds: float


class Vectors:
    """The vectors of each model side by side, written by one process at a time.

    Questions are answered through `reads`; who embeds goes by what is committed in `pool`.
    """

    def __init__(
        self, pool: Pool, reads: Pool, unwanted_seconds: float = _UNWANTED_SECONDS
    ) -> None:
        self._pool = pool
        self._reads = reads
        self._unwanted_seconds = unwanted_seconds
        self._tables: dict[str, Name] = {}
        self.writer = Lease(pool, "embeddings")

    async def models(self) -> list[StoredModel]:
        """The models that have vectors, the latest in use first."""
        rows = await self._reads.run("embedding_models")
        return [StoredModel(name, width, bool(complete)) for name, width, complete in rows]

    async def want(self, model: str, width: int) -> None:
        """Say that a model is worked with, and make room for its vectors.

        Those that another model of the same name left go, when they are of another width.
        """
        known = {one.name: one for one in await self.models()}
        if model in known and known[model].width != width:
            await self.forget(model)
        await self._pool.run("want_model", model=model, width=width)
        table = await self._table_for(width)
        if table.text != _FIRST and model not in self._tables:
            await self._pool.run("create_embeddings", table=table, width=width)
        self._tables[model] = table

    async def still_want(self, model: str) -> None:
        """Say so again, from time to time."""
        await self._pool.run("touch_model", model=model)

    async def complete(self, model: str) -> None:
        """Say that all patterns have a vector of the model."""
        await self._pool.run("model_is_complete", model=model)

    async def forget_unwanted(self, model: str) -> list[str]:
        """Let the vectors of models go that nobody but `model` has needed for ten minutes."""
        rows = await self._pool.run(
            "unwanted_models", model=model, seconds=float(self._unwanted_seconds)
        )
        for (name,) in rows:
            await self.forget(name)
        return [name for (name,) in rows]

    async def forget(self, model: str) -> None:
        """Let all vectors of a model go."""
        table = await self._table(model)

        async def work(connection: Connection) -> int:
            await connection.run("forget_model_vectors", table=table, model=model, limit=_AT_ONCE)
            [[deleted]] = await connection.run("rows_changed")
            return int(deleted)

        while await self._pool.retried(work) == _AT_ONCE:
            pass
        await self._pool.run("forget_model", model=model)
        self._tables.pop(model, None)

    async def waiting(self, model: str, limit: int) -> list[StoredPattern]:
        """Patterns without a vector of this model, oldest first."""
        table = await self._table(model)
        rows = await self._pool.run("patterns_to_embed", table=table, model=model, limit=limit)
        return [StoredPattern(*row) for row in rows]

    async def count_waiting(self, model: str) -> Waiting:
        """How many patterns have no vector of this model, and since when."""
        table = await self._table(model)
        [[count, seconds]] = await self._pool.run("count_to_embed", table=table, model=model)
        return Waiting(int(count), max(0.0, float(seconds or 0)))

    async def put(self, model: str, vectors: Sequence[tuple[int, bytes]]) -> bool:
        """Keep vectors, unless another process has become the writer; whether they were kept."""
        table = await self._table(model)

        async def work(connection: Connection) -> bool:
            if not await self.writer.take_within(connection):
                return False
            rows = rows_of([(key, model, vector) for key, vector in sorted(vectors)])
            await connection.run("put_embeddings", table=table, rows=rows)
            return True

        return await self._pool.retried(work)

    async def patterns(self, after: int = 0, known: Container[int] = ()) -> list[StoredPattern]:
        """Patterns with ids above `after`, in order, but for those that are known."""
        ids = [key for (key,) in await self._reads.run("pattern_ids_after", after=after)]
        new = [key for key in ids if key not in known]
        found: list[StoredPattern] = []
        for begin in range(0, len(new), _AT_ONCE):
            part = tuple(new[begin : begin + _AT_ONCE])
            rows = await self._reads.run("load_patterns", patterns=part)
            found += [StoredPattern(*row) for row in rows]
        return found

    async def of(self, model: str, pattern_ids: Sequence[int]) -> dict[int, bytes]:
        """The vectors of given patterns, where there are any, as little-endian float32."""
        table = await self._table(model)
        found: dict[int, bytes] = {}
        for begin in range(0, len(pattern_ids), _AT_ONCE):
            part = tuple(pattern_ids[begin : begin + _AT_ONCE])
            found |= await self._reads.run("load_vectors", table=table, model=model, patterns=part)
        return found

    async def _table(self, model: str) -> Name:
        """Where a model's vectors are; the first table, for one that has none."""
        if model not in self._tables:
            known = {one.name: one.width for one in await self.models()}
            if model not in known:
                return Name(_FIRST)
            self._tables[model] = await self._table_for(known[model])
        return self._tables[model]

    async def _table_for(self, width: int) -> Name:
        [[kind]] = await self._reads.run("embedding_width")
        first = int(re.sub(r"\D", "", kind)) == width
        return Name(_FIRST if first else f"{_FIRST}_{width}")
