"""What an archive is made of: whole stretches in order, bounded in bytes, never sorted."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sql.events_out import columns
from sql.literals import literal
from sql.pool import Row
from sql.statements import statements
from sql.store import MariaStore
from tools.ports import Filter, ReadyEvent

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MakeReady = Callable[[list[dict[str, Any]]], list[ReadyEvent]]
MakeEvents = Callable[..., list[ReadyEvent]]
Sql = Callable[[str], Awaitable[list[Row]]]


async def test_stretches_of_huge_rows_are_short(store: MariaStore, ready: MakeReady) -> None:
    """However long the messages, a stretch stays near 8 MiB, and every row comes once."""
    raw = [
        {"message": f"{n} " + "x" * (60_000 if n > 150 else 10), "uid": str(n),
         "timestamp": (NOW - timedelta(minutes=n % 7)).isoformat()}
        for n in range(500)
    ]  # fmt: skip
    for begin in range(0, 500, 100):
        await store.add_events(ready(raw[begin : begin + 100]))
    seen: list[str] = []
    sizes = []
    async for stretch in store.archive.stretches("events", Filter(), None):
        messages = [record["message"] for record in stretch.records]
        sizes.append(sum(map(len, messages)))
        seen += messages
    assert sorted(seen) == sorted(event["message"] for event in raw)
    assert len(sizes) > 2
    assert max(sizes) <= 8 * 1024 * 1024 + 65_536


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("by_time", Filter()),
        ("by_time", Filter(services=("nginx", "nginx.service"))),
        ("by_time", Filter(start=NOW - timedelta(hours=3), contains="GET")),
        ("by_service", Filter(services=("sshd.service",))),
        ("by_host", Filter(host="alpha")),
    ],
)
async def test_no_stretch_is_sorted(
    store: MariaStore, make_events: MakeEvents, sql: Sql, key: str, wanted: Filter
) -> None:
    """The next stretch is read along a key from where the last one ended."""
    await store.add_events(make_events(3000, 1, minutes=60 * 20))
    place = {"after_time": NOW - timedelta(hours=9), "after_id": 100, "limit": 2000, "seconds": 9}
    given = {**columns(wanted), **place, key: True}
    values = {name: literal(value) for name, value in given.items()}
    text = (statements()["export_events"].given(given) % values).partition(" FOR\n")[2]
    [plan] = await sql(f"EXPLAIN {text}")
    assert (plan[3], plan[5]) == ("range", key), plan
    assert "filesort" not in plan[9] and "temporary" not in plan[9], plan
