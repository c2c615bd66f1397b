"""Totals that lag behind the counts that they are sums of: a DevMesh from before them keeps none.

What is missing is added, not set: batches that come meanwhile add the same to both.
"""

from datetime import UTC, date, datetime, timedelta

from sql.pool import Connection, Pool

_HOUR = timedelta(hours=1)


async def miscounted(connection: Connection) -> list[date]:
    """The days whose totals are too low."""
    return [start.date() for (start,) in await connection.run("miscounted_days")]


async def recount(pool: Pool, day: date) -> None:
    """Add what a day's totals lack, by minute, hour and day; anew when a batch comes between.

    An hour at a time, so that today's find their moment between the batches. The first hour comes
    last: the day's own total, by which it is found, begins there.
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    for hour in reversed(range(24)):
        start = midnight + hour * _HOUR
        await pool.run("add_missing_totals", start=start, end=start + _HOUR)
