"""Rows per second over HTTP, beside a bare multi-row INSERT of the same rows by the same driver."""

import asyncio
import io
import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx2
import orjson
import zstandard
from made_entries import export_text

from shipper.export import ExportParser
from shipper.mapping import to_json
from sql.events_in import event_row
from sql.literals import parts_of
from sql.store import MariaStore
from tools.intake import Arrival, prepare, read_batch

if TYPE_CHECKING:
    from store import Bench

ROWS, BATCH, IN_FLIGHT = 100_000, 500, 4
SETTLED_SECONDS = 45
"""After a start a server loads its model and keeps the store up: that is not what is measured."""


def bodies() -> list[bytes]:
    """ROWS events as a shipper sends them, in batches."""
    first = time.time_ns() // 1000 - 3_600_000_000
    entries = ExportParser(io.BytesIO(b"".join(export_text(ROWS, first, 30_000))))
    events = [to_json(fields, f"{at}-{cursor}", at)[1] for cursor, at, fields in entries]
    return [
        b'{"events":[' + b",".join(events[at : at + BATCH]) + b"]}" for at in range(0, ROWS, BATCH)
    ]


async def measure_ingest(bench: "Bench") -> None:
    """Print both rates and their ratio."""
    batches = bodies()
    store = MariaStore(lambda: datetime.now(UTC), address=bench.address("bench_ingest"))
    await store.open()
    with bench.serving("bench_ingest") as client:
        client.post("/ingest/logs", content=batches[0]).raise_for_status()
        await asyncio.sleep(SETTLED_SECONDS)
        ours = await _over_http(str(client.base_url), batches[1:])
    bare = await _bare(store, batches[1:])
    await store.close()
    print(f"ingest, {ROWS:,} events in batches of {BATCH}, load {os.getloadavg()[0]:.1f}")
    print(f"{'HTTP, masked, counted':32}{ours:9,.0f} rows/s   {ours / bare:.2f} of bare")
    print(f"{'bare multi-row INSERT':32}{bare:9,.0f} rows/s")


async def added(url: str) -> float:
    """Microseconds for each of ROWS events that a store did not have."""
    batches = bodies()
    await _over_http(url, batches[:10])  # makes their patterns and the day's partition
    return 1e6 / await _over_http(url, batches[10:])


async def _over_http(url: str, batches: list[bytes]) -> float:
    headers = {"Content-Encoding": "zstd", "Content-Type": "application/json"}
    packed = iter([zstandard.compress(batch) for batch in batches])
    async with httpx2.AsyncClient(base_url=url, timeout=60, headers=headers) as client:

        async def work() -> None:
            for batch in packed:
                (await client.post("/ingest/logs", content=batch)).raise_for_status()

        begin = time.monotonic()
        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
        return len(batches) * BATCH / (time.monotonic() - begin)


async def _bare(store: MariaStore, batches: list[bytes]) -> float:
    """The same rows, made beforehand, into an equal table: nothing but the INSERTs is timed."""
    arrival = Arrival(datetime.now(UTC), UTC, "bench")
    rows = [
        [
            event_row(event, 1)
            for event in prepare(read_batch(orjson.loads(b)["events"])[0], arrival)[0]
        ]
        for b in batches
    ]
    async with store.pool.connection() as connection:
        await connection.execute("CREATE TABLE bare LIKE log_events")
        begin = time.monotonic()
        for batch in rows:
            for part in parts_of(batch):
                await connection.execute(_INSERT + part.text)
        return len(rows) * BATCH / (time.monotonic() - begin)


_INSERT = (
    "INSERT INTO bare (timestamp, source, service, host, level, trace_id, span_id, event_type, "
    "error_code, message, meta_json, event_uid, pattern_id) VALUES "
)
