"""New patterns get their vectors: each once, by one process at a time."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from server.steady_embedder import SteadyEmbedder
from sql.vectors import StoredPattern, Waiting
from sql.vectors import Vectors as VectorStore
from tools.errors import EmbedderUnavailable, StoreUnavailable, TookTooLong
from tools.query_text import pattern_text

_log = logging.getLogger(__name__)

_FETCH = 512
_SLICE = 32
"""Patterns embedded in one go. A question waits for no more than that."""

_REST, _LONGEST_REST = 4.0, 2.0
"""How long is rested after a slice that waited for the processor, as a multiple of that wait and in
seconds: on a busy machine ingest goes first. A lower priority would be simpler, but services may
not set theirs.
"""

_AT_ONCE = 64
_TEND_SECONDS = 60.0

Progress = Callable[[int, int | None], None]


class EmbeddingWorker:
    """Embeds what waits in the store with one model.

    The store is the queue: however fast patterns come, no more than a few hundred are in memory,
    and ingest never waits. `waiting` says how far behind it is, as of the last look.
    """

    def __init__(self, vectors: VectorStore, embedder: SteadyEmbedder) -> None:
        self.waiting = Waiting(0, 0.0)
        self._store = vectors
        self._embedder = embedder
        self._complete = False
        self._tended_at = self._looked_at = 0.0
        self._background: asyncio.Task[None] | None = None
        self._embedding = asyncio.Lock()

    @property
    def busy(self) -> bool:
        """Whether it embeds just now."""
        return self._embedding.locked()

    async def catch_up(self, pending: int) -> bool:
        """A few waiting patterns are embedded here and now, many in the background.

        Whether there may be new vectors already.
        """
        if pending > _AT_ONCE:
            if self._background is None or self._background.done():
                self._background = asyncio.create_task(self._embed_quietly())
        elif pending:
            await self._embed_quietly()
            return True
        return False

    async def _embed_quietly(self) -> None:
        try:
            await self.embed_waiting()
        except EmbedderUnavailable as error:  # it has said so itself
            _log.debug("new patterns wait for their vectors: %s", error)
        except (StoreUnavailable, TookTooLong) as error:
            _log.warning("new patterns wait for their vectors: %s", error)

    async def embed_waiting(
        self, progress: Progress = lambda done, total: None, most: int | None = None
    ) -> int:
        """Give every waiting pattern its vector, or about `most` of them; how many there were.

        One process does so at a time; while another is at it, this one does nothing. Raises
        EmbedderUnavailable.
        """
        async with self._embedding:
            self.waiting = await self._store.count_waiting(self._embedder.name)
            if not self.waiting.count:
                await self._say_complete()
                return 0
            if not await self._store.writer.take():
                return 0
            async with self._store.writer.kept():
                return await self._embed(self.waiting.count, progress, most)

    async def tend(self) -> None:
        """Once a minute: say that the model is wanted, and let go of what no process needs.

        A model in trouble is tried as well, so that it comes back without being asked. Raises
        EmbedderUnavailable.
        """
        await self._embedder.ready()
        clock = asyncio.get_running_loop().time
        if clock() - self._tended_at < _TEND_SECONDS:
            return
        self._tended_at = clock()
        await self._store.still_want(self._embedder.name)
        if self._complete:
            for name in await self._store.forget_unwanted(self._embedder.name):
                _log.info("forgot the vectors of %s, which no process uses any more", name)

    async def _say_complete(self) -> None:
        if not self._complete:
            await self._store.complete(self._embedder.name)
            self._complete, self._tended_at = True, 0.0

    async def _embed(self, total: int, progress: Progress, most: int | None) -> int:
        model, done = self._embedder.name, 0
        await self._embedder.ready()
        await self._store.want(model, await self._embedder.width())
        while waiting := await self._store.waiting(model, _FETCH):
            # One long text would pad all the others of its slice.
            waiting.sort(key=lambda pattern: len(pattern.text))
            for begin in range(0, len(waiting), _SLICE):
                part = waiting[begin : begin + _SLICE]
                if not await self._store.put(model, await self._rows(part)):
                    return done  # another process has taken over
                done += len(part)
                progress(done, max(total, done))
                await self._look()
                await asyncio.sleep(min(_REST * self._embedder.kept_waiting, _LONGEST_REST))
            if most is not None and done >= most:
                self.waiting = await self._store.count_waiting(model)
                return done
        self._complete, self.waiting = False, Waiting(0, 0.0)
        await self._say_complete()
        return done

    async def _look(self) -> None:
        """See again how far behind it is, once a second."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_at >= 1:
            self._looked_at = now
            self.waiting = await self._store.count_waiting(self._embedder.name)

    async def _rows(self, patterns: Sequence[StoredPattern]) -> list[tuple[int, bytes]]:
        texts = [pattern_text(pattern.service, pattern.text) for pattern in patterns]
        vectors = await self._embedder.embed(texts)
        return [
            (pattern.id, vector.astype("<f4").tobytes())
            for pattern, vector in zip(patterns, vectors, strict=True)
        ]
