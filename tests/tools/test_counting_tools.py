"""log_stats, log_patterns and log_context against brute force on random events."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sql.store import MariaStore
from tools.errors import BadArguments, NotFound
from tools.ingest_logs import INGEST_LOGS
from tools.log_context import LOG_CONTEXT
from tools.log_patterns import LOG_PATTERNS, patterns_lines
from tools.log_stats import LOG_STATS
from tools.ports import Caller, Deps, Ranked
from tools.query_logs import QUERY_LOGS

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MESSAGES = (
    "user {} logged in",
    "disk at {} percent",
    "cache miss",
    "upstream timed out after {} ms",
)


class NoMeaning:
    """An index without patterns, for tools that do not rank."""

    async def rank(self, text: str) -> list[Ranked]:
        """Nothing is near."""
        return []

    def state(self) -> dict[str, Any]:
        """Nothing is indexed."""
        return {}


def deps_on(store: MariaStore, caller: Caller | None = None) -> Deps:
    """What the tools need, with a clock that stands still."""
    return Deps(store, NoMeaning(), lambda: NOW, UTC, "UTC", caller or Caller())


def random_events(count: int, seed: int) -> list[dict[str, Any]]:
    """Events of the last six hours, several a minute, on cut and whole minutes."""
    chance = random.Random(seed)
    return [
        {
            "timestamp": (NOW - timedelta(seconds=chance.uniform(0, 21_600))).isoformat(),
            "service": chance.choice(["web", "db", "mail"]),
            "host": chance.choice(["a", "b"]),
            "level": chance.choice(["INFO", "WARN", "ERROR"]),
            "source": chance.choice(["journald", "file"]),
            "error_code": chance.choice([None, "E1", "E2"]),
            "message": chance.choice(MESSAGES).format(chance.randrange(9999)),
            "uid": f"{seed}-{n}",
        }
        for n in range(count)
    ]


def chosen(events: list[dict[str, Any]], start: datetime, **equal: str) -> list[dict[str, Any]]:
    """The events that a filter should find."""
    return [
        event
        for event in events
        if datetime.fromisoformat(event["timestamp"]) >= start
        and all(event[name] == value for name, value in equal.items())
    ]


@pytest.mark.parametrize(
    ("column", "filters"),
    [
        ("service", {}),
        ("host", {"service": "web"}),
        ("level", {"host": "a"}),
        ("source", {"level": "ERROR"}),
        ("error_code", {"service": "db", "host": "b"}),
    ],
)
async def test_groups_equal_brute_force(
    store: MariaStore, column: str, filters: dict[str, str]
) -> None:
    """Counts by any column, from roll-up or rows, are exact for a window that cuts minutes."""
    events = random_events(1500, 1)
    deps = deps_on(store)
    await INGEST_LOGS.call({"events": events}, deps)
    asked = {"group_by": column, "start_time": "3h7m21s", **filters}
    page = await LOG_STATS.call(asked, deps)
    start = NOW - timedelta(hours=3, minutes=7, seconds=21)
    expected = Counter(event[column] for event in chosen(events, start, **filters))
    assert {group.name: group.count for group in page.groups} == dict(expected)
    assert page.total == sum(expected.values())
    counts = [group.count for group in page.groups]
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize("interval", ["30s", "1m", "5m", "1h"])
async def test_a_timeline_equals_brute_force(store: MariaStore, interval: str) -> None:
    """Each interval's count is exact, latest first, also where it is cut by the window."""
    events = random_events(1200, 2)
    deps = deps_on(store)
    await INGEST_LOGS.call({"events": events}, deps)
    width = {"30s": 30, "1m": 60, "5m": 300, "1h": 3600}[interval]
    page = await LOG_STATS.call(
        {"interval": interval, "start_time": "2h13s", "service": "web", "limit": 1000}, deps
    )
    start = NOW - timedelta(hours=2, seconds=13)
    seconds = [
        datetime.fromisoformat(event["timestamp"]).timestamp()
        for event in chosen(events, start, service="web")
    ]
    expected = Counter(int(second // width * width) for second in seconds)
    found = {int(g.start.timestamp()): g.count for g in page.groups if g.start}
    assert found == dict(expected)
    assert list(found) == sorted(found, reverse=True)


async def test_counts_by_pattern_name_the_pattern(store: MariaStore) -> None:
    """Grouped by pattern, a name is the service and the masked message."""
    deps = deps_on(store)
    await INGEST_LOGS.call({"events": random_events(300, 3)}, deps)
    page = await LOG_STATS.call({"group_by": "pattern", "service": "web"}, deps)
    names = {group.name for group in page.groups}
    assert names == {
        "web: user <*> logged in",
        "web: disk at <*> percent",
        "web: cache miss",
        "web: upstream timed out after <*> ms",
    }


async def test_new_patterns_are_those_never_seen_before(store: MariaStore) -> None:
    """new_only leaves out what occurred before start_time, on whatever host."""
    deps = deps_on(store)
    old = {"message": "cache miss", "service": "web", "host": "a"}
    hours = [("cache miss", 5), ("cache miss", 1), ("kernel oops", 1)]
    events = [
        {**old, "message": text, "timestamp": (NOW - timedelta(hours=age)).isoformat()}
        for text, age in hours
    ]
    await INGEST_LOGS.call({"events": events}, deps)
    page = await LOG_PATTERNS.call({"start_time": "2h", "new_only": True}, deps)
    assert [found.pattern for found in page.patterns] == ["kernel oops"]
    assert page.total == 2
    empty = await LOG_PATTERNS.call({"start_time": "30m", "new_only": True}, deps)
    assert empty.patterns == [] and empty.hint
    assert not page.notes


async def test_new_is_new_to_what_is_kept(store: MariaStore) -> None:
    """A pattern goes with its last event; where that has happened, "new" says how far it looks."""
    deps = deps_on(store)
    event = {"message": "kernel oops", "timestamp": (NOW - timedelta(hours=1)).isoformat()}
    await INGEST_LOGS.call({"events": [event]}, deps)
    await store.pool.run("put_kept", since=str((NOW - timedelta(days=30)).date()), rule="30d")
    page = await LOG_PATTERNS.call({"start_time": "2h", "new_only": True}, deps)
    assert "before 2026-10-21" in page.notes[0] and page.notes[0] in patterns_lines(page)
    assert not (await LOG_PATTERNS.call({"start_time": "2h"}, deps)).notes


async def test_windows_are_compared_by_exact_counts(store: MariaStore) -> None:
    """compare_to gives each pattern's count before, its change, and what has fallen silent."""
    deps = deps_on(store)
    told = [("a came", 90, 3), ("a came", 10, 5), ("b came", 100, 2), ("c came", 20, 1)]
    events = [
        {
            "message": text,
            "service": "web",
            "timestamp": (NOW - timedelta(minutes=age, seconds=n)).isoformat(),
        }
        for text, age, times in told
        for n in range(times)
    ]
    await INGEST_LOGS.call({"events": events}, deps)
    page = await LOG_PATTERNS.call({"start_time": "1h", "compare_to": "2h"}, deps)
    found = {one.pattern: (one.count, one.before, one.change) for one in page.patterns}
    assert found == {"a came": (5, 3, 2), "b came": (0, 2, -2), "c came": (1, 0, 1)}
    asked = {"start_time": "1h", "compare_to": "2h", "new_only": True}
    page = await LOG_PATTERNS.call(asked, deps)
    assert [(one.pattern, one.change) for one in page.patterns] == [("c came", 1)]


@pytest.mark.parametrize("argument", [{"new_only": True}, {"compare_to": "2d"}])
async def test_a_comparison_needs_a_start(store: MariaStore, argument: dict[str, Any]) -> None:
    """Without start_time there is no before to compare with."""
    with pytest.raises(BadArguments, match="needs start_time"):
        await LOG_PATTERNS.call(argument, deps_on(store))


async def test_context_is_the_neighbourhood_in_order(store: MariaStore) -> None:
    """The rows around an event are its nearest of the scope, ties in time included."""
    deps = deps_on(store)
    events = [
        {
            "message": f"step {n}",
            "service": "web" if n % 2 else "db",
            "host": "a",
            "timestamp": (NOW - timedelta(seconds=100 - n // 4)).isoformat(),
        }
        for n in range(40)
    ]
    await INGEST_LOGS.call({"events": events}, deps)
    everything = (await QUERY_LOGS.call({"order": "oldest", "limit": 100}, deps)).events
    middle = everything[20]
    page = await LOG_CONTEXT.call({"event_id": middle.id, "scope": "everywhere"}, deps)
    assert [event.id for event in page.events] == [event.id for event in everything[10:31]]
    own = [event.id for event in everything if event.service == middle.service]
    place = own.index(middle.id)
    page = await LOG_CONTEXT.call({"event_id": middle.id, "before": 3, "after": 2}, deps)
    assert [event.id for event in page.events] == own[place - 3 : place + 3]


async def test_context_of_nothing_is_not_found(store: MariaStore) -> None:
    """An id that does not exist is an error that names it."""
    with pytest.raises(NotFound, match="#4711"):
        await LOG_CONTEXT.call({"event_id": 4711}, deps_on(store))


async def test_a_page_for_a_model_keeps_its_budget(store: MariaStore) -> None:
    """Cut to its budget, a page says so; what is nearest to the event stays."""
    caller = Caller(max_message=400, max_chars=2_500)
    deps = deps_on(store, caller)
    events = [
        {"message": f"{n} " + "x" * 300, "timestamp": (NOW - timedelta(seconds=n)).isoformat()}
        for n in range(40)
    ]
    await INGEST_LOGS.call({"events": events}, deps)
    everything = (await QUERY_LOGS.call({"limit": 3}, deps)).events
    page = await LOG_CONTEXT.call({"event_id": everything[1].id}, deps)
    assert not page.complete and page.hint
    assert everything[1].id in {event.id for event in page.events}
    assert len("\n".join(LOG_CONTEXT.lines(page))) <= 2_500
