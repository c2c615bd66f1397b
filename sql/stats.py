"""Counts by column and interval: from the roll-up where it knows the columns, else from rows."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sql.events_out import READ_SECONDS, aware, columns
from sql.few_patterns import FewPatterns
from sql.literals import Name
from sql.pool import Pool, Row
from sql.spans import stretches
from sql.text_index import TextIndex
from tools.levels import Level
from tools.ports import Filter, StatRow

_COUNTED = {"service", "host", "level", "pattern", None}
_TOTALLED = {"service", "level", None}
_MINUTE = 60


class Stats:
    """Answers how many, by what, and when."""

    def __init__(
        self, pool: Pool, texts: TextIndex, few: FewPatterns, now: Callable[[], datetime]
    ) -> None:
        self._pool = pool
        self._texts = texts
        self._few = few
        self._now = now

    async def count_by(
        self, wanted: Filter, column: str | None, width: int | None, limit: int
    ) -> list[StatRow]:
        """Counts by column and by interval of `width` seconds; latest first, then most."""
        counted = wanted.is_counted and column in _COUNTED and not (width or 0) % _MINUTE
        shape = {"width": width, "one_bucket": width is None, "limit": limit}
        if counted:
            rows = await self._counts(wanted, column, shape)
        else:
            given = columns(wanted) | shape | {f"by_{column or 'nothing'}": True}
            words = self._texts.words(wanted)
            rows = await self._pool.run("row_stats", **given, seconds=READ_SECONDS, words=words)
        return [StatRow(_name(name), start and aware(start), int(n)) for name, start, n in rows]

    async def total(self, wanted: Filter) -> int:
        """How many events match a filter of columns that are counted."""
        rows = await self._counts(wanted, None, {"one_bucket": True, "limit": 1})
        return sum(int(count) for _, _, count in rows)

    async def _counts(self, wanted: Filter, column: str | None, shape: dict[str, Any]) -> list[Row]:
        """From the totals where these tell enough, since they are fewer. Else the counts of few
        patterns are read by their own key, others by time.
        """
        enough = wanted.host is None and column in _TOTALLED
        patterns = None if enough else await self._few.of(wanted)
        if patterns == ():
            return []
        given = columns(wanted) | shape
        given |= stretches(wanted.start, wanted.end, shape.get("width"), self._now())
        services = (wanted.services or None) if patterns is None else None
        if enough:
            given |= _of_totals(column, services, given["levels"])
        else:
            given |= _of_counts(column, services)
            given |= {"patterns": patterns, "row_levels": given["levels"]}
        return await self._pool.run("count_stats", **given, seconds=READ_SECONDS)

    async def patterns(self, ids: list[int]) -> dict[int, tuple[str, str, datetime, datetime]]:
        """Service, text, first and last time ever of patterns."""
        if not ids:
            return {}
        rows = await self._pool.run("patterns_by_id", patterns=tuple(ids))
        return {key: (service, text, aware(a), aware(b)) for key, service, text, a, b in rows}


def _of_totals(
    column: str | None, services: tuple[str, ...] | None, levels: tuple[str, ...] | None
) -> dict[str, Any]:
    """Each level is a column of theirs: those asked for are added up, or become rows."""
    told: dict[str, Any] = {"services": None, "row_services": services}
    told["by_text" if column == "service" else "by_part"] = True
    if column == "level":
        every = ", ".join(f"r.{level.lower()}" for level in Level)
        return told | {
            "totals": Name(f"ELT(l.number, {every})"),
            "by_each_level": True,
            "each_levels": levels,
        }
    told["by_row_service" if column else "by_nothing"] = True
    added = (f"r.{level.lower()}" for level in Level if not levels or level in levels)
    return told | {"totals": Name(" + ".join(added))}


def _of_counts(column: str | None, services: tuple[str, ...] | None) -> dict[str, Any]:
    by_service = column == "service"
    joined = by_service or bool(services)
    told = {f"by_{column or 'nothing'}": True}
    told |= {"by_text": True} if column == "host" else {"by_part": not by_service}
    return {"counts": True, "services": services, "joined": joined, **told}


def _name(value: object) -> str | None:
    return None if value is None else str(value)
