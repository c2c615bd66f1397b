"""With the index of words a search finds what it finds without, to the row."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sql.pool import Address
from sql.store import Habits, MariaStore
from sql.text_index import TextIndex
from tools.ports import Filter, Page, ReadyEvent

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MESSAGES = (
    "connect() failed (111: Connection refused) while connecting to upstream",
    "reconnection refused by upstream",
    "the connection was refused, about where the others were",
    "worker's connection_refused flag is set",
    "CONNECTION REFUSED BY PEER",
    'quota exceeded: disk 100% full +payment -order *star "quoted words" (alpha beta)',
    "Grüße: connection refused by größer",
    "nothing of the kind",
)
SEARCHES = (
    "connection refused by", "connection refused", "refused", " refused ", "about where the others",
    "worker's connection", "exceeded: disk 100% full", "+payment -order *star \"quoted", "(alpha beta)",
    "nection refused by upst", "Grüße: connection refused", "%", "_refused", "no such words at all here",
    " Connection refused) while connecting ",
)  # fmt: skip


@pytest.fixture
async def indexed(database: Address) -> AsyncIterator[MariaStore]:
    """A store that keeps the index."""
    store = MariaStore(lambda: NOW, address=database, habits=Habits(fulltext=True))
    await store.open()
    yield store
    await store.close()


async def test_every_search_finds_the_same(
    indexed: MariaStore, ready: Callable[[list[dict[str, Any]]], list[ReadyEvent]]
) -> None:
    """Over days and in a short window, in pages and in counts, hostile operators included."""
    raw = [
        {"message": message, "timestamp": (NOW - timedelta(hours=5 * n)).isoformat()}
        for n in range(6)
        for message in MESSAGES
    ]
    await indexed.add_events(ready(raw))
    plain = MariaStore(lambda: NOW, address=indexed.pool.address)
    used = 0
    for text in SEARCHES:
        for start in (None, NOW - timedelta(hours=11), NOW - timedelta(hours=1)):
            wanted = Filter(start=start, end=NOW + timedelta(hours=1), contains=text)
            used += TextIndex(indexed.pool, True).words(wanted) is not None
            expected = [e["message"] for e in raw if text.lower() in e["message"].lower()]
            found = [event.id for event, _ in await indexed.find_events(wanted, Page(1000))]
            assert found == [event.id for event, _ in await plain.find_events(wanted, Page(1000))]
            assert await indexed.count_events(wanted) == len(found)
            assert start is not None or len(found) == len(expected), text
            rows = await indexed.count_by(wanted, "source", None, 10)
            assert sum(row.count for row in rows) == len(found)
    assert used > 8
    await plain.close()


async def test_the_index_is_built_once_and_used(indexed: MariaStore) -> None:
    """Opening again finds it there; a search over days asks it."""
    again = MariaStore(lambda: NOW, address=indexed.pool.address, habits=Habits(fulltext=True))
    await again.open()
    await again.close()
    assert await indexed.pool.run("text_index") == [(1,)]
    async with indexed.pool.connection() as connection:
        [plan] = await connection.execute(
            "EXPLAIN SELECT id FROM log_events WHERE MATCH (message) "
            "AGAINST ('+refused' IN BOOLEAN MODE) AND message LIKE '%refused%'"
        )
    assert plan[3] == "fulltext"


def test_only_whole_words_of_a_long_window_are_looked_up() -> None:
    """The ends of a text may be parts of words; stopwords and short words are not indexed."""
    index = TextIndex(None, True)  # type: ignore[arg-type]  # it asks nothing here

    def words(text: str, hours: float | None = None) -> str | None:
        start = NOW - timedelta(hours=hours) if hours else None
        return index.words(Filter(start=start, end=NOW, contains=text))

    assert words("connection refused by upstream") == "+refused"
    assert words(" connection refused ") == "+connection +refused"
    assert words("was it about where the cat sat on it") is None
    assert words("worker's refused' upstream end") == "+upstream"
    assert words("connection refused by upstream", hours=6) is None
    assert words("connection refused by upstream", hours=7) == "+refused"
    assert TextIndex(None, False).words(Filter(contains=" refused ")) is None  # type: ignore[arg-type]
