"""One at a time at a part that does one thing at a time, and a bounded queue before it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tools.errors import Busy


class Turns:
    """Gives turns in the order of asking; `waiting` may wait, the next is refused."""

    def __init__(self, waiting: int, retry_after: int) -> None:
        self._waiting = waiting
        self._retry_after = retry_after
        self._here = 0
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A turn of one's own.

        Raises:
            Busy: when as many wait already as may.
        """
        if self._here > self._waiting:
            raise Busy(f"{self._here} questions are being answered or wait", self._retry_after)
        self._here += 1
        try:
            async with self._lock:
                yield
        finally:
            self._here -= 1
