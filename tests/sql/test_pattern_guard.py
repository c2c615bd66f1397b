"""The guard: a service's patterns stay bounded, its kinds apart, and all processes agree."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sql.pattern_guard import PatternGuard
from sql.pattern_ids import PatternIds
from sql.pool import Address, Row
from sql.store import Habits, MariaStore
from tools.archive_records import PatternRecord
from tools.masking import mask
from tools.ports import Filter, Page, ReadyEvent

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MakeReady = Callable[[list[dict[str, Any]]], list[ReadyEvent]]
Sql = Callable[[str], Awaitable[list[Row]]]
LIMIT = 100
KINDS = (
    "login of {} refused",
    "account {} locked after too many attempts from {}",
    "{} renamed {} in album {}",
)


def lines(count: int, seed: int, kinds: tuple[str, ...] = KINDS) -> Iterator[dict[str, Any]]:
    """Lines of a few kinds with random names, a second apart up to NOW."""
    chance = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    for number in range(count):
        names = ("".join(chance.choices(letters, k=9)) for _ in range(3))
        yield {
            "message": chance.choice(kinds).format(*names),
            "service": "web",
            "timestamp": (NOW - timedelta(seconds=count - number)).isoformat(),
            "uid": f"{seed}-{number}",
        }


@pytest.fixture
async def open_store(database: Address) -> AsyncIterator[Callable[[], MariaStore]]:
    """Makes stores on one database, as several processes have them."""
    made: list[MariaStore] = []

    def make() -> MariaStore:
        made.append(MariaStore(lambda: NOW, address=database, habits=Habits(max_patterns=LIMIT)))
        return made[-1]

    yield make
    for store in made:
        await store.close()


async def fill(store: MariaStore, events: list[ReadyEvent]) -> None:
    """Store events in batches of 500."""
    for begin in range(0, len(events), 500):
        await store.add_events(events[begin : begin + 500])


async def counts(store: MariaStore, service: str = "web") -> dict[str, int]:
    """A service's patterns with their counts."""
    found = await store.pattern_counts(Filter(services=(service,)))
    return {one.text: one.count for one in found}


COMMON: dict[str, Any] = {"kind": "pattern", "service": "web", "first_seen": NOW, "last_seen": NOW}
COARSE = {
    "login of <*> refused",
    "account <*> locked after too many attempts from <*>",
    "<*> renamed <*> in album <*>",
}


async def test_a_hundred_thousand_names_are_few_patterns(
    open_store: Callable[[], MariaStore], sql: Sql, caplog: pytest.LogCaptureFixture
) -> None:
    """However many lines come, the patterns end at the limit and one for each kind, said once."""
    store = open_store()
    await store.open()
    patterns = PatternIds(store.pool, PatternGuard(LIMIT, lambda: NOW))
    with caplog.at_level(logging.WARNING):
        for part in range(50):
            texts = [mask(line["message"]) for line in lines(2_000, seed=part)]
            await patterns.of([PatternRecord(pattern=text, **COMMON) for text in texts])
    rows = await sql("SELECT text FROM log_patterns WHERE service = 'web'")
    assert len(rows) == LIMIT + len(COARSE)
    assert {text for (text,) in rows} >= COARSE
    assert [record.getMessage() for record in caplog.records] == [
        "'web' has 100 patterns: its new ones are masked coarser (level 1 of 4)"
    ]


async def test_a_healthy_service_beside_it_is_untouched(
    open_store: Callable[[], MariaStore], ready: MakeReady
) -> None:
    """Every line is stored and counted, and another service keeps its patterns and gets new ones."""
    store = open_store()
    await store.open()
    healthy = [
        {"message": f"job {n} of {n % 7}", "service": "cron", "uid": f"c{n}"} for n in range(300)
    ]
    await fill(store, ready(healthy[:150]))
    await fill(store, ready(list(lines(3_000, seed=1))))
    fresh = {"message": "crontab of nobody reloaded", "service": "cron", "uid": "fresh"}
    await fill(store, ready([*healthy[150:], fresh]))
    assert sum((await counts(store)).values()) == 3_000
    assert await counts(store, "cron") == {"job <*> of <*>": 300, "crontab of nobody reloaded": 1}
    assert await store.guarded_services() == {"web": NOW}


async def test_a_kind_that_is_new_stays_apart(
    open_store: Callable[[], MariaStore], ready: MakeReady
) -> None:
    """After the switch a new kind has its own pattern and first time; the coarse ones are old."""
    store = open_store()
    await store.open()
    await fill(store, ready(list(lines(1_000, seed=1))))
    later = NOW + timedelta(hours=1)
    new = (
        "disk failure is imminent",
        "login of everybody refused forever",
        "account service stopped",
    )
    names = list(lines(50, seed=2))
    raw = [{"message": text, "service": "web", "uid": text} for text in new] + names
    await store.add_events(ready([{**one, "timestamp": later.isoformat()} for one in raw]))
    found = await store.pattern_counts(Filter(start=later))
    assert {one.text for one in found} == COARSE | set(new)
    times = await store.pattern_texts([one.id for one in found])
    assert {text for _, text, first, _ in times.values() if first >= later} == set(new)


async def test_processes_and_restarts_agree(
    open_store: Callable[[], MariaStore], ready: MakeReady
) -> None:
    """Stores that mint at the same time stay near the limit, and the same line has one pattern."""
    stores = [open_store() for _ in range(3)]
    await stores[0].open()
    events = [ready(list(lines(2_000, seed=seed))) for seed in range(3)]
    await asyncio.gather(*map(fill, stores, events))
    found = await counts(stores[0])
    assert sum(found.values()) == 6_000
    assert len(found) <= 4 * LIMIT + len(COARSE)
    again = [open_store(), *stores]
    message = next(lines(1, seed=99))
    for number, store in enumerate(again):
        await store.add_events(ready([{**message, "uid": f"again {number}"}]))
    rows = await stores[0].find_events(Filter(contains=str(message["message"])), Page(10))
    assert len(rows) == 4
    assert len({pattern for _, pattern in rows}) == 1


async def test_the_guard_tightens_until_nothing_new_comes(
    open_store: Callable[[], MariaStore], ready: MakeReady, sql: Sql
) -> None:
    """A second kind that varies is learned; lines without any kind end in one pattern."""
    store = open_store()
    await store.open()
    await fill(store, ready(list(lines(1_000, seed=1))))
    await fill(store, ready(list(lines(1_000, seed=2, kinds=("theme {} chosen by visitor {}",)))))
    assert "theme <*> chosen by visitor <*>" in await counts(store)
    await fill(store, ready(list(lines(3_000, seed=3, kinds=("{} {} {}", "{}", "{}: {}")))))
    found = await counts(store)
    assert sum(found.values()) == 5_000
    assert "<*>" in found
    assert len(found) < 2 * LIMIT
    levels = await sql("SELECT level FROM log_pattern_guards ORDER BY level")
    assert [level for (level,) in levels] in ([1, 2, 3], [1, 2, 3, 4])
    await fill(store, ready(list(lines(500, seed=4))))
    assert (await counts(store)).keys() == found.keys()


async def test_counts_stay_exact(open_store: Callable[[], MariaStore], ready: MakeReady) -> None:
    """Sent again, lines of a guarded service are duplicates, and each is counted once."""
    store = open_store()
    await store.open()
    events = ready(list(lines(600, seed=1)))
    await fill(store, events)
    restarted = open_store()
    assert await restarted.add_events(events[100:500]) == 0
    assert sum((await counts(restarted)).values()) == 600
