"""Events into the store: once each, and counted exactly."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sql.events_in import trips
from sql.literals import PART, rows_of
from sql.page_compression import PageCompression
from sql.partitions import AHEAD, EVENTS, FURTHEST_BACK, Partitions
from sql.pool import Address, Row
from sql.store import MariaStore
from tools.ports import Filter, Page, ReadyEvent

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MakeReady = Callable[[list[dict[str, Any]]], list[ReadyEvent]]
MakeEvents = Callable[..., list[ReadyEvent]]
Consistent = Callable[[MariaStore], Awaitable[int]]
Sql = Callable[[str], Awaitable[list[Row]]]


async def test_a_batch_sent_twice_is_stored_once(
    store: MariaStore, make_events: MakeEvents, consistent: Consistent
) -> None:
    """The second time nothing is new, and nothing is counted again."""
    events = make_events(300, seed=1)
    assert await store.add_events(events) == 300
    assert await store.add_events(events) == 0
    assert await consistent(store) == 300


async def test_overlapping_batches(
    store: MariaStore, make_events: MakeEvents, consistent: Consistent
) -> None:
    """Of a batch only what is new is stored and counted, in whatever order it comes."""
    events = make_events(300, seed=2)
    assert await store.add_events(events[:200]) == 200
    shuffled = events[100:]
    random.Random(2).shuffle(shuffled)
    assert await store.add_events(shuffled) == 100
    assert await consistent(store) == 300


async def test_overlapping_batches_at_once(
    store: MariaStore, make_events: MakeEvents, consistent: Consistent
) -> None:
    """Eight senders of overlapping batches at the same time store each event exactly once."""
    events = make_events(800, seed=3)
    batches = [events[start : start + 400] + events[:50] for start in range(0, 401, 50)][:8]
    stored = await asyncio.gather(*(store.add_events(batch) for batch in batches))
    distinct = {event.uid for batch in batches for event in batch}
    assert sum(stored) == len(distinct)
    assert await consistent(store) == len(distinct)


async def test_two_stores_on_one_database(
    store: MariaStore, make_events: MakeEvents, consistent: Consistent
) -> None:
    """Two processes' stores that meet the same new days, patterns and events agree."""
    other = MariaStore(lambda: NOW, address=store.pool.address)
    try:
        events = make_events(400, seed=4, minutes=60 * 24 * 6)
        stored = await asyncio.gather(
            *(
                one.add_events(events[n * 50 : n * 50 + 150])
                for n in range(6)
                for one in (store, other)
            )
        )
        assert sum(stored) == 400
        assert await consistent(store) == 400
    finally:
        await other.close()


async def test_repeats_within_a_batch(
    store: MariaStore, ready: MakeReady, consistent: Consistent
) -> None:
    """Of two events of one uid in a batch one is stored; repeats without a uid all are."""
    moment = NOW.isoformat()
    events = ready(
        [{"message": "same", "uid": "u", "timestamp": moment}] * 3
        + [{"message": "same", "timestamp": moment}] * 4
    )
    assert await store.add_events(events) == 5
    assert await consistent(store) == 5


async def test_one_uid_at_two_times(
    store: MariaStore, ready: MakeReady, consistent: Consistent
) -> None:
    """A uid that comes again with another time is counted where it is stored."""
    times = [NOW - timedelta(minutes=minutes) for minutes in (9, 5, 1)]
    events = ready([{"message": "m", "uid": "u", "timestamp": at.isoformat()} for at in times])
    assert await store.add_events(events[:1]) == 1
    assert await store.add_events(events) == 2
    assert await consistent(store) == 3


async def test_a_uid_without_a_time(
    store: MariaStore, ready: MakeReady, consistent: Consistent
) -> None:
    """An event named by its uid alone is stored once, however often and in however many it comes."""
    raw = [
        {"message": "m", "uid": "one"},
        {"message": "m", "uid": "one"},
        {"message": "m", "uid": "two"},
    ]
    assert await store.add_events(ready(raw)) == 2
    later = ready([{"message": "other", "uid": "filler"}, *raw])
    assert await store.add_events(later) == 1
    assert await consistent(store) == 3


async def test_a_uid_without_a_time_that_comes_several_times_at_once(
    database: Address, store: MariaStore, ready: MakeReady, consistent: Consistent
) -> None:
    """A sender that gave up waiting tries again elsewhere, while its first try is under way."""
    uids = [f"u{number}" for number in range(50)]
    stores = [store, MariaStore(lambda: NOW, address=database)]
    tries = []
    for number in range(8):
        events = ready([{"message": f"m {uid}", "uid": uid} for uid in uids])
        arrived = NOW + timedelta(seconds=number)
        batch = [event._replace(timestamp=arrived) for event in events]
        tries.append(stores[number % 2].add_events(batch[::-1] if number % 3 else batch))
    assert sum(await asyncio.gather(*tries)) == len(uids)
    assert await consistent(store) == len(uids)
    await stores[1].close()


async def test_nothing_and_duplicates_alone(
    store: MariaStore, ready: MakeReady, consistent: Consistent
) -> None:
    """A batch without a new event changes nothing."""
    assert await store.add_events([]) == 0
    events = ready([{"message": "m", "uid": "u"}])
    assert await store.add_events(events) == 1
    assert await store.add_events(events) == 0
    assert await consistent(store) == 1


async def test_names_alike_but_for_case(store: MariaStore, ready: MakeReady) -> None:
    """Hosts and services that differ in case only are one to filters and counts alike."""
    moment = NOW.isoformat()
    raw = [
        {"message": f"m {n}", "host": host, "service": service, "timestamp": moment}
        for n, (host, service) in enumerate(
            [("Alpha", "Web"), ("alpha", "web"), ("ALPHA", "WEB"), ("beta", "db")]
        )
    ]
    assert await store.add_events(ready(raw)) == 4
    for wanted in (
        Filter(host="aLPHA"),
        Filter(services=("wEB",)),
        Filter(host="alpha", services=("web",)),
    ):
        assert await store.count_events(wanted) == 3
        assert len(await store.find_events(wanted, Page(10))) == 3
    assert len((await store.catalogue()).hosts) == 2


async def test_a_batch_over_the_packet_size(
    store: MariaStore, ready: MakeReady, consistent: Consistent
) -> None:
    """A batch of long messages goes in parts and is counted as one."""
    raw = [
        {"message": f"{n} " + "\\'" * 30_000, "uid": str(n), "timestamp": NOW.isoformat()}
        for n in range(200)
    ]
    events = ready(raw)
    assert await store.add_events(events[:30]) == 30
    assert await store.add_events(events) == 170
    assert await consistent(store) == 200


def test_what_a_batch_adds_goes_in_packets_of_usual_size() -> None:
    """As few as can be, every row once and in its order."""
    rows = [(n, "x" * 1000) for n in range(9000)]
    lists = {"one": rows, "two": rows[:10], "three": rows[:5]}
    sent = list(trips(*lists.items()))
    sizes = [[len(given["rows"].text) for _, given in trip] for trip in sent]
    assert all(sum(size) <= PART * 1.01 for size in sizes) and len(sent) == 3
    for name, wanted in lists.items():
        parts = [given["rows"] for trip in sent for one, given in trip if one == name]
        assert sum(part.count for part in parts) == len(wanted)
        assert ",\n".join(part.text for part in parts) == rows_of(wanted).text


HOSTILE = [
    'it\'s a "quote" and a \\ backslash \\\' \\" \\0 \\n',
    "'; DROP TABLE log_events; -- ",
    "100% %s %(x)s %% {0} `tick`",
    "nul \x00 byte, bell \x07, escape \x1b[31m, del \x7f, substitute \x1a",
    "line\nbreak\r\nand\ttab",
    "emoji 😀 👩‍👩‍👧‍👦 four bytes 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 🏳️‍🌈",
    "right \u202e to left, zero \u200b width, bom \ufeff",
    "é e\u0301 ß ﬁ İ ı ſ",
    "/* comment */ # hash -- dash",
    " leading and trailing spaces   ",
    "_ and % and \\% and \\_",
    "\U0010ffff \uffff \ue000",
]


async def test_hostile_text_comes_back_as_it_was(store: MariaStore, ready: MakeReady) -> None:
    """Whatever a line holds, the row holds the same, in every column, and is found by it."""
    names = ("service", "host", "source", "trace_id", "span_id", "event_type", "error_code")
    for text in HOSTILE:
        columns = dict.fromkeys(names, text[:30])
        meta = {text: text, "inner": [text]}
        raw = {"message": text, "timestamp": NOW.isoformat(), "meta_json": meta, **columns}
        assert await store.add_events(ready([raw])) == 1
    for text in HOSTILE:
        short = text[:30]
        for wanted in (
            Filter(services=(short,)),
            Filter(host=short, source=short),
            Filter(trace_id=short, error_code=short, event_type=short),
            Filter(contains=text),
        ):
            [(event, _)] = await store.find_events(wanted, Page(5))
            assert event.message == text
            assert event.meta_json == {text: text, "inner": [text]}
            assert {getattr(event, name) for name in names} == {short}
            assert await store.count_events(wanted) == 1
    assert {name.strip() for name in (await store.catalogue()).services} == {
        text[:30].strip() for text in HOSTILE
    }


async def test_contains_takes_letters_as_letters(store: MariaStore, ready: MakeReady) -> None:
    """Percent, underscore and backslash stand for themselves; case does not matter."""
    messages = ["100% done", "100 done", "a_b", "axb", "C:\\temp\\x", "it's", "\\%"]
    raw = [{"message": text, "timestamp": NOW.isoformat()} for text in messages]
    await store.add_events(ready(raw))
    for asked in ("100%", "a_b", "\\", "\\t", "\\%", "%", "_", "'", "DONE", "%%", "__", "\\\\"):
        found = [text for text in messages if asked.lower() in text.lower()]
        rows = await store.find_events(Filter(contains=asked), Page(20))
        assert sorted(event.message for event, _ in rows) == sorted(found), asked
        assert await store.count_events(Filter(contains=asked)) == len(found)


async def test_a_day_has_a_partition(store: MariaStore, ready: MakeReady, sql: Sql) -> None:
    """Days near today lie in partitions of their own; far past and future share the outer ones."""
    days = {
        "p20261120": NOW,
        "p20261119": NOW - timedelta(days=1),
        "p20261110": NOW - timedelta(days=10),
        "p20261123": NOW + timedelta(days=AHEAD),
        "p_past": NOW - timedelta(days=FURTHEST_BACK + 5),
        "p_future": NOW + timedelta(days=AHEAD + 1),
    }
    raw = [{"message": name, "timestamp": moment.isoformat()} for name, moment in days.items()]
    raw += [{"message": "p_past", "timestamp": "1970-01-01T00:00:00Z"}]
    raw += [{"message": "p_future", "timestamp": "2199-12-31T23:59:59Z"}]
    for one in ready(raw):
        assert await store.add_events([one]) == 1
    for name in days:
        rows = await sql(f"SELECT message FROM log_events PARTITION ({name})")
        assert rows and {message for (message,) in rows} == {name}
    named = {name for name, _ in await _partitions(sql)}
    assert {f"p202611{day:02}" for day in range(10, 24)} | {"p_past", "p_future"} == named


async def test_partitions_at_once(store: MariaStore, sql: Sql) -> None:
    """Many that need new days at the same time make each partition once."""
    several = [Partitions(store.pool, PageCompression()) for _ in range(4)]
    today = NOW.date()
    await asyncio.gather(
        *(
            one.ensure(EVENTS, [today - timedelta(days=n)], today)
            for n, one in enumerate(several * 2)
        )
    )
    names = [name for name, _ in await _partitions(sql)]
    assert len(names) == len(set(names)) == 2 + 8 + AHEAD


async def test_a_new_day_comes(
    store: MariaStore, ready: MakeReady, sql: Sql, consistent: Consistent
) -> None:
    """As days pass, rows that came early stay where they are found, and new days are made."""
    early = NOW + timedelta(days=AHEAD + 2)
    await store.add_events(ready([{"message": "early", "timestamp": early.isoformat()}]))
    later = MariaStore(lambda: early, address=store.pool.address)
    try:
        await later.add_events(ready([{"message": "on time", "timestamp": early.isoformat()}]))
    finally:
        await later.close()
    rows = await sql(f"SELECT message FROM log_events PARTITION (p{early:%Y%m%d})")
    assert sorted(rows) == [("early",), ("on time",)]
    assert await sql("SELECT 1 FROM log_events PARTITION (p_future)") == []
    assert await consistent(store) == 2


async def _partitions(sql: Sql) -> list[Row]:
    return await sql(
        "SELECT PARTITION_NAME, PARTITION_DESCRIPTION FROM information_schema.PARTITIONS"
        " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'log_events'"
    )
