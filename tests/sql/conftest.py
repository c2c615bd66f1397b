"""Ready events by the hundred, and the store's counters compared with its rows."""

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from brute_force import rows_agree

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
            return await rows_agree(connection.execute)

    return check
