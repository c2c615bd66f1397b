"""An embedder that nobody waits for while it is out of order, and that comes back by itself."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from server.embedder import SentenceEmbedder, Vectors
from server.settings import PACKAGED_EMBEDDER
from tools.errors import EmbedderUnavailable

_log = logging.getLogger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 300.0
_PATIENCE = 45.0
"""Seconds that are waited for a model to load. Of one that has to be fetched from a hub that
cannot be reached, that is known only after more than a minute.
"""


class SteadyEmbedder(SentenceEmbedder):
    """After a failure the model is loaded anew: after `pause` seconds, then after twice as long
    each time, up to 5 minutes. `trouble` says why it is out of order, if it is.
    """

    def __init__(
        self, name: str = PACKAGED_EMBEDDER, device: str = "auto", pause: float = _FIRST_PAUSE
    ) -> None:
        super().__init__(name, device)
        self.trouble: str | None = None
        self._first_pause = self._pause = pause
        self._again_at = 0.0
        self._loading: asyncio.Task[Vectors] | None = None
        self._in_order = False

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """See SentenceEmbedder; out of order, the last EmbedderUnavailable comes at once."""
        await self.ready()
        try:
            return await super().embed(texts)
        except EmbedderUnavailable as error:
            self._fail(error)
            raise

    async def ready(self) -> None:
        """Have the model loaded, unless it failed and its time has not come again.

        Raises:
            EmbedderUnavailable: when it cannot be, or not yet.
        """
        if self._in_order:
            return
        if self._loading is None:
            left = self._again_at - asyncio.get_running_loop().time()
            if self.trouble is not None and left > 0:
                raise EmbedderUnavailable(self.trouble, max(1, round(left)))
            self._loading = asyncio.create_task(super().embed(["ready"]))
            self._loading.add_done_callback(self._tried)
        elif self.trouble is not None:
            raise EmbedderUnavailable(self.trouble, 5)
        await self._wait(self._loading)

    def _load(self) -> Any:
        if Path(self.name).is_absolute() and not Path(self.name).is_dir():
            raise EmbedderUnavailable(f"the embedding model {self.name} is no folder", 30)
        return super()._load()

    async def _wait(self, loading: asyncio.Task[Vectors]) -> None:
        await asyncio.wait({loading}, timeout=_PATIENCE)
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
