"""Waiting between attempts: full jitter, cut short by a stop, and never silent to a watchdog."""

import asyncio
import random
from collections.abc import Callable

LONGEST = 30.0
FIRST = 0.1
PING_EVERY = 5.0


class Stopped(Exception):
    """The shipper was asked to stop while it waited: what was not acknowledged stays unsent."""


def back_off(attempt: int) -> float:
    """Seconds to wait after failure number `attempt` (from 0): uniform up to 30 s at most."""
    return random.uniform(0, min(LONGEST, FIRST * 2 ** min(attempt, 20)))  # noqa: S311


class Patience:
    """Waits that end early when `stop` is set. `alive` is called at least every few seconds."""

    def __init__(self, stop: asyncio.Event, alive: Callable[[], None] = lambda: None) -> None:
        self.stop = stop
        self.alive = alive

    async def wait(self, seconds: float) -> None:
        """Wait. Raises Stopped at once when a stop is asked for."""
        while seconds > 0 and not self.stop.is_set():
            self.alive()
            piece = min(seconds, PING_EVERY)
            seconds -= piece
            try:
                await asyncio.wait_for(self.stop.wait(), piece)
            except TimeoutError:
                continue
        if self.stop.is_set():
            raise Stopped
