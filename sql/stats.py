"""Counts by column and interval: from the roll-up where it knows the columns, else from rows."""

from datetime import datetime
from typing import Any

from sql.events_out import READ_SECONDS, aware, columns, whole_and_cut
from sql.pool import Pool
from tools.ports import Filter, StatRow

_ROLLED_UP = {"service", "host", "level", "pattern", None}
_MINUTE = 60


class Stats:
    """Answers how many, by what, and when."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def count_by(
        self, wanted: Filter, column: str | None, width: int | None, limit: int
    ) -> list[StatRow]:
        """Counts by column and by interval of `width` seconds; latest first, then most."""
        rolled_up = wanted.in_rollup and column in _ROLLED_UP and not (width or 0) % _MINUTE
        shape: dict[str, Any] = {
            f"by_{column or 'nothing'}": True,
            "width": width,
            "one_bucket": width is None,
            "limit": limit,
            "seconds": READ_SECONDS,
        }
        if rolled_up:
            given = whole_and_cut(wanted)
            cut = bool(given["head_start"] or given["tail_start"])
            joined = column == "service" or bool(wanted.services)
            rows = await self._pool.run(
                "rollup_stats", **given, **shape, cut=cut, whole=not cut, joined=joined
            )
        else:
            rows = await self._pool.run("row_stats", **columns(wanted), **shape)
        return [StatRow(_name(name), start and aware(start), int(n)) for name, start, n in rows]

    async def patterns(self, ids: list[int]) -> dict[int, tuple[str, str, datetime, datetime]]:
        """Service, text, first and last time ever of patterns."""
        if not ids:
            return {}
        rows = await self._pool.run("patterns_by_id", patterns=tuple(ids))
        return {key: (service, text, aware(a), aware(b)) for key, service, text, a, b in rows}


def _name(value: object) -> str | None:
    return None if value is None else str(value)
