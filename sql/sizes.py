"""How many bytes the store takes on disk, in all and by day."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

import pymysql
from pydantic import ByteSize

from sql.driver_errors import error_code
from sql.partitions import DAILY, FUTURE, PAST, partition_bounds
from sql.pool import Connection, Row

_NEEDS_PROCESS = 1227


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes on disk. `past` and `future` are of the first and last partitions, `days` by day.

    `apparent` is what the files seem to take, holes of page compression included. Not `exact`:
    from statistics, as the account lacks the PROCESS privilege.
    """

    total: int
    apparent: int
    days: dict[date, int]
    past: int
    future: int
    exact: bool

    @property
    def first_day(self) -> date | None:
        """The oldest day with a partition of its own."""
        return min(self.days, default=None)


async def measure(connection: Connection) -> Sizes:
    """The sizes as of now, give or take what the server has not written yet."""
    rows, exact = await _rows(connection)
    days = {
        f"{table}#P#{name}": end - timedelta(days=1)
        for table, ends in (await partition_bounds(connection, DAILY)).items()
        for name, end in ends.items()
        if name != PAST
    }
    by_day: Counter[date] = Counter(dict.fromkeys(days.values(), 0))
    outer: Counter[str] = Counter()
    for name, _, allocated in rows:
        if name in days:
            by_day[days[name]] += int(allocated)
        outer[name.rpartition("#P#")[2]] += int(allocated)
    return Sizes(
        total=sum(int(allocated) for _, _, allocated in rows),
        apparent=sum(int(size) for _, size, _ in rows),
        days=dict(sorted(by_day.items())),
        past=outer[PAST],
        future=outer[FUTURE],
        exact=exact,
    )


async def _rows(connection: Connection) -> tuple[list[Row], bool]:
    try:
        rows = await connection.run("file_sizes")
    except pymysql.err.OperationalError as error:
        if error_code(error) != _NEEDS_PROCESS:
            raise
        rows = []
    return (rows, True) if rows else (await connection.run("estimated_sizes"), False)


def bytes_text(count: int) -> str:
    """A number of bytes for people: 1 KB is 1,000."""
    return ByteSize(count).human_readable(decimal=True)
