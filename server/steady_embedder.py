"""An embedder that nobody waits for while it is out of order, and that comes back by itself."""

import asyncio
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from server.embedder import SentenceEmbedder, Vectors
from server.settings import PACKAGED_EMBEDDER
from tools.errors import EmbedderUnavailable

_log = logging.getLogger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 300.0
_PATIENCE = 30.0
"""Seconds that a question waits for a model from a hub: of one that cannot be reached, that is
known only after more than a minute. What lies on this machine is waited for.
"""


class SteadyEmbedder(SentenceEmbedder):
    """After a failure the model is loaded anew: after `pause` seconds, then after twice as long
    each time, up to 5 minutes. `trouble` says why it is out of order, if it is; `kept_waiting` for
    how many seconds others had the processor while the latest texts were embedded.
    """

    def __init__(
        self, model: str = PACKAGED_EMBEDDER, device: str = "auto", pause: float = _FIRST_PAUSE
    ) -> None:
        super().__init__(model, device)
        self.trouble: str | None = None
        self.kept_waiting = 0.0
        self._first_pause = self._pause = pause
        self._again_at = 0.0
        self._loading: asyncio.Task[Vectors] | None = None
        self._in_order = False

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """See SentenceEmbedder; out of order, the last EmbedderUnavailable comes at once."""
        if self.trouble is not None and self._loading is not None:
            raise EmbedderUnavailable(self.trouble, 5)
        await self.ready(None if self._is_here else _PATIENCE)
        try:
            return await super().embed(texts)
        except EmbedderUnavailable as error:
            self._fail(error)
            raise

    async def ready(self, patience: float | None = None) -> None:
        """Have the model loaded, unless it failed and its time has not come again.

        Raises:
            EmbedderUnavailable: when it cannot be, or not within `patience` seconds.
        """
        if self._in_order:
            return
        if self._loading is None:
            left = self._again_at - asyncio.get_running_loop().time()
            if self.trouble is not None and left > 0:
                raise EmbedderUnavailable(self.trouble, max(1, round(left)))
            self._loading = asyncio.create_task(super().embed(["ready"]))
            self._loading.add_done_callback(self._tried)
        await self._wait(self._loading, patience)

    def _embed(self, texts: list[str]) -> Vectors:
        began, used = time.monotonic(), time.thread_time()
        vectors = super()._embed(texts)
        self.kept_waiting = max(0.0, time.monotonic() - began - (time.thread_time() - used))
        return vectors

    @property
    def _is_here(self) -> bool:
        return self._source == PACKAGED_EMBEDDER or Path(self._source).exists()

    def _load(self) -> Any:
        if Path(self._source).is_absolute() and not self._is_here:
            raise EmbedderUnavailable(f"the embedding model {self._source} is no folder", 30)
        return super()._load()

    async def _wait(self, loading: asyncio.Task[Vectors], patience: float | None) -> None:
        await asyncio.wait({loading}, timeout=patience)
        if not loading.done():
            self.trouble = self.trouble or f"{self.name} is still being loaded"
            raise EmbedderUnavailable(self.trouble, 5)
        loading.result()

    def _tried(self, loading: asyncio.Task[Vectors]) -> None:
        self._loading = None
        if loading.cancelled():
            return
        error = loading.exception()
        if isinstance(error, EmbedderUnavailable):
            self._fail(error)
        elif error is None:
            if self.trouble is not None:
                _log.info("%s embeds again", self.name)
            self.trouble, self._pause, self._in_order = None, self._first_pause, True

    def _fail(self, error: EmbedderUnavailable) -> None:
        """Load it anew, later; of several that fail together, the first counts."""
        clock = asyncio.get_running_loop().time
        if self._again_at <= clock():
            _log.warning("%s; tried again in %.0f s", error, self._pause)
            self._again_at = clock() + self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        self.trouble, self._model, self._in_order = str(error), None, False
