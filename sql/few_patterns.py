"""The patterns that a filter is about, where they are few: their counts are read by their keys."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sql.pool import Pool, Row
from sql.spans import floor
from tools.ports import Filter

_FEW = 100
"""Patterns whose counts are read one pattern after the other."""

_DAY = timedelta(days=1)
_FEW_DAYS = 3
"""A longer range is made of days: to look for the patterns there takes as long as to count."""


class FewPatterns:
    """Looks up ids of patterns."""

    def __init__(self, pool: Pool, now: Callable[[], datetime]) -> None:
        self._pool = pool
        self._now = now

    async def of(self, wanted: Filter) -> tuple[int, ...] | None:
        """Those of the services, else of the levels; None when they are many or unknown."""
        run, services = self._pool.run, wanted.services
        if services:
            return _few(await run("patterns_of_services", services=services, limit=_FEW + 1))
        if not wanted.levels or wanted.start is None:
            return None
        if (wanted.end or self._now()) - wanted.start > _FEW_DAYS * _DAY:
            return None
        rows = await run(
            "patterns_of_levels",
            start=floor(wanted.start, _DAY),
            end=wanted.end,
            levels=tuple(str(level) for level in wanted.levels),
            host=wanted.host,
            limit=_FEW + 1,
        )
        return _few(rows)

    async def new_since(self, moment: datetime, wanted: Filter) -> tuple[int, ...] | None:
        """Those that were never seen before a moment; None when they are many."""
        given = {"moment": moment, "services": wanted.services or None}
        return _few(await self._pool.run("patterns_new_since", **given, limit=_FEW + 1))


def _few(rows: list[Row]) -> tuple[int, ...] | None:
    return tuple(key for (key,) in rows) if len(rows) <= _FEW else None
