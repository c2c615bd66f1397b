"""Events out of the store: exact counts, pages without loss, and plans that never scan."""

import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sql import few_patterns
from sql.events_out import READ_SECONDS
from sql.heard import listen
from sql.pool import Pool, Row
from sql.store import MariaStore
from tools.archive_records import HostRecord
from tools.levels import Level
from tools.ports import Filter, MetricFilter, Page, ReadyEvent, ReadyPoint
from tools.records import Event, Gap, Heartbeat

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MakeReady = Callable[[list[dict[str, Any]]], list[ReadyEvent]]
MakeEvents = Callable[..., list[ReadyEvent]]
Sql = Callable[[str], Awaitable[list[Row]]]


def matches(event: ReadyEvent, wanted: Filter) -> bool:
    """Whether an event is in a filter, said in Python."""
    return all(
        (
            wanted.start is None or event.timestamp >= wanted.start,
            wanted.end is None or event.timestamp < wanted.end,
            not wanted.services or event.service in wanted.services,
            wanted.host is None or event.host == wanted.host,
            wanted.source is None or event.source == wanted.source,
            not wanted.levels or event.level in wanted.levels,
            wanted.contains is None or wanted.contains.lower() in event.message.lower(),
            wanted.trace_id is None or event.trace_id == wanted.trace_id,
        )
    )


def random_filter(chance: random.Random, rows: bool, scale: float = 1) -> Filter:
    """A window with cut or whole ends, or open ones, and some columns; `scale` stretches it."""
    start, length = chance.uniform(-5, 95) * scale, chance.choice([0.001, 0.4, 1, 2.5, 30, 200])
    length *= chance.choice([1, scale])
    begin = NOW - timedelta(minutes=start)
    if chance.random() < 0.3:
        begin, length = begin.replace(second=0, microsecond=0), float(round(length + 0.5))
    end = begin + timedelta(minutes=length)
    return Filter(
        start=begin if chance.random() < 0.8 else None,
        end=end if chance.random() < 0.8 else None,
        services=chance.choice([(), (), ("nginx",), ("billing", "cron")]),
        host=chance.choice([None, None, "alpha"]),
        levels=chance.choice(
            [(), (), (Level.ERROR,), (Level.INFO,) * 2, tuple(Level.at_least(Level.WARN))]
        ),
        source=chance.choice([None, "file"]) if rows else None,
        contains=chance.choice([None, "GET", "timed"]) if rows else None,
        trace_id=chance.choice([None, None, "trace-7"]) if rows else None,
    )


def _latest_first(event: ReadyEvent) -> float:
    return -event.timestamp.timestamp()


@pytest.mark.parametrize("scale", [1, 40], ids=["minutes", "days"])
async def test_counts_equal_brute_force(
    store: MariaStore, make_events: MakeEvents, scale: float
) -> None:
    """For random windows, cut days, hours and minutes included, all counts are exact."""
    events = make_events(1500, seed=11, minutes=90 * scale)
    await store.add_events(events)
    ever = {(e.service, e.pattern): e.timestamp for e in sorted(events, key=_latest_first)}
    chance = random.Random(11)
    for number in range(150):
        wanted = random_filter(chance, number % 3 == 0, scale)
        inside = [event for event in events if matches(event, wanted)]
        assert await store.count_events(wanted) == len(inside), wanted
        if not wanted.is_counted:
            continue
        counted = await store.pattern_counts(wanted)
        expected = Counter((event.service, event.pattern) for event in inside)
        assert {(one.service, one.text): one.count for one in counted} == expected, wanted
        for one in counted:
            times = [
                e.timestamp for e in inside if (e.service, e.pattern) == (one.service, one.text)
            ]
            assert (one.first_seen, one.last_seen) == (min(times), max(times)), wanted
        since = chance.choice(events).timestamp
        new = {one.id for one in await store.pattern_counts(wanted, since)}
        assert new == {one.id for one in counted if ever[one.service, one.text] >= since}, wanted


@pytest.mark.parametrize("few", [100, 1], ids=["few", "many"])
@pytest.mark.parametrize("scale", [1, 40], ids=["minutes", "days"])
async def test_timelines_equal_brute_force(
    store: MariaStore,
    make_events: MakeEvents,
    monkeypatch: pytest.MonkeyPatch,
    scale: float,
    few: int,
) -> None:
    """For random windows, columns and intervals each group has its exact count, whether its
    patterns are few or many.
    """
    monkeypatch.setattr(few_patterns, "_FEW", few)
    events = make_events(1500, seed=14, minutes=90 * scale)
    await store.add_events(events)
    chance = random.Random(14)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    for number in range(120):
        wanted = random_filter(chance, number % 4 == 0, scale)
        column = chance.choice(["service", "host", "level", "source", None])
        width = chance.choice([None, 60, 300, 1800, 3600, 7200, 86_400, 90])
        expected: Counter[tuple[str | None, datetime | None]] = Counter()
        for event in events:
            if matches(event, wanted):
                step = timedelta(seconds=width) if width else None
                start = event.timestamp - (event.timestamp - epoch) % step if step else None
                expected[getattr(event, column) if column else None, start] += 1
        found = await store.count_by(wanted, column, width, 10_000)
        assert {(row.name, row.start): row.count for row in found} == expected, (wanted, width)


@pytest.mark.parametrize("column", ["service", "host"])
@pytest.mark.parametrize("wanted", [Filter(), Filter(host="NAS")], ids=["all", "host"])
async def test_spellings_of_one_name_count_together(
    store: MariaStore, ready: MakeReady, column: str, wanted: Filter
) -> None:
    """Names that differ in case alone are one, as in a filter, on whatever days they come."""
    spelled = [("nginx", "nas", 0), ("Nginx", "NAS", 0), ("NGINX", "Nas", 26), ("nginx", "nas", 90)]
    raw = [
        {
            "service": service,
            "host": host,
            "timestamp": (NOW - timedelta(hours=hours)).isoformat(),
            "message": "started",
        }
        for service, host, hours in spelled
    ]
    await store.add_events(ready(raw))
    [row] = await store.count_by(wanted, column, None, 10)
    assert row.name and row.name.lower() in ("nginx", "nas")
    assert row.count == len(spelled)


@pytest.mark.parametrize("scale", [1, 40], ids=["minutes", "days"])
async def test_rows_equal_brute_force(
    store: MariaStore, make_events: MakeEvents, scale: float
) -> None:
    """For random filters the newest and the oldest rows are the right ones in order."""
    events = make_events(600, seed=12, minutes=90 * scale)
    await store.add_events(events)
    chance = random.Random(12)
    for _ in range(60):
        wanted = random_filter(chance, True, scale)
        inside = sorted(event.timestamp for event in events if matches(event, wanted))
        newest = await store.find_events(wanted, Page(20))
        oldest = await store.find_events(wanted, Page(20, newest_first=False))
        assert [event.timestamp for event, _ in newest] == inside[::-1][:20], wanted
        assert [event.timestamp for event, _ in oldest] == inside[:20], wanted


async def test_patterns_have_hosts_and_samples(store: MariaStore, make_events: MakeEvents) -> None:
    """Each pattern's hosts and newest rows are those of the window."""
    events = make_events(600, seed=13)
    await store.add_events(events)
    for wanted in (
        Filter(),
        Filter(start=NOW - timedelta(minutes=20), end=NOW - timedelta(minutes=10)),
        Filter(host="beta", levels=(Level.ERROR,)),
    ):
        counted = await store.pattern_counts(wanted)
        ids = [one.id for one in counted]
        hosts = await store.pattern_hosts(wanted, ids)
        samples = await store.newest_of(wanted, ids, 3)
        for one in counted:
            inside = [e for e in events if e.pattern == one.text and matches(e, wanted)]
            assert set(hosts[one.id]) == {event.host for event in inside}
            newest = sorted((event.timestamp for event in inside), reverse=True)[:3]
            assert [event.timestamp for event in samples[one.id]] == newest
    assert await store.pattern_hosts(Filter(), []) == {}
    assert await store.newest_of(Filter(), [], 3) == {}


@pytest.mark.parametrize("step", [timedelta(seconds=1), timedelta(hours=17)])
@pytest.mark.parametrize("newest_first", [True, False])
async def test_pages_visit_each_row_once(
    store: MariaStore, ready: MakeReady, newest_first: bool, step: timedelta
) -> None:
    """Page after page in either order each row comes exactly once, many of one time included."""
    chance = random.Random(5)
    raw = [
        {
            "message": f"line {number}",
            "service": chance.choice(["web", "db"]),
            "timestamp": (NOW - chance.randrange(8) * step).isoformat(),
        }
        for number in range(230)
    ]
    await store.add_events(ready(raw))
    for wanted, total in (
        (Filter(), 230),
        (Filter(services=("web",)), None),
        (Filter(end=NOW), None),
    ):
        for limit in (1, 7, 50) if total else (7,):
            seen = [event async for event in pages(store, wanted, limit, newest_first)]
            places = [(event.timestamp, event.id) for event in seen]
            assert places == sorted(set(places), reverse=newest_first)
            assert len(seen) == (total or await store.count_events(wanted))


async def pages(
    store: MariaStore, wanted: Filter, limit: int, newest_first: bool
) -> AsyncIterator[Event]:
    """Every event of a filter, page by page."""
    after = None
    while rows := await store.find_events(wanted, Page(limit, newest_first, after)):
        for event, _ in rows:
            yield event
        after = (rows[-1][0].timestamp, rows[-1][0].id)


async def test_offset_and_single_events(store: MariaStore, make_events: MakeEvents) -> None:
    """An offset passes over rows; an event is found by its id and no other."""
    await store.add_events(make_events(40, seed=6))
    everything = [event async for event in pages(store, Filter(), 50, True)]
    rows = await store.find_events(Filter(), Page(5, offset=10))
    assert [event.id for event, _ in rows] == [event.id for event in everything[10:15]]
    assert await store.event(everything[3].id) == everything[3]
    assert await store.event(10**12) is None
    assert await store.find_events(Filter(), Page(0)) == []


async def test_an_empty_store_answers(store: MariaStore) -> None:
    """Without a row every read gives nothing, and no error."""
    assert await store.find_events(Filter(), Page(10)) == []
    assert await store.count_events(Filter()) == 0
    assert await store.count_events(Filter(contains="x")) == 0
    assert await store.pattern_counts(Filter()) == []
    assert await store.event(1) is None
    assert (await store.coverage(Filter())).hosts == []
    known = await store.catalogue()
    assert (known.services, known.hosts, known.metrics) == ((), (), ())


async def test_coverage_tells_silence_from_absence(store: MariaStore, ready: MakeReady) -> None:
    """Coverage has each host's last event and heartbeat, and the gaps that touch the range."""
    await store.add_events(
        ready(
            [
                {
                    "message": "m",
                    "host": "alpha",
                    "timestamp": (NOW - timedelta(hours=2)).isoformat(),
                },
                {
                    "message": "m",
                    "host": "alpha",
                    "timestamp": (NOW - timedelta(hours=5)).isoformat(),
                },
                {
                    "message": "m",
                    "host": "beta",
                    "timestamp": (NOW - timedelta(hours=1)).isoformat(),
                },
            ]
        )
    )
    gaps = [
        Gap(
            host="alpha",
            source="journald",
            start=NOW - timedelta(hours=h + 1),
            end=NOW - timedelta(hours=h),
            missing=n,
        )
        for h, n in ((1, 10), (4, 200), (9, 3000))
    ]
    await store.heartbeat(Heartbeat(host="alpha", lag_seconds=3.5, gaps=gaps, position=NOW))
    await store.heartbeat(Heartbeat(host="silent", lag_seconds=1, sent=7))
    everywhere = await store.coverage(Filter())
    hosts = {host.host: host for host in everywhere.hosts}
    assert [host.host for host in everywhere.hosts[:2]] == ["beta", "alpha"]
    assert hosts["alpha"].last_event == NOW - timedelta(hours=2)
    assert (hosts["alpha"].last_heartbeat, hosts["alpha"].lag_seconds) == (NOW, 3.5)
    assert hosts["beta"].last_heartbeat is None
    assert (hosts["silent"].last_event, hosts["silent"].last_heartbeat) == (None, NOW)
    assert everywhere.missing == 3210
    window = Filter(start=NOW - timedelta(hours=6), end=NOW - timedelta(hours=3))
    assert [gap.missing for gap in (await store.coverage(window)).gaps] == [200]
    beta = await store.coverage(Filter(host="beta"))
    assert ([host.host for host in beta.hosts], beta.missing) == (["beta"], 0)


async def test_a_gap_told_again_counts_once(store: MariaStore) -> None:
    """Heartbeats repeat what they said; the last word on a gap holds."""
    gap = Gap(host="alpha", source="journald", start=NOW - timedelta(hours=1), end=NOW, missing=5)
    for missing in (5, 5, 8):
        await store.heartbeat(
            Heartbeat(host="alpha", gaps=[gap.model_copy(update={"missing": missing})])
        )
    coverage = await store.coverage(Filter())
    assert (len(coverage.hosts), coverage.missing) == (1, 8)


async def test_an_event_dated_ahead_hides_no_silence(store: MariaStore, ready: MakeReady) -> None:
    """Its host was heard when it came, not at the time it gives."""
    ahead = (NOW + timedelta(days=2)).isoformat()
    await store.add_events(ready([{"message": "m", "host": "alpha", "timestamp": ahead}]))
    record = HostRecord(kind="host", host="alpha", last_event=NOW + timedelta(days=3))
    await store.archive.merge_hosts([record], NOW)
    [host] = (await store.coverage(Filter())).hosts
    assert host.last_event == NOW


async def test_every_read_has_an_end(store: MariaStore) -> None:
    """Those without a limit of their own too; who writes has none."""
    assert [await _limit(pool) for pool in (store.reads, store.pool)] == [READ_SECONDS, 0]


async def _limit(pool: Pool) -> float:
    async with pool.connection() as connection:
        [[limit]] = await connection.execute("SELECT @@max_statement_time")
    return float(limit)


async def test_new_patterns_are_found_by_a_key(
    store: MariaStore, ready: MakeReady, sql: Sql
) -> None:
    """Of thousands of patterns only those are read that came since."""
    await store.add_events(ready([{"message": "m", "timestamp": NOW.isoformat()}]))
    await sql(
        "INSERT INTO log_patterns (hash, service, text, masks, first_seen, count)"
        " SELECT UNHEX(MD5(seq)), 'old', seq, 1, '2026-01-01', 1 FROM seq_1_to_5000"
    )
    await sql("ANALYZE TABLE log_patterns")
    new = _cut_hour(), NOW - timedelta(days=1)
    text = (await _sent(store, sql, lambda s: s.pattern_counts(*new)))[0]
    [plan] = await sql(f"EXPLAIN {text}")
    assert plan[5] == "by_first_seen" and int(plan[8]) < 100, plan


async def test_many_hosts_and_gaps_are_counted(store: MariaStore, ready: MakeReady) -> None:
    """More of either than a coverage lists are said to be there, and counted in."""
    raw = [{"message": "m", "host": f"host-{n}", "timestamp": NOW.isoformat()} for n in range(60)]
    await store.add_events(ready(raw))
    gaps = [
        Gap(host="host-1", source="journald", start=moment, end=moment, missing=number)
        for number in range(1, 31)
        for moment in [NOW - timedelta(minutes=number)]
    ]
    await store.heartbeat(Heartbeat(host="host-1", gaps=gaps))
    coverage = await store.coverage(Filter())
    assert (len(coverage.hosts), coverage.more_hosts) == (50, 10)
    assert (len(coverage.gaps), coverage.more_gaps, coverage.missing) == (20, 10, 465)


Call = Callable[[MariaStore], Awaitable[object]]
HOUR = Filter(start=NOW - timedelta(minutes=60), end=NOW - timedelta(minutes=50))
PLANS: dict[str, Call] = {
    "newest page": lambda s: s.find_events(Filter(), Page(50)),
    "oldest page": lambda s: s.find_events(Filter(), Page(50, newest_first=False)),
    "next page": lambda s: s.find_events(Filter(), Page(50, True, (NOW - timedelta(hours=1), 900))),
    "page before": lambda s: s.find_events(
        Filter(), Page(50, False, (NOW - timedelta(hours=1), 900))
    ),
    "window": lambda s: s.find_events(HOUR, Page(50)),
    "service": lambda s: s.find_events(_hour(services=("nginx", "nginx.service")), Page(50)),
    "host": lambda s: s.find_events(_hour(host="alpha"), Page(50)),
    "level": lambda s: s.find_events(_hour(levels=(Level.ERROR,)), Page(50)),
    "min_level": lambda s: s.find_events(_hour(levels=tuple(Level.at_least(Level.WARN))), Page(50)),
    "trace": lambda s: s.find_events(Filter(trace_id="trace-7"), Page(50)),
    "contains": lambda s: s.find_events(_hour(contains="timed"), Page(50)),
    "count of a service": lambda s: s.count_events(_cut_hour(services=("nginx",))),
    "count rows": lambda s: s.count_events(_hour(contains="timed")),
    "count": lambda s: s.count_events(
        Filter(start=NOW - timedelta(minutes=61.5), end=NOW - timedelta(minutes=3.3))
    ),
    "patterns": lambda s: s.pattern_counts(
        Filter(start=NOW - timedelta(minutes=61.5), levels=(Level.ERROR,))
    ),
    "new patterns": lambda s: s.pattern_counts(
        Filter(start=NOW - timedelta(minutes=61.5)), NOW - timedelta(days=1)
    ),
    "pattern newest": lambda s: s.newest_of(Filter(), [3], 3),
    "pattern newest in window": lambda s: s.newest_of(HOUR, [3], 3),
    "pattern hosts": lambda s: s.pattern_hosts(HOUR, [1, 2, 3]),
    "pattern activity": lambda s: s.pattern_activity(
        Filter(start=NOW - timedelta(minutes=61.5), host="alpha"), 2, 60
    ),
    "counts on hosts": lambda s: s.counts_on(["alpha"], NOW - timedelta(minutes=9.3), NOW),
    "stats": lambda s: s.count_by(Filter(start=NOW - timedelta(minutes=61.5)), "service", 300, 50),
    "stats of a host": lambda s: s.count_by(
        Filter(start=NOW - timedelta(minutes=61.5), host="alpha"), "service", 300, 50
    ),
    "row stats": lambda s: s.count_by(HOUR, "source", None, 50),
    "one event": lambda s: s.event(17),
    "coverage": lambda s: s.coverage(Filter()),
    "catalogue": lambda s: s.catalogue(),
    "points": lambda s: s.points(MetricFilter("cpu", start=NOW - timedelta(hours=1)), 10),
    "buckets": lambda s: s.buckets(MetricFilter("cpu"), 60, "avg", 10),
}


def _hour(**columns: Any) -> Filter:
    return Filter(start=HOUR.start, end=HOUR.end, **columns)


def _cut_hour(**columns: Any) -> Filter:
    start = NOW - timedelta(minutes=70, seconds=30)
    return Filter(start=start, end=start + timedelta(hours=1), **columns)


async def test_no_read_scans_the_rows(store: MariaStore, make_events: MakeEvents, sql: Sql) -> None:
    """Each read, as it is really sent, finds its rows by a key; none walks all of a table."""
    for seed in range(4):
        await store.add_events(make_events(2000, seed, minutes=60 * 20))
    for name in ("cpu", *(f"load{number}" for number in range(9))):
        minutes = [NOW - timedelta(minutes=number) for number in range(300)]
        await store.add_points(
            [
                ReadyPoint(
                    f"{name:8}{number:08}".encode(), at, name, 1.0, "", "shop", "alpha", "{}"
                )
                for number, at in enumerate(minutes)
            ]
        )
    await sql("ANALYZE TABLE log_events, metric_events")
    asked = {name: await _sent(store, sql, call) for name, call in PLANS.items()}
    for name, texts in asked.items():
        assert texts, name
        for text in texts:
            plan = await sql(f"EXPLAIN {text}")
            whole = [row for row in plan if row[2] in _ROWS and _walked(row)]
            assert not whole, (name, plan, text)


_ROWS = {"log_events", "e", "metric_events"}


def _walked(row: Row) -> bool:
    """Whether a table, or the whole of one of its keys, is read to its end."""
    return row[3] == "ALL" or (row[3] == "index" and int(row[8]) > 1000)


async def test_keys_seek(store: MariaStore, make_events: MakeEvents, sql: Sql) -> None:
    """A narrow filter reads few rows: the plan's estimate stays far below the table."""
    for seed in range(4):
        await store.add_events(make_events(2000, seed, minutes=60 * 20))
    await sql("ANALYZE TABLE log_events")
    for name in (
        "window",
        "service",
        "host",
        "level",
        "trace",
        "contains",
        "count rows",
        "pattern newest in window",
        "one event",
    ):
        for text in await _sent(store, sql, PLANS[name]):
            [row] = await sql(f"EXPLAIN {text}")
            assert row[3] in {"range", "ref", "const"}, (name, row)
            assert int(row[8]) < 800, (name, row)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("pattern activity", "log_counts"),
        ("counts on hosts", "log_counts"),
        ("count of a service", "service_totals"),
    ],
)
async def test_counts_seek(
    store: MariaStore, make_events: MakeEvents, sql: Sql, name: str, table: str
) -> None:
    """What occasions and the totals of a service are made of is found by a key of time."""
    for seed in range(4):
        await store.add_events(make_events(2000, seed, minutes=60 * 20))
    await sql(f"ANALYZE TABLE log_events, {table}")
    [(counts,)] = await sql(f"SELECT COUNT(*) FROM {table}")
    [text] = await _sent(store, sql, PLANS[name])
    plan = {row[2]: row for row in await sql(f"EXPLAIN {text}")}
    assert plan["r"][3] == plan["e"][3] == "range", plan
    assert int(plan["r"][8]) < counts / 20 and int(plan["e"][8]) < 200, plan


@pytest.mark.parametrize(("limit", "asked"), [(10, 1), (700, 2)])
@pytest.mark.parametrize("newest_first", [True, False])
async def test_a_page_opens_the_day_where_it_begins(
    store: MariaStore,
    make_events: MakeEvents,
    sql: Sql,
    newest_first: bool,
    limit: int,
    asked: int,
) -> None:
    """Alone, if that fills it; else all of the range is looked through."""
    await store.add_events(make_events(800, seed=5, minutes=8 * 24 * 60))
    page = Page(limit, newest_first, (NOW - timedelta(days=4), 0))
    texts = await _sent(store, sql, lambda s: s.find_events(Filter(), page))
    plans = [(await sql(f"EXPLAIN PARTITIONS {text}"))[0] for text in texts]
    days = [row[3].count("p2026") for row in plans]
    assert len(days) == asked and days[0] <= 2, plans
    assert asked == 1 or days[1] >= 4, plans


async def test_the_parts_of_a_page_share_its_time(
    store: MariaStore, make_events: MakeEvents
) -> None:
    """The second has what the first left of it."""
    await store.add_events(make_events(10, seed=5))
    said = listen()
    await store.find_events(Filter(), Page(50, True, (NOW, 0)))
    limits = [re.search(r"max_statement_time = (\S+)", text) for text in said]
    first, second = (float(limit[1]) for limit in limits if limit)
    assert 0 < second < first <= READ_SECONDS


async def _sent(store: MariaStore, sql: Sql, call: Call) -> list[str]:
    """The SELECTs that a call sends, as the server's own log has them, without their time limit."""
    await sql("SET GLOBAL log_output = 'TABLE'")
    await sql("TRUNCATE TABLE mysql.general_log")
    await sql("SET GLOBAL general_log = 1")
    try:
        await call(store)
    finally:
        await sql("SET GLOBAL general_log = 0")
    rows = await sql(
        "SELECT argument FROM mysql.general_log WHERE command_type = 'Query'"
        " AND argument REGEXP '^(SET STATEMENT|SELECT)' AND argument LIKE '%FROM%'"
    )
    sent = [str(text.decode() if isinstance(text, bytes) else text) for (text,) in rows]
    texts = [text for several in sent for text in several.split(";\n")]
    return [
        text.partition(" FOR\n")[2] if text.startswith("SET STATEMENT") else text for text in texts
    ]
