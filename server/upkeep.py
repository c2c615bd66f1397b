"""The upkeep of a server process: soon after its start, then every hour, and how it went."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from sql.upkeep import Outcome
from tools.errors import DevMeshError

_log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
_AFTER_ERROR = timedelta(minutes=5)


class HourlyUpkeep:
    """Calls `run` and remembers what came of it. `now` gives the moment."""

    def __init__(self, run: Callable[[], Awaitable[Outcome]], now: Callable[[], datetime]) -> None:
        self._run = run
        self._now = now
        self._last: datetime | None = None
        self._did: str | None = None
        self._error: str | None = None
        self._next: datetime | None = None

    def state(self) -> dict[str, Any]:
        """The last run of this process, what it did or why it failed, and when the next is due."""
        return {
            "last_run": self._last,
            "did": self._did,
            "error": self._error,
            "next_run": self._next,
        }

    async def run_hourly(self) -> None:
        """Run now and every hour, for as long as the process lives; sooner after a failure."""
        while True:
            pause = EVERY if await self.run_once() else _AFTER_ERROR
            self._next = self._now() + pause
            await asyncio.sleep(pause.total_seconds())

    async def run_once(self) -> bool:
        """Run; whether it went well. A failure is remembered and logged, never raised.

        Not even a bug may end the hourly runs: unseen, the disk would fill.
        """
        self._last = self._now()
        try:
            outcome = await self._run()
        except Exception as error:
            known = isinstance(error, DevMeshError)
            self._did, self._error = None, str(error) if known else f"unexpected: {error!r}"
            _log.warning("the upkeep failed: %s", self._error, exc_info=not known)
            return False
        self._did, self._error = outcome.text, None
        changed = outcome.dropped_before or outcome.over_bytes
        _log.log(logging.WARNING if changed else logging.INFO, "upkeep: %s", outcome.text)
        return True
