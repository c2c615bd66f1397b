"""Ready events by the hundred, and the store's counters compared with its rows."""

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sql.pool import Row
from sql.store import MariaStore
from tools.intake import Arrival, prepare, read_batch
from tools.ports import ReadyEvent

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_KINDS = (
    ("nginx", "GET /orders/{} 200 {}ms"),
    ("nginx", "upstream timed out after {} ms, request {}"),
    ("sshd.service", "Failed password for root from 10.0.0.{} port {}"),
    ("billing", "payment {} failed: card declined, attempt {}"),
    ("cron", "job {} took {} seconds"),
)

MakeReady = Callable[[list[dict[str, Any]]], list[ReadyEvent]]
MakeEvents = Callable[..., list[ReadyEvent]]
Sql = Callable[[str], Awaitable[list[Row]]]


@pytest.fixture(scope="session")
def ready() -> MakeReady:
    """Makes ready events of what senders write; none may be refused."""

    def make(raw: list[dict[str, Any]]) -> list[ReadyEvent]:
        read, unreadable = read_batch(raw)
        events, untimely = prepare(read, Arrival(NOW, UTC, "sender"))
        assert not unreadable + untimely
        return events

    return make


@pytest.fixture(scope="session")
def make_events(ready: MakeReady) -> MakeEvents:
    """Makes random events: `make_events(count, seed, minutes=90)` of the last minutes."""

    def make(count: int, seed: int, minutes: float = 90) -> list[ReadyEvent]:
        chance = random.Random(seed)
        raw = []
        for number in range(count):
            service, message = chance.choice(_KINDS)
            ago = timedelta(microseconds=chance.randrange(int(minutes * 60_000_000)))
            if chance.random() < 0.3:  # on the minute or the second: where windows are cut
                ago = timedelta(seconds=ago.total_seconds() // 30 * 30)
            raw.append(
                {
                    "uid": f"{seed}-{number}",
                    "timestamp": (NOW - ago).isoformat(),
                    "service": service,
                    "host": chance.choice(["alpha", "beta", "gamma"]),
                    "level": chance.choice(["DEBUG", "INFO", "INFO", "WARN", "ERROR", "FATAL"]),
                    "message": message.format(chance.randrange(999), chance.randrange(999)),
                    "trace_id": chance.choice([None, f"trace-{chance.randrange(50)}"]),
                    "source": chance.choice(["journald", "file"]),
                }
            )
        return ready(raw)

    return make


@pytest.fixture
def sql(store: MariaStore) -> Sql:
    """Runs a statement on the test's database."""

    async def run(text: str) -> list[Row]:
        async with store.pool.connection() as connection:
            return await connection.execute(text)

    return run


@pytest.fixture(scope="session")
def consistent() -> Callable[[MariaStore], Awaitable[int]]:
    """Asserts that roll-up, patterns and hosts are what the rows say; the number of rows."""

    async def check(store: MariaStore) -> int:
        async with store.pool.connection() as connection:
            run = connection.execute
            rows = await run("SELECT timestamp, pattern_id, host, level, service FROM log_events")
            counted = await run(
                "SELECT span, start, pattern_id, host, level, count, first_at, last_at "
                "FROM log_counts"
            )
            totals = await run("SELECT span, start, service, level, count FROM log_totals")
            patterns = await run("SELECT id, count, first_seen, last_seen FROM log_patterns")
            hosts = await run("SELECT host, last_event FROM log_hosts")
        starts = {
            "minute": {"second": 0, "microsecond": 0},
            "hour": {"minute": 0, "second": 0, "microsecond": 0},
            "day": {"hour": 0, "minute": 0, "second": 0, "microsecond": 0},
        }
        expected = _spans(
            [
                ((span, row[0].replace(**start), *row[1:4]), row[0])
                for span, start in starts.items()
                for row in rows
            ]
        )
        assert {row[:5]: row[5:] for row in counted} == expected
        assert len(counted) == len(expected)
        each = Counter(
            (span, row[0].replace(**start), row[4], row[3])
            for span, start in starts.items()
            for row in rows
        )
        assert {row[:4]: row[4] for row in totals} == each and len(totals) == len(each)
        spans = _spans([(row[1], row[0]) for row in rows])
        assert {row[0]: row[1:] for row in patterns if row[1]} == spans
        last = {name: span[2] for name, span in _spans([(row[2], row[0]) for row in rows]).items()}
        assert dict(hosts) == last
        return len(rows)

    return check


def _spans(rows: list[tuple[Any, datetime]]) -> dict[Any, tuple[int, datetime, datetime]]:
    """Number, first and last moment by key."""
    counts = Counter(key for key, _ in rows)
    first: dict[Any, datetime] = {}
    last: dict[Any, datetime] = {}
    for key, moment in rows:
        first[key] = min(moment, first.get(key, moment))
        last[key] = max(moment, last.get(key, moment))
    return {key: (count, first[key], last[key]) for key, count in counts.items()}
