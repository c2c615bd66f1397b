"""When a pattern occurred, and how often each pattern did on some hosts: exact, from the counts."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sql.events_out import READ_SECONDS, aware, columns
from sql.pool import Pool
from sql.spans import floor, stretches
from tools.ports import Activity, Filter

_MINUTE = timedelta(minutes=1)


class Episodes:
    """Reads what occasions and their aftermath are made of."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def activity(self, wanted: Filter, pattern_id: int, width: int) -> list[Activity]:
        """See LogStore.pattern_activity."""
        rows = await self._pool.run(
            "pattern_activity",
            **columns(wanted),
            **stretches(wanted.start, wanted.end, width),
            pattern=pattern_id,
            end_minute=wanted.end and floor(wanted.end, _MINUTE),
            seconds=READ_SECONDS,
        )
        return [Activity(aware(a), aware(b), int(n)) for a, b, n in rows]

    async def counts_on(
        self, hosts: Sequence[str], start: datetime, end: datetime
    ) -> dict[int, Activity]:
        """See LogStore.counts_on."""
        rows = await self._pool.run(
            "counts_on_hosts", **stretches(start, end), hosts=tuple(hosts), seconds=READ_SECONDS
        )
        return {key: Activity(aware(a), aware(b), int(n)) for key, a, b, n in rows}
