"""The counts in the database, key by key, compared with its rows."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from sql.pool import Row
from tools.levels import Level

_STARTS = {
    "minute": {"second": 0, "microsecond": 0},
    "hour": {"minute": 0, "second": 0, "microsecond": 0},
    "day": {"hour": 0, "minute": 0, "second": 0, "microsecond": 0},
}


async def rows_agree(run: Callable[[str], Awaitable[list[Row]]]) -> int:
    """Assert that counts, totals, patterns and hosts are what the rows say; the number of rows."""
    rows = await run("SELECT timestamp, pattern_id, host, level, service FROM log_events")
    await _check_spans(run, rows)
    patterns = await run("SELECT id, count, first_seen, last_seen FROM log_patterns")
    spans = _spans([(row[1], row[0]) for row in rows])
    assert {row[0]: row[1:] for row in patterns if row[1]} == spans
    hosts = await run("SELECT host, last_event, last_arrival FROM log_hosts")
    last = {name: span[2] for name, span in _spans([(row[2], row[0]) for row in rows]).items()}
    # An event that is dated ahead was heard when it came.
    assert {host: at for host, at, _ in hosts} == {
        host: min(last[host], arrival) for host, _, arrival in hosts
    }
    assert last.keys() == {host for host, _, _ in hosts}
    return len(rows)


async def _check_spans(run: Callable[[str], Awaitable[list[Row]]], rows: list[Row]) -> None:
    counted = await run(
        "SELECT span, start, pattern_id, host, level, count, first_at, last_at FROM log_counts"
    )
    expected = _spans(
        [
            ((span, row[0].replace(**start), *row[1:4]), row[0])
            for span, start in _STARTS.items()
            for row in rows
        ]
    )
    assert {row[:5]: row[5:] for row in counted} == expected
    assert len(counted) == len(expected)
    await _check_totals(run, rows)


async def _check_totals(run: Callable[[str], Awaitable[list[Row]]], rows: list[Row]) -> None:
    totals = await run("SELECT * FROM service_totals")
    each = Counter(
        (span, row[0].replace(**start), row[4], row[3])
        for span, start in _STARTS.items()
        for row in rows
    )
    told = {(*row[:3], level): n for row in totals for level, n in zip(Level, row[3:], strict=True)}
    assert {key: n for key, n in told.items() if n} == each
    assert len(totals) == len({key[:3] for key in each})


def _spans(rows: list[tuple[Any, datetime]]) -> dict[Any, tuple[int, datetime, datetime]]:
    """Number, first and last moment by key."""
    counts = Counter(key for key, _ in rows)
    first: dict[Any, datetime] = {}
    last: dict[Any, datetime] = {}
    for key, moment in rows:
        first[key] = min(moment, first.get(key, moment))
        last[key] = max(moment, last.get(key, moment))
    return {key: (count, first[key], last[key]) for key, count in counts.items()}
