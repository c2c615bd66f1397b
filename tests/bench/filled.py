"""A store filled by the database itself: millions of events in minutes, as ingest would leave them.

Patterns come from real events that go in through ingest; the rows are copies of these with other
numbers, addresses and times, and the counts are made from the rows.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from sql.literals import rows_of
from sql.pool import Address, Connection
from sql.store import MariaStore
from tools.intake import Arrival, prepare, read_batch

DAYS, SERVICES, HOSTS, HOSTS_EACH = 30, 40, 12, 2
KINDS_EACH = 10
_AT_ONCE = 2
"""Connections that fill at the same time."""

_NAMES = """
order payment session cache queue upload report invoice backup index user token lease job image
thumbnail stream playlist sensor firmware route tunnel certificate volume snapshot mailbox message
attachment feed comment cart coupon shipment ticket calendar contact note album track review
"""
_THINGS = tuple(_NAMES.split())
_SAYINGS = (
    ("INFO", "GET /api/{thing}s/@n@ 200 @n@ms client=@ip@ request_id=@hex@"),
    ("INFO", "{thing} @n@ stored in @n@ ms, @n@ bytes"),
    ("INFO", "Accepted {thing} from @ip@ port @n@ for worker-@n@"),
    ("INFO", "processed @n@ {thing}s, @n@ skipped, next run in @n@s"),
    ("DEBUG", "{thing} cache hit ratio 0.@n@ over @n@ lookups"),
    ("INFO", "connection to {thing}-db-@n@ established after @n@ attempts"),
    ("WARN", "{thing} queue is @n@ entries behind, oldest @n@s"),
    ("WARN", "slow {thing} query took @n@ ms: rows examined @n@"),
    ("ERROR", "{thing} @n@ failed: upstream @ip@:@n@ refused the connection (110: timed out)"),
    ("CRITICAL", "{thing} volume /srv/{thing}/@n@ is full: no space left on device"),
)
_WEIGHTS = (30, 22, 12, 10, 8, 6, 5, 4, 2.5, 0.5)


def services() -> list[str]:
    """The services' names."""
    return [f"{thing}-api.service" for thing in _THINGS[:SERVICES]]


def examples(now: datetime) -> list[dict[str, Any]]:
    """One event of each kind of each service, as a shipper sends them."""
    found: list[dict[str, Any]] = []
    for service, thing in zip(services(), _THINGS, strict=False):
        for level, saying in _SAYINGS[:KINDS_EACH]:
            found.append(
                {
                    "uid": f"{service}-{len(found)}",
                    "timestamp": now.isoformat(),
                    "level": level,
                    "service": service,
                    "host": "host-00",
                    "source": "journald",
                    "event_type": "log",
                    "message": saying.format(thing=thing),
                    "meta_json": _meta(service, thing, random.Random(service)),
                }
            )
    return found


def _meta(service: str, thing: str, dice: random.Random) -> dict[str, str]:
    """The fields that the journal adds to a service's lines."""
    return {
        "_BOOT_ID": f"{dice.getrandbits(128):032x}",
        "_MACHINE_ID": f"{dice.getrandbits(128):032x}",
        "_TRANSPORT": "stdout",
        "_STREAM_ID": f"{dice.getrandbits(128):032x}",
        "PRIORITY": "6",
        "SYSLOG_FACILITY": "3",
        "SYSLOG_IDENTIFIER": f"{thing}-api",
        "_PID": "@n@",
        "_UID": "998",
        "_GID": "998",
        "_COMM": f"{thing}-api",
        "_EXE": f"/opt/{thing}/bin/{thing}-api",
        "_CMDLINE": f"/opt/{thing}/bin/{thing}-api --config /etc/{thing}/api.toml --workers 4",
        "_SYSTEMD_CGROUP": f"/system.slice/{service}",
        "_SYSTEMD_UNIT": service,
        "_SYSTEMD_SLICE": "system.slice",
        "_SYSTEMD_INVOCATION_ID": f"{dice.getrandbits(128):032x}",
        "_SOURCE_REALTIME_TIMESTAMP": "17955310@n@",
    }


@asynccontextmanager
async def filled(address: Address, count: int, now: datetime) -> AsyncIterator[MariaStore]:
    """A store with `count` events of the DAYS before `now`."""
    async with opened(address, now) as store:
        await _fill(store, count, now)
        yield store


@asynccontextmanager
async def opened(address: Address, now: datetime) -> AsyncIterator[MariaStore]:
    """The store on a database; its clock stands at `now`."""
    store = MariaStore(lambda: now, address=address)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def _fill(store: MariaStore, count: int, now: datetime) -> None:
    first = now - timedelta(days=DAYS)
    kinds = examples(now)
    plain = [one | {"message": _filled_in(one["message"])} for one in kinds]
    ready, _ = prepare(read_batch(plain)[0], Arrival(now, UTC, "host-00"))
    days = [first + timedelta(days=day) for day in range(DAYS)]
    # Ingest makes the patterns, and the partitions of all days.
    for day in days:
        uids = (f"{day:%d}{number:014d}".encode() for number in range(len(ready)))
        await store.add_events(
            [e._replace(timestamp=day, uid=u) for e, u in zip(ready, uids, strict=True)]
        )
    async with store.pool.connection() as connection:
        rows = await connection.execute("SELECT hash, id FROM log_patterns")
        known: dict[bytes, int] = dict(rows)
        await _make_kinds(connection, kinds, [known[one.pattern_key] for one in ready])
        for table in ("log_events", "log_counts", "service_totals"):
            await connection.execute(f"DELETE FROM {table}")  # TRUNCATE ends page compression
    each = count // DAYS
    await _side_by_side(store, days, lambda conn, n, day: _fill_day(conn, n * each, each, day))
    dates = [first + timedelta(days=day) for day in range(DAYS + 1)]
    await _side_by_side(store, dates, lambda conn, _, day: _count_day(conn, day))
    async with store.pool.connection() as connection:
        for statement in _AFTERWARDS:
            await connection.execute(statement)
        await _settled(connection)


async def _side_by_side(
    store: MariaStore,
    days: list[datetime],
    work: Callable[[Connection, int, datetime], Awaitable[None]],
) -> None:
    """Every day with its number, _AT_ONCE of them at the same time."""
    left = iter(enumerate(days))

    async def some() -> None:
        async with store.pool.connection() as connection:
            for number, day in left:
                await work(connection, number, day)

    await asyncio.gather(*(some() for _ in range(_AT_ONCE)))


async def _count_day(connection: Connection, day: datetime) -> None:
    for statement in _COUNTS:
        await connection.execute(statement % {"day": day.date()})


async def _settled(connection: Connection) -> None:
    """Until everything is on disk: what is measured next should not wait for it."""
    for statement in _HURRY:
        await connection.execute(statement)
    dirty = 1_000
    while dirty > _FEW_PAGES:
        await asyncio.sleep(0.5)
        [(_, pages)] = await connection.execute(
            "SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'"
        )
        dirty = int(pages)
    for statement in _AS_BEFORE:
        await connection.execute(statement)


def _filled_in(text: str) -> str:
    return text.replace("@n@", "417").replace("@ip@", "203.0.7.9").replace("@hex@", "0a1b2c" * 5)


async def _make_kinds(
    connection: Connection, kinds: list[dict[str, Any]], patterns: list[int]
) -> None:
    """The kinds of lines, each as often as it shall occur among 4,000."""
    await connection.execute("DROP TABLE IF EXISTS bench_kinds")
    await connection.execute(
        "CREATE TABLE bench_kinds (number INT PRIMARY KEY, home INT, level VARCHAR(9), service VARCHAR(99), "
        "message VARCHAR(999), meta_json VARCHAR(2000), pattern_id BIGINT)"
    )
    weights = list(_WEIGHTS[:KINDS_EACH]) * SERVICES
    chosen = random.Random(7).choices(range(len(kinds)), weights, k=4_000)
    rows = [(n, k // KINDS_EACH, *_columns(kinds[k]), patterns[k]) for n, k in enumerate(chosen)]
    await connection.execute(f"INSERT INTO bench_kinds VALUES {rows_of(rows).text}")


def _columns(kind: dict[str, Any]) -> tuple[str, ...]:
    meta = orjson.dumps(kind["meta_json"]).decode()
    return kind["level"], kind["service"], kind["message"], meta


async def _fill_day(connection: Connection, offset: int, count: int, start: datetime) -> None:
    """One day's events, a little at a time, so that no transaction becomes huge."""
    step = 86_400_000_000 // count
    for begin in range(0, count, 50_000):
        size = min(50_000, count - begin)
        await connection.execute(
            _ROWS
            % {
                "first": offset + begin + 1,
                "last": offset + begin + size,
                "before": offset + 1,
                "step": step,
                "start": f"{start.replace(tzinfo=None)}",
            }
        )


def _varied(column: str) -> str:
    """The column with numbers, addresses and ids of its row's own."""
    return (
        f"REPLACE(REPLACE(REPLACE({column}, '@n@', CRC32(r.seq) %% 90000), "
        "'@ip@', CONCAT('203.0.', CRC32(r.seq) %% 256, '.', r.seq %% 254 + 1)), "
        "'@hex@', MD5(r.seq))"
    )


_ROWS = f"""
INSERT INTO log_events (timestamp, source, service, host, level, trace_id, span_id, event_type,
                        error_code, message, meta_json, event_uid, pattern_id)
SELECT TIMESTAMP'%(start)s' + INTERVAL ((r.seq - %(before)s) * %(step)s + CRC32(r.seq) %% %(step)s) MICROSECOND,
       'journald', k.service, CONCAT('host-', LPAD((k.home + CRC32(r.seq + 1) %% {HOSTS_EACH}) %% {HOSTS}, 2, '0')), k.level,
       NULL, NULL, 'log', NULL, {_varied("k.message")}, {_varied("k.meta_json")},
       UNHEX(MD5(r.seq)), k.pattern_id
FROM seq_%(first)s_to_%(last)s AS r
JOIN bench_kinds AS k ON k.number = CRC32(r.seq * 7) %% 4000
"""
_COUNTS = (
    """INSERT INTO log_counts
    SELECT 'minute', DATE_FORMAT(timestamp, '%%Y-%%m-%%d %%H:%%i:00'), pattern_id, host, level,
           COUNT(*), MIN(timestamp), MAX(timestamp)
    FROM log_events WHERE timestamp >= '%(day)s' AND timestamp < '%(day)s' + INTERVAL 1 DAY
    GROUP BY 2, 3, 4, 5""",
    """INSERT INTO log_counts
    SELECT 'hour', DATE_FORMAT(start, '%%Y-%%m-%%d %%H:00:00'), pattern_id, host, level, SUM(count),
           MIN(first_at), MAX(last_at)
    FROM log_counts WHERE span = 'minute' AND start >= '%(day)s' AND start < '%(day)s' + INTERVAL 1 DAY
    GROUP BY 2, 3, 4, 5""",
    """INSERT INTO log_counts
    SELECT 'day', '%(day)s', pattern_id, host, level, SUM(count), MIN(first_at), MAX(last_at)
    FROM log_counts WHERE span = 'hour' AND start >= '%(day)s' AND start < '%(day)s' + INTERVAL 1 DAY
    GROUP BY 2, 3, 4, 5""",
    """INSERT INTO service_totals
    SELECT c.span, c.start, p.service,
           SUM(IF(c.level = 'DEBUG', c.count, 0)), SUM(IF(c.level = 'INFO', c.count, 0)),
           SUM(IF(c.level = 'WARN', c.count, 0)), SUM(IF(c.level = 'ERROR', c.count, 0)),
           SUM(IF(c.level = 'CRITICAL', c.count, 0)), SUM(IF(c.level = 'FATAL', c.count, 0))
    FROM log_counts AS c JOIN log_patterns AS p ON p.id = c.pattern_id
    WHERE c.start >= '%(day)s' AND c.start < '%(day)s' + INTERVAL 1 DAY GROUP BY 1, 2, 3""",
)
_FEW_PAGES = 200
_HURRY = (
    "SET GLOBAL innodb_io_capacity_max = 40000",
    "SET GLOBAL innodb_io_capacity = 20000",
    "SET GLOBAL innodb_max_dirty_pages_pct_lwm = 0",
    "SET GLOBAL innodb_max_dirty_pages_pct = 0",
)
_AS_BEFORE = (
    "SET GLOBAL innodb_max_dirty_pages_pct = 90",
    "SET GLOBAL innodb_io_capacity = 200",
    "SET GLOBAL innodb_io_capacity_max = 2000",
)
_AFTERWARDS = (
    """UPDATE log_patterns AS p JOIN (
        SELECT pattern_id, SUM(count) AS n, MIN(first_at) AS first_at, MAX(last_at) AS last_at
        FROM log_counts WHERE span = 'day' GROUP BY pattern_id
    ) AS c ON c.pattern_id = p.id
    SET p.count = c.n, p.first_seen = c.first_at, p.last_seen = c.last_at""",
    """REPLACE INTO log_hosts
    SELECT host, MAX(last_at), MAX(last_at) FROM log_counts WHERE span = 'day' GROUP BY host""",
    "DROP TABLE bench_kinds",
    "ANALYZE TABLE log_events, log_counts, service_totals, log_patterns",
)


def raw_bytes(now: datetime) -> float:
    """Mean length of an event as the JSON that a shipper sends."""
    sizes = [len(orjson.dumps(one)) for one in examples(now)]
    weights = list(_WEIGHTS[:KINDS_EACH]) * SERVICES
    return sum(s * w for s, w in zip(sizes, weights, strict=True)) / sum(weights)
