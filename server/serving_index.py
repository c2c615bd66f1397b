"""The index that serves: with the model in the settings once that knows every pattern, until then
with the model before it.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from server.embedding_worker import EmbeddingWorker, Progress
from server.index import MeaningIndex
from server.steady_embedder import SteadyEmbedder
from sql.vectors import Vectors as VectorStore
from tools.errors import EmbedderUnavailable
from tools.ports import Ranked
from tools.query_text import query_text

_ROUND = 512
"""Patterns embedded before they are taken into the index."""


class Generation:
    """One model with what it has embedded."""

    def __init__(self, vectors: VectorStore, embedder: SteadyEmbedder) -> None:
        self.embedder = embedder
        self.index = MeaningIndex(vectors, embedder)
        self.worker = EmbeddingWorker(vectors, embedder)
        self._users = 0
        self._left = False

    async def rank(self, text: str) -> Iterator[Ranked]:
        """See PatternIndex; what is new is embedded first, where it is little."""
        self._users += 1
        try:
            index, wanted = self.index, query_text(text)
            vector, _ = await asyncio.gather(index.vector_of(wanted), self._bring_up_to_date(index))
            return index.rank(wanted, vector)
        finally:
            self._users -= 1
            self._close_if_left()

    async def _bring_up_to_date(self, index: MeaningIndex) -> None:
        await index.refresh()
        if await self.worker.catch_up(index.pending):
            await index.refresh()

    def leave(self) -> None:
        """Let the embedder go once nobody uses it."""
        self._left = True
        self._close_if_left()

    def _close_if_left(self) -> None:
        if self._left and not self._users:
            self.embedder.close()

    def state(self) -> dict[str, Any]:
        """Model, patterns indexed and pending, since when the oldest waits, and any trouble."""
        state = self.index.state()
        state.pop("degraded", None)  # the embedder knows better: it comes back unasked
        if self.worker.busy:  # then the index has not been looked at for a while
            state["pending"] = self.worker.waiting.count
        state |= self._trouble()
        return state | self._oldest() if state["pending"] else state

    def progress(self) -> dict[str, Any]:
        """The same of one that does not serve yet, whose index is not kept up."""
        pending = {"model": self.embedder.name, "pending": self.worker.waiting.count}
        return pending | self._oldest() | self._trouble()

    def _oldest(self) -> dict[str, Any]:
        return {"oldest_pending_seconds": round(self.worker.waiting.oldest_seconds, 1)}

    def _trouble(self) -> dict[str, Any]:
        return {"degraded": self.embedder.trouble} if self.embedder.trouble else {}


class ServingIndex:
    """The PatternIndex of a process, over one generation or, while models change, two."""

    def __init__(
        self,
        vectors: VectorStore,
        embedder: SteadyEmbedder,
        load: Callable[[str], SteadyEmbedder] = SteadyEmbedder,
    ) -> None:
        self._store = vectors
        self._load = load
        self._wanted = Generation(vectors, embedder)
        self._before: Generation | None = None
        self._settled = False
        self._choosing = asyncio.Lock()

    def state(self) -> dict[str, Any]:
        """Of the model that serves; under `next` of the one that is to follow it."""
        if self._before is None:
            return self._wanted.state()
        return self._before.state() | {"next": self._wanted.progress()}

    async def rank(self, text: str) -> Iterator[Ranked]:
        """See PatternIndex."""
        await self._choose()
        return await self._serves.rank(text)

    async def refresh(self) -> None:
        """Take in patterns and vectors that are new in the store."""
        await self._choose()
        await self._serves.index.refresh()

    async def embed_waiting(self, progress: Progress = lambda done, total: None) -> int:
        """Give every pattern its vector of the model in the settings. See EmbeddingWorker."""
        return await self._wanted.worker.embed_waiting(progress)

    async def embed_some(self) -> bool:
        """Embed a round of what waits and take it in; whether more waits.

        Raises:
            EmbedderUnavailable: when the model in the settings is out of order.
        """
        await self.refresh()
        if self._before is not None:  # what is new meanwhile is found by meaning as well
            with suppress(EmbedderUnavailable):
                await self._before.worker.embed_waiting(most=_ROUND)
        try:
            done = await self._wanted.worker.embed_waiting(most=_ROUND)
            await self._wanted.worker.tend()
        finally:
            await self.refresh()
        return done >= _ROUND

    def start_over(self) -> None:
        """Know nothing: patterns were forgotten in the store."""
        for one in self._generations():
            one.index = MeaningIndex(self._store, one.embedder)

    def close(self) -> None:
        """Let the embedders' threads end."""
        for one in self._generations():
            one.leave()

    @property
    def _serves(self) -> Generation:
        return self._before or self._wanted

    def _generations(self) -> list[Generation]:
        return [one for one in (self._before, self._wanted) if one is not None]

    def _leave_before(self) -> None:
        before, self._before, self._settled = self._before, None, True
        if before is not None:
            before.leave()

    async def _choose(self) -> None:
        """Let the model before serve while that in the settings lacks vectors, and no longer."""
        if self._settled:
            return
        async with self._choosing:
            if self._before and self._before.embedder.trouble:
                self._leave_before()
                return
            models = {one.name: one for one in await self._store.models()}
            own = models.pop(self._wanted.embedder.name, None)
            if own and own.complete:
                await self._wanted.index.refresh()
                self._leave_before()
            elif self._before is None:
                served = [one.name for one in models.values() if one.complete]
                if served:
                    self._before = Generation(self._store, self._load(served[0]))
