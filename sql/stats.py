"""Counts by column and interval: from the roll-up where it knows the columns, else from rows."""

from datetime import datetime
from typing import Any

from sql.events_out import READ_SECONDS, aware, columns
from sql.few_patterns import FewPatterns
from sql.pool import Pool, Row
from sql.spans import stretches
from sql.text_index import TextIndex
from tools.ports import Filter, StatRow

_COUNTED = {"service", "host", "level", "pattern", None}
_MINUTE = 60


class Stats:
    """Answers how many, by what, and when."""

    def __init__(self, pool: Pool, texts: TextIndex, few: FewPatterns) -> None:
        self._pool = pool
        self._texts = texts
        self._few = few

    async def count_by(
        self, wanted: Filter, column: str | None, width: int | None, limit: int
    ) -> list[StatRow]:
        """Counts by column and by interval of `width` seconds; latest first, then most."""
        counted = wanted.is_counted and column in _COUNTED and not (width or 0) % _MINUTE
        shape: dict[str, Any] = {
            f"by_{column or 'nothing'}": True,
            "by_part": column != "service",
            "width": width,
            "one_bucket": width is None,
            "limit": limit,
            "seconds": READ_SECONDS,
        }
        if counted:
            rows = await self._counts(wanted, shape, width)
        else:
            words = self._texts.words(wanted)
            rows = await self._pool.run("row_stats", **columns(wanted), **shape, words=words)
        return [StatRow(_name(name), start and aware(start), int(n)) for name, start, n in rows]

    async def total(self, wanted: Filter) -> int:
        """How many events match a filter of columns that are counted."""
        shape = {"by_nothing": True, "by_part": True, "one_bucket": True, "limit": 1}
        rows = await self._counts(wanted, shape | {"seconds": READ_SECONDS}, None)
        return sum(int(count) for _, _, count in rows)

    async def _counts(self, wanted: Filter, shape: dict[str, Any], width: int | None) -> list[Row]:
        """The counts of few patterns are read by their own key, others by time."""
        patterns = await self._few.of(wanted)
        if patterns == ():
            return []
        services = wanted.services if patterns is None else ()
        chosen = {"patterns": patterns, "services": services or None}
        pieces = stretches(wanted.start, wanted.end, width, taking_away=True)
        given = columns(wanted) | pieces | shape | chosen
        joined = "by_service" in shape or bool(services)
        return await self._pool.run("count_stats", **given, joined=joined)

    async def patterns(self, ids: list[int]) -> dict[int, tuple[str, str, datetime, datetime]]:
        """Service, text, first and last time ever of patterns."""
        if not ids:
            return {}
        rows = await self._pool.run("patterns_by_id", patterns=tuple(ids))
        return {key: (service, text, aware(a), aware(b)) for key, service, text, a, b in rows}


def _name(value: object) -> str | None:
    return None if value is None else str(value)
