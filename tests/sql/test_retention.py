"""Retention: the oldest days go whole, everything counted stays exact, and today is never touched."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sql.kept import Kept
from sql.migrate import migrate
from sql.page_compression import Mode
from sql.partitions import EVENTS
from sql.pool import Address, Pool, Row
from sql.private import PrivateServer
from sql.recount import recount
from sql.retention import Retention
from sql.sizes import Sizes, measure
from sql.statements import migrations
from sql.store import Habits, MariaStore
from tools.errors import DevMeshError, StoreUnavailable
from tools.levels import Level
from tools.ports import Filter, MetricFilter, Page, ReadyEvent, ReadyPoint
from tools.records import DATED_AHEAD, NOT_KEPT, Gap, Heartbeat

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)
FIVE_DAYS = Retention.parse("5d")
MakeReady = Callable[[list[dict[str, Any]]], list[ReadyEvent]]
MakeEvents = Callable[..., list[ReadyEvent]]
Sql = Callable[[str], Awaitable[list[Row]]]


@asynccontextmanager
async def keeping(
    address: Address,
    retention: Retention | None = None,
    now: datetime = NOW,
    compression: Mode = "auto",
) -> AsyncIterator[MariaStore]:
    """A store with a retention on a database; its clock stands at `now`."""
    store = MariaStore(
        lambda: now,
        address=address,
        habits=Habits(retention=retention or Retention(), page_compression=compression),
    )
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def point(moment: datetime, value: float = 1.0) -> ReadyPoint:
    uid = f"{moment.timestamp():16.3f}"[:16].encode()
    return ReadyPoint(uid, moment, "load", value, "", "shop", "alpha", "{}")


async def agree(store: MariaStore, expected: list[ReadyEvent]) -> None:
    """Rows, totals, counts by day and by pattern are those of the expected events."""
    rows = await store.find_events(Filter(), Page(5000))
    assert {event.timestamp for event, _ in rows} == {event.timestamp for event in expected}
    assert len(rows) == await store.count_events(Filter()) == len(expected)
    by_day = await store.count_by(Filter(), None, 86_400, 1000)
    days = Counter(event.timestamp.date() for event in expected)
    assert {one.start.date(): one.count for one in by_day if one.start} == days
    patterns = {(one.service, one.text): one.count for one in await store.pattern_counts(Filter())}
    assert patterns == Counter((event.service, event.pattern) for event in expected)


async def sizes_of(store: MariaStore) -> Sizes:
    async with store.pool.connection() as connection:
        return await measure(connection)


@given(
    st.integers(1, 9), st.sampled_from("dwy"), st.integers(1, 9999), st.sampled_from("MGTP"),
    st.booleans(), st.sampled_from(["{},{}", " {} , {} "]), st.booleans(),
)  # fmt: skip
def test_ages_and_sizes_are_read(
    count: int, unit: str, size: int, letter: str, binary: bool, shape: str, turned: bool
) -> None:
    """Either part alone, or both in any order, in SI and binary units, any case, any spaces."""
    age, size_text = f"{count}{unit}", f"{size * 100}{letter}{'iB' if binary else 'B'}"
    days = {"d": 1, "w": 7, "y": 365}[unit] * count
    most = size * 100 * (1024 if binary else 1000) ** ("MGTP".index(letter) + 2)
    parts = (size_text.lower(), age.upper()) if turned else (age, size_text)
    both = Retention.parse(shape.format(*parts))
    assert (both.age, both.size) == (timedelta(days=days), most)
    assert both.text == ",".join(parts)
    assert Retention.parse(both.text) == both
    assert (Retention.parse(age).age, Retention.parse(age).size) == (both.age, None)
    assert (Retention.parse(size_text).age, Retention.parse(size_text).size) == (None, most)


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    """A text means a retention that reads back as itself, or is refused with what is allowed."""
    try:
        found = Retention.parse(text)
    except ValueError as error:
        assert "30d,50GB" in str(error)
    else:
        assert Retention.parse(found.text) == found
        assert bool(found) == bool(text.strip())


@pytest.mark.parametrize(
    "text",
    ["30", "d", "30x", "30m", "30 days", "23h", "0d", "101y", "1.5d", "-3d", "50G", "99MB", "0GB",
     "1e9B", "30d,", ",", "30d 50GB", "30d,7d", "1GB,2GB", "30d,50GB,1w", "٣d"],
)  # fmt: skip
def test_what_is_no_retention_is_refused_by_its_text(text: str) -> None:
    """The message names what was written."""
    with pytest.raises(ValueError, match="allowed: an age") as refused:
        Retention.parse(text)
    parts = [part.strip() for part in text.split(",")]
    assert str(refused.value).startswith(tuple(map(repr, [text, *parts])))


async def test_days_older_than_the_age_are_dropped(
    database: Address, make_events: MakeEvents, sql: Sql
) -> None:
    """Rows, counts, points, gaps, uids, patterns and vectors of old days go; all others stay exact."""
    events = make_events(600, seed=21, minutes=60 * 24 * 12)
    gaps = [
        Gap(host="alpha", source="j", start=NOW - n * DAY, end=NOW - n * DAY, missing=n)
        for n in (2, 9)
    ]
    points = [point(NOW - n * DAY) for n in range(12)]
    async with keeping(database, FIVE_DAYS) as store:
        await store.add_events(events)
        await store.add_points(points)
        await store.heartbeat(Heartbeat(host="alpha", gaps=gaps))
        await sql(
            f"INSERT INTO undated_events VALUES (x'{'aa' * 16}', '{NOW - 6 * DAY}'),"
            f" (x'{'bb' * 16}', '{NOW - 5 * DAY}')".replace("+00:00", "")
        )
        done = await store.upkeep.run("here")
        first = TODAY - 5 * DAY
        assert done.dropped_before == first
        assert done.dropped_days[-1] == first - DAY
        assert not [day for day in done.dropped_days if day >= first]
        await agree(store, [event for event in events if event.timestamp.date() >= first])
        left = await store.points(MetricFilter("load"), 100)
        assert [one["timestamp"].date() for one in left] == [TODAY - n * DAY for n in range(6)]
        assert [gap.missing for gap in (await store.coverage(Filter())).gaps] == [2]
        assert await sql("SELECT HEX(event_uid) FROM undated_events") == [("B" * 32,)]
        again = await store.upkeep.run("here")
        assert (again.dropped_before, again.dropped_bytes) == (None, 0)


async def test_patterns_whose_rows_are_gone_are_forgotten(
    database: Address, ready: MakeReady, sql: Sql
) -> None:
    """With their vectors; a pattern that also came later stays, and says when it was first seen."""
    raw = [
        {"message": "only then", "timestamp": (NOW - 9 * DAY).isoformat()},
        {"message": "then and now", "timestamp": (NOW - 9 * DAY).isoformat()},
        {"message": "then and now", "timestamp": NOW.isoformat()},
    ]
    async with keeping(database, FIVE_DAYS) as store:
        await store.add_events(ready(raw))
        keys = [one.id for one in await store.pattern_counts(Filter())]
        await store.vectors.want("model", 4)
        await store.vectors.put("model", [(key, bytes(16)) for key in keys])
        assert (await store.upkeep.run("here")).forgotten_patterns == 1
        [kept] = await store.pattern_counts(Filter())
        assert (kept.text, kept.count, kept.first_seen) == ("then and now", 1, NOW)
        assert await sql("SELECT text, count FROM log_patterns") == [("then and now", 2)]
        assert await sql("SELECT pattern_id FROM log_embeddings_4") == [(kept.id,)]


async def test_the_oldest_days_go_until_the_rest_fits(
    database: Address, make_events: MakeEvents
) -> None:
    """Just as many days as it takes, and never today's or later ones."""
    events = make_events(3000, seed=22, minutes=60 * 24 * 6)
    async with keeping(database, compression="off") as plain:
        await plain.add_events(events)
        await plain.upkeep.run("here")
        whole = await sizes_of(plain)
    oldest = sum(size for day, size in whole.days.items() if day <= TODAY - 5 * DAY)
    limit = whole.total - whole.past - oldest - 1
    small = Retention(size=limit, text="small")
    async with keeping(database, small, compression="off") as store:
        done = await store.upkeep.run("here")
        assert done.dropped_before == TODAY - 3 * DAY
        assert done.over_bytes == 0
        await agree(store, [event for event in events if event.timestamp.date() >= TODAY - 3 * DAY])
    async with keeping(database, Retention(size=1, text="tiny")) as store:
        done = await store.upkeep.run("here")
        assert done.dropped_before == TODAY
        assert done.over_bytes > 0 and "still" in done.text
        await agree(store, [event for event in events if event.timestamp.date() >= TODAY])


async def test_whichever_strikes_first(database: Address, make_events: MakeEvents) -> None:
    """Of an age and a size the stricter one decides."""
    events = make_events(800, seed=23, minutes=60 * 24 * 9)
    async with keeping(database, Retention(5 * DAY, 10**12, "5d,1TB")) as store:
        await store.add_events(events)
        assert (await store.upkeep.run("here")).dropped_before == TODAY - 5 * DAY
    async with keeping(database, Retention(5 * DAY, 1, "5d,1B")) as store:
        assert (await store.upkeep.run("here")).dropped_before == TODAY


async def test_without_a_retention_everything_is_kept(
    store: MariaStore, make_events: MakeEvents, ready: MakeReady
) -> None:
    """The upkeep only makes days ahead; any time from 1970 to 2200 is taken."""
    events = make_events(200, seed=24, minutes=60 * 24 * 40)
    events += ready(
        [{"message": "m", "timestamp": f"{year}-01-01T00:00:00Z"} for year in (1970, 2100)]
    )
    await store.add_events(events)
    done = await store.upkeep.run("here")
    assert (done.dropped_before, done.days_ahead) == (None, 3)
    assert await store.window() is None
    await agree(store, events)


async def test_a_dry_run_tells_and_changes_nothing(
    database: Address, make_events: MakeEvents, sql: Sql
) -> None:
    """It names the same days as the run after it, and is not remembered."""
    events = make_events(300, seed=25, minutes=60 * 24 * 9)
    async with keeping(database, FIVE_DAYS) as store:
        await store.add_events(events)
        told = await store.upkeep.run("here", dry_run=True)
        await agree(store, events)
        assert await store.kept_since() is None
        assert (await store.condition()).last_run.at is None
        done = await store.upkeep.run("here")
        assert (told.dropped_before, told.dropped_days) == (done.dropped_before, done.dropped_days)
        assert told.text.startswith(("1", "2", "3", "4", "5", "6", "7", "8", "9"))
        assert "would drop" in told.text and "would" not in done.text
        last = (await store.condition()).last_run
        assert (last.at, last.host, last.did, last.error) == (NOW, "here", done.text, None)


async def test_a_run_cut_short_is_taken_up(
    database: Address, make_events: MakeEvents, sql: Sql
) -> None:
    """With some of its tables emptied and nothing joined, the next run does the rest."""
    events = make_events(300, seed=26, minutes=60 * 24 * 9)
    async with keeping(database, FIVE_DAYS) as store:
        await store.add_events(events)
        first = TODAY - 5 * DAY
        old = [name for name, _ in await _days(sql, "log_events") if name < f"p{first:%Y%m%d}"]
        await sql(f"ALTER TABLE log_events TRUNCATE PARTITION {', '.join(old)}")
        await store.upkeep.run("here")
        await agree(store, [event for event in events if event.timestamp.date() >= first])
        names = [{name for name, _ in await _days(sql, table)} for table in EVENTS]
        assert names[0] == names[1] == names[2] and not names[0] & set(old)


async def test_two_processes_at_once(database: Address, make_events: MakeEvents) -> None:
    """Both end well, and the days are dropped once, with events coming in all the while."""
    events = make_events(600, seed=27, minutes=60 * 24 * 9)
    async with keeping(database, FIVE_DAYS) as one, keeping(database, FIVE_DAYS) as other:
        await one.add_events(events)
        fresh = make_events(800, seed=28, minutes=60 * 24 * 4)
        runs, _ = await asyncio.gather(
            asyncio.gather(one.upkeep.run("one"), other.upkeep.run("other")),
            asyncio.gather(*(other.add_events(fresh[n : n + 100]) for n in range(0, 800, 100))),
        )
        assert [run for run in runs if run.dropped_before]
        first = TODAY - 5 * DAY
        await agree(one, [event for event in events + fresh if event.timestamp.date() >= first])


async def test_a_busy_table_is_waited_for(
    database: Address, make_events: MakeEvents, ready: MakeReady
) -> None:
    """A long read holds the drop up, not the ingest beside it; then the drop goes on."""
    events = make_events(300, seed=29, minutes=60 * 24 * 9)
    async with keeping(database, FIVE_DAYS) as store:
        await store.add_events(events)
        async with store.pool.connection() as reader:
            await reader.begin()
            await reader.execute("SELECT COUNT(*) FROM log_events")
            running = asyncio.create_task(store.upkeep.run("here"))
            await asyncio.sleep(0.5)
            late = ready([{"message": "meanwhile", "timestamp": NOW.isoformat()}])
            assert await asyncio.wait_for(store.add_events(late), 10) == 1
            assert not running.done()
            await reader.rollback()
        assert (await running).dropped_before == TODAY - 5 * DAY


async def test_late_and_early_rows_are_refused_by_the_window(
    database: Address, make_events: MakeEvents
) -> None:
    """From the oldest kept day to the last day made ahead, for an age and after a drop by size."""
    async with keeping(database, FIVE_DAYS) as store:
        window = await store.window()
        assert window is not None
        midnight = datetime(2026, 11, 15, tzinfo=UTC)
        end = datetime(2026, 11, 24, tzinfo=UTC)
        tick = timedelta(microseconds=1)
        assert (window.start, window.end) == (midnight, end)
        for moment, code in (
            (midnight - tick, NOT_KEPT), (midnight, None), (end - tick, None), (end, DATED_AHEAD),
        ):  # fmt: skip
            refused = window.refusal(moment)
            assert (refused and refused["code"]) == code
            assert refused is None or "5d" in refused["rule"]
    tiny = Retention(size=1, text="tiny")
    async with keeping(database, tiny) as store:
        window = await store.window()
        assert window is not None and window.start is None
        await store.add_events(make_events(50, seed=30, minutes=60 * 24 * 3))
        await store.upkeep.run("here")
        window = await store.window()
        assert window is not None and window.start == datetime(2026, 11, 20, tzinfo=UTC)
    async with keeping(database, Retention(size=10**12, text="large")) as store:
        window = await store.window()
        assert window is not None and window.start is None, "a larger size has room again"


async def test_a_late_row_that_slips_in_makes_no_day_and_goes_with_the_next_run(
    database: Address, ready: MakeReady, make_events: MakeEvents, sql: Sql
) -> None:
    """A process that knows no retention may store it; counts agree at every moment."""
    events = make_events(300, seed=31, minutes=60 * 24 * 9)
    late = ready([{"message": "late", "timestamp": (NOW - 8 * DAY).isoformat()}])
    async with keeping(database, FIVE_DAYS) as store, keeping(database) as careless:
        await careless.add_events(events)
        await store.upkeep.run("here")
        kept = [event for event in events if event.timestamp.date() >= TODAY - 5 * DAY]
        assert await careless.add_events(late) == 1
        await agree(store, kept + late)
        assert f"p{TODAY - 8 * DAY:%Y%m%d}" not in dict(await _days(sql, "log_events"))
        assert (await store.upkeep.run("here")).dropped_before == TODAY - 5 * DAY
        await agree(store, kept)


async def test_rows_too_old_for_days_of_their_own_are_deleted(
    database: Address, ready: MakeReady, sql: Sql
) -> None:
    """In the first partition, which holds kept rows too, those before the age go row by row."""
    days = (10, 402, 410, 430, 450)
    raw = [{"message": "m", "timestamp": (NOW - n * DAY).isoformat()} for n in days]
    raw.append({"message": "m", "timestamp": "1970-01-01T00:00:00Z"})
    async with keeping(database, Retention.parse("420d")) as store:
        events = ready(raw)
        await store.add_events(events)
        await store.add_points([point(NOW - n * DAY) for n in days])
        done = await store.upkeep.run("here")
        assert done.dropped_before == TODAY - 420 * DAY
        await agree(store, events[:3])
        assert len(await store.points(MetricFilter("load"), 100)) == 3


async def test_a_forgotten_pattern_that_comes_again_under_another_id(
    database: Address, ready: MakeReady
) -> None:
    """A process that still knows the old id finds the new one: no count goes astray."""

    def said(ago: int, uid: str) -> list[ReadyEvent]:
        moment = (NOW - ago * DAY).isoformat()
        return ready([{"message": "again", "uid": uid, "timestamp": moment}])

    async with keeping(database, FIVE_DAYS) as one, keeping(database, FIVE_DAYS) as other:
        await one.add_events(said(9, "a"))
        await other.upkeep.run("other")
        await other.add_events(said(1, "b"))
        assert await one.add_events(said(0, "c")) == 1
        [pattern] = await one.pattern_counts(Filter())
        assert pattern.count == 2
        assert await one.count_events(Filter()) == 2


async def test_a_forgotten_pattern_that_comes_again_under_its_old_id(
    database: Address, ready: MakeReady
) -> None:
    """A process that still knows it makes it known again."""
    async with keeping(database, FIVE_DAYS) as one, keeping(database, FIVE_DAYS) as other:
        await one.add_events(
            ready([{"message": "m", "timestamp": (NOW - 9 * DAY).isoformat(), "level": "ERROR"}])
        )
        assert (await other.upkeep.run("other")).forgotten_patterns == 1
        await one.add_events(ready([{"message": "m", "timestamp": NOW.isoformat()}]))
        [pattern] = await other.pattern_counts(Filter())
        assert (pattern.count, pattern.first_seen) == (1, NOW)


async def test_coverage_says_what_was_dropped(database: Address, make_events: MakeEvents) -> None:
    """Only when the range reaches back beyond it."""
    async with keeping(database, FIVE_DAYS) as store:
        await store.add_events(make_events(50, seed=32, minutes=60 * 24 * 9))
        assert (await store.coverage(Filter())).kept_since is None
        await store.upkeep.run("here")
        since = datetime(2026, 11, 15, tzinfo=UTC)
        for start, said in ((None, since), (NOW - 6 * DAY, since), (since, None), (NOW, None)):
            assert (await store.coverage(Filter(start=start))).kept_since == said


async def test_a_longer_retention_takes_late_rows_again(database: Address) -> None:
    """What a shorter one dropped stays dropped and said, but is no bound for what comes."""
    pool = Pool(database)
    await migrate(pool)
    try:
        await Kept(pool, pool, lambda: NOW, FIVE_DAYS).drop_before(TODAY - 5 * DAY)
        longer = Kept(pool, pool, lambda: NOW, Retention.parse("30d"))
        await longer.drop_before(TODAY - 30 * DAY)
        assert await longer.since() == datetime(2026, 11, 15, tzinfo=UTC)
        window = await longer.window()
        assert window is not None and window.start == datetime(2026, 10, 21, tzinfo=UTC)
    finally:
        await pool.close()


async def test_rows_from_before_there_were_days(
    database: Address, ready: MakeReady, consistent: Callable[[MariaStore], Awaitable[int]]
) -> None:
    """A database of the release before keeps every count and point, and drops them as others."""
    pool = Pool(database)
    async with keeping(database) as store:
        events = ready(
            [
                {
                    "message": f"{'ab'[n % 2]} {n}",
                    "timestamp": (NOW - n * DAY).isoformat(),
                    "service": "cd"[n % 2],
                    "level": ("INFO", "ERROR")[n % 3 > 0],
                }
                for n in range(9)
            ]
        )
        await store.add_events(events)
        await store.add_points([point(NOW - n * DAY) for n in range(9)])
        async with store.pool.connection() as connection:
            for table in ("log_counts", "metric_events"):
                await connection.execute(f"ALTER TABLE {table} REMOVE PARTITIONING")
            await connection.execute("DROP TABLE service_totals")
            await connection.execute("DELETE FROM schema_migrations WHERE name >= '0012'")
        assert await migrate(store.pool) == [n for n, _ in migrations() if n >= "0012"]
        async with store.pool.connection() as connection:
            undated = await connection.execute("SELECT event_uid FROM undated_events")
            assert undated == [(events[0].uid,)], "the last hour's may be sent again"
            await connection.execute("UPDATE service_totals SET info = info + 7 LIMIT 3")
            await connection.execute("DELETE FROM schema_migrations WHERE name >= '0015'")
        await migrate(store.pool)  # cut short, it is done again
        assert await consistent(store) == 9
    await pool.close()
    async with keeping(database, FIVE_DAYS) as store:
        await agree(store, events)
        await store.upkeep.run("here")
        await agree(store, events[:6])
        assert len(await store.points(MetricFilter("load"), 100)) == 6


@pytest.mark.parametrize("cut_short", [False, True])
async def test_totals_get_a_column_for_each_level(
    database: Address,
    make_events: MakeEvents,
    consistent: Callable[[MariaStore], Awaitable[int]],
    sql: Sql,
    cut_short: bool,
) -> None:
    """Those of the release before are taken over day by day, also when that is done again."""
    async with keeping(database) as store:
        await store.add_events(make_events(500, seed=37, minutes=3 * 24 * 60))
        await sql("CREATE TABLE log_totals LIKE service_totals")
        kinds = ", ".join(f"'{level}'" for level in Level)
        await sql(
            "ALTER TABLE log_totals DROP PRIMARY KEY, ADD COLUMN count BIGINT UNSIGNED NOT NULL, "
            f"ADD COLUMN level ENUM({kinds}) NOT NULL AFTER service, "
            + "".join(f"DROP COLUMN {level.lower()}, " for level in Level)
            + "ADD PRIMARY KEY (span, start, service, level)"
        )
        for level in Level:
            await sql(
                f"INSERT INTO log_totals SELECT span, start, service, '{level}', {level.lower()} "
                f"FROM service_totals WHERE {level.lower()} > 0"
            )
        if cut_short:
            await sql("UPDATE service_totals SET info = info + 7, service = CONCAT(service, '-')")
        else:
            await sql("DROP TABLE service_totals")
        await sql("DELETE FROM schema_migrations WHERE name >= '0018'")
        await migrate(store.pool)
        assert await consistent(store) == 500
        assert not await sql("SHOW TABLES LIKE 'log_totals'")
        days = [
            await sql(
                "SELECT PARTITION_NAME FROM information_schema.PARTITIONS "
                f"WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '{table}'"
            )
            for table in ("log_counts", "service_totals")
        ]
        assert days[0] == days[1] and len(days[0]) > 7


async def test_totals_that_an_older_server_left_too_low_are_made_good(
    database: Address,
    make_events: MakeEvents,
    consistent: Callable[[MariaStore], Awaitable[int]],
    sql: Sql,
) -> None:
    """Also while batches come. It is seen before, told, and gone after; once more it is nothing."""
    async with keeping(database) as store:
        await store.add_events(make_events(900, seed=35, minutes=3 * 24 * 60))
        assert (await store.condition()).miscounted_days == ()
        await sql("UPDATE service_totals SET error = 0 WHERE start >= '2026-11-18'")
        await sql("UPDATE service_totals SET info = info - 1 WHERE info > 1")
        await sql("UPDATE service_totals SET warn = warn - 1 WHERE warn > 1 AND span = 'day'")
        await sql("DELETE FROM service_totals WHERE service < 'm' AND span = 'minute'")
        off = (await store.condition()).miscounted_days
        assert set(off) >= {TODAY, TODAY - DAY, TODAY - 2 * DAY}
        told = await store.upkeep.run("here", dry_run=True)
        assert told.recounted_days == list(off) and "would make the totals of" in told.text
        more = [make_events(40, seed=36 + n, minutes=3 * 24 * 60) for n in range(5)]
        adding = [asyncio.create_task(store.add_events(batch)) for batch in more]
        done = await store.upkeep.run("here")
        await asyncio.gather(*adding)
        assert done.recounted_days and "made the totals of" in done.text
        assert (await store.condition()).miscounted_days == ()
        assert await consistent(store) == 1100
        assert (await store.upkeep.run("here")).recounted_days == []


class Tiring:
    """Runs so many statements of a pool, then is away."""

    def __init__(self, pool: Pool, left: int) -> None:
        self._pool, self._left = pool, left

    async def run(self, name: str, /, **arguments: Any) -> list[Row]:
        if not self._left:
            raise StoreUnavailable("away")
        self._left -= 1
        return await self._pool.run(name, **arguments)


async def test_totals_that_are_made_good_in_part_are_found_again(
    database: Address,
    make_events: MakeEvents,
    consistent: Callable[[MariaStore], Awaitable[int]],
    sql: Sql,
) -> None:
    """Wherever it was cut short, the next run does the rest."""
    async with keeping(database) as store:
        await store.add_events(make_events(500, seed=41, minutes=11 * 60))
        await sql("DELETE FROM service_totals")
        for hours in (1, 13, 23):
            with pytest.raises(StoreUnavailable):
                await recount(cast("Pool", Tiring(store.pool, hours)), TODAY)
            assert (await store.condition()).miscounted_days == (TODAY,)
        assert (await store.upkeep.run("here")).recounted_days == [TODAY]
        assert await consistent(store) == 500


async def test_a_point_sent_twice_is_stored_once(store: MariaStore) -> None:
    """Days of points change nothing about that."""
    points = [point(NOW - n * DAY) for n in range(4)]
    assert await store.add_points(points) == 4
    assert await store.add_points(points) == 0


@pytest.mark.parametrize("mode", ["auto", "on", "off"])
async def test_new_days_are_compressed_where_it_saves_room(
    database: Address, make_events: MakeEvents, sql: Sql, mode: Mode
) -> None:
    """As set; by itself when a trial table shows holes. Older days stay as they are."""
    async with keeping(database, now=NOW - 5 * DAY, compression="off") as before:
        await before.upkeep.run("here")
    async with keeping(database, compression=mode) as store:
        await store.add_events(make_events(100, seed=33))
        [[_, made]] = await sql("SHOW CREATE TABLE log_events")
        lines = {line.split("`")[1]: line for line in made.splitlines() if "PARTITION `p2" in line}
        compressed = {name for name, line in lines.items() if "PAGE_COMPRESSED" in line}
        new = {f"p{TODAY + n * DAY:%Y%m%d}" for n in range(-1, 4)}
        assert compressed <= new
        assert compressed == (set() if mode == "off" else new) or mode == "auto"
        assert not await sql("SHOW TABLES LIKE 'compression_trial'")


async def test_an_account_of_the_database_alone(
    private: PrivateServer, database: Address, make_events: MakeEvents
) -> None:
    """Without PROCESS and RELOAD sizes are estimates and nothing is compressed; all else works."""
    async with keeping(database) as store:
        async with store.pool.connection() as connection:
            await connection.execute("CREATE OR REPLACE USER plain@localhost IDENTIFIED BY 'x'")
            await connection.execute(f"GRANT ALL ON `{database.database}`.* TO plain@localhost")
            await connection.execute("CREATE OR REPLACE USER poor@localhost IDENTIFIED BY 'x'")
            rights = "SELECT, INSERT, UPDATE, DELETE"
            await connection.execute(f"GRANT {rights} ON `{database.database}`.* TO poor@localhost")
    socket = database.unix_socket
    plain = Address(database.database, "plain", "x", unix_socket=socket)
    async with keeping(plain, FIVE_DAYS) as store:
        events = make_events(300, seed=34, minutes=60 * 24 * 9)
        await store.add_events(events)
        assert (await store.upkeep.run("here")).dropped_before == TODAY - 5 * DAY
        found = await store.condition()
        assert not found.sizes.exact and found.sizes.total > 0
        assert found.missing_rights == ()
        await agree(store, [e for e in events if e.timestamp.date() >= TODAY - 5 * DAY])
    later = NOW + 9 * DAY
    poor = MariaStore(
        lambda: later, Address(database.database, "poor", "x", unix_socket=socket),
        habits=Habits(retention=FIVE_DAYS),
    )  # fmt: skip
    try:
        with pytest.raises(DevMeshError, match="denied"):
            await poor.upkeep.run("here")
        assert "denied" in str((await poor.condition()).last_run.error)
        assert (await poor.condition()).missing_rights == ("create", "alter", "drop")
    finally:
        await poor.close()


async def test_reads_by_pattern_and_time_touch_only_their_days(
    store: MariaStore, make_events: MakeEvents, sql: Sql
) -> None:
    """The roll-up in days is read by its keys, within the days of the window alone."""
    await store.add_events(make_events(3000, seed=35, minutes=60 * 24 * 30))
    await sql("ANALYZE TABLE log_counts")
    span = "span = 'minute'"
    window = f"{span} AND start >= '2026-11-18 06:00:00' AND start < '2026-11-19 06:00:00'"
    for where in (window, f"pattern_id IN (1, 2) AND {window}"):
        [plan] = await sql(f"EXPLAIN PARTITIONS SELECT count FROM log_counts WHERE {where}")
        assert (plan[3], plan[4]) == ("p20261118,p20261119", "range")


async def _days(sql: Sql, table: str) -> list[Row]:
    return await sql(
        "SELECT PARTITION_NAME, PARTITION_DESCRIPTION FROM information_schema.PARTITIONS"
        f" WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '{table}'"
        " AND PARTITION_NAME LIKE 'p2%'"
    )


def test_the_oldest_day_has_an_event_no_older_than_the_age() -> None:
    """A day is old when its last moment is."""
    for age, day in (("1d", date(2026, 11, 19)), ("36h", date(2026, 11, 19)), ("37h", date(2026, 11, 18))):  # fmt: skip
        assert Retention.parse(age).oldest_day(NOW) == day
