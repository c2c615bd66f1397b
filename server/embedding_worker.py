"""New patterns get their vectors: each once, by one process at a time."""

import asyncio
import logging
from collections.abc import Callable

from server.embedder import SentenceEmbedder
from sql.vectors import Vectors as VectorStore
from tools.errors import Unavailable

_log = logging.getLogger(__name__)

_EMBED = 256
_AT_ONCE = 64

Progress = Callable[[int, int | None], None]


class EmbeddingWorker:
    """Embeds what waits in the store with one model."""

    def __init__(self, vectors: VectorStore, embedder: SentenceEmbedder) -> None:
        self._store = vectors
        self._embedder = embedder
        self._background: asyncio.Task[None] | None = None
        self._embedding = asyncio.Lock()

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
        except Unavailable as error:
            _log.warning("new patterns wait for their vectors: %s", error)

    async def embed_waiting(self, progress: Progress = lambda done, total: None) -> int:
        """Give every waiting pattern its vector; how many there were.

        One process does so at a time; while another is at it, this one does nothing. Raises
        EmbedderUnavailable.
        """
        async with self._embedding:
            total = await self._store.count_waiting(self._embedder.name)
            if not total or not await self._store.writer.take():
                return 0
            async with self._store.writer.kept():
                return await self._embed(total, progress)

    async def _embed(self, total: int, progress: Progress) -> int:
        model, done = self._embedder.name, 0
        await self._store.fit(await self._embedder.width())
        while waiting := await self._store.waiting(model, _EMBED):
            vectors = await self._embedder.embed(
                [f"{pattern.service}: {pattern.text}" for pattern in waiting]
            )
            rows = [
                (pattern.id, vector.astype("<f4").tobytes())
                for pattern, vector in zip(waiting, vectors, strict=True)
            ]
            if not await self._store.put(model, rows):
                break
            done += len(waiting)
            progress(done, max(total, done))
        return done
