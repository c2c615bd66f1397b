"""What retention has dropped, and which times the store takes because of it."""

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta

from sql.events_out import aware
from sql.partitions import AHEAD
from sql.pool import Pool
from sql.retention import Retention
from tools.ports import Window

_FRESH_SECONDS = 30.0
_DAY = timedelta(days=1)


class Kept:
    """Since when everything is kept. `now` gives the moment of arrival."""

    def __init__(
        self, pool: Pool, reads: Pool, now: Callable[[], datetime], retention: Retention
    ) -> None:
        self._pool = pool
        self._reads = reads
        self._now = now
        self._retention = retention
        self._last: tuple[datetime | None, str] | None = None
        self._read_at = 0.0

    async def since(self) -> datetime | None:
        """What is older was dropped; None when nothing ever was."""
        [(since, _)] = await self._reads.run("kept")
        return since and aware(since)

    async def _refresh(self) -> None:
        """What new rows are judged by; read where it is written, which no replica lags behind."""
        [(since, rule)] = await self._pool.run("kept")
        self._last, self._read_at = (since and aware(since), rule), time.monotonic()

    async def window(self) -> Window | None:
        """The times that a new row may have; None for any.

        From the oldest day that is kept, so that no late row brings back a day that was dropped,
        to the last day made ahead: the age of a row further on cannot be told.
        """
        if not self._retention:
            return None
        if self._last is None or time.monotonic() - self._read_at > _FRESH_SECONDS:
            await self._refresh()
        now = self._now()
        starts = [_midnight(day, now)] if (day := self._retention.oldest_day(now)) else []
        if self._last and self._last[0] and self._last[1] == self._retention.text:
            starts.append(self._last[0])
        start = max(starts, default=None)
        return Window(start, _midnight(now.date() + (AHEAD + 1) * _DAY, now), self._retention.text)

    async def drop_before(self, day: date) -> None:
        """Remember that our retention drops what is older than a day."""
        await self._pool.run("put_kept", since=str(day), rule=self._retention.text)
        await self._refresh()


def _midnight(day: date, now: datetime) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=now.tzinfo)
