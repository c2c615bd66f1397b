"""Bytes on disk and CPU an event, with page compression and without: `python tests/bench/disk.py`.

EVENTS (300,000) made entries of three days, mapped as the shipper does, into a new private MariaDB
each time. Disk is what the files take (st_blocks) after a clean stop, CPU is of mariadbd from the
first batch to the end of that stop, so that pages written late are counted.
"""

import asyncio
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import orjson
from made_entries import export_text

from shipper.export import ExportParser
from shipper.mapping import to_json
from sql.page_compression import Mode
from sql.pool import Address
from sql.private import PrivateServer
from sql.retention import Retention
from sql.store import Habits, MariaStore
from tools.intake import Arrival, prepare, read_batch
from tools.ports import ReadyEvent

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)
SPAN = timedelta(days=3)
BATCH = 500
INDEXES = """
SELECT SUBSTRING_INDEX(table_name, '#', 1), index_name, SUM(stat_value) * @@innodb_page_size
FROM mysql.innodb_index_stats
WHERE database_name = DATABASE() AND stat_name = 'size' GROUP BY 1, 2 ORDER BY 3 DESC
"""


def bodies(count: int) -> list[bytes]:
    """The events as JSON, as they are sent."""
    first = int((NOW - SPAN).timestamp()) * 1_000_000
    text = b"".join(export_text(count, first, int(SPAN.total_seconds()) * 1_000_000 // count))
    return [to_json(fields, cursor, at)[1] for cursor, at, fields in ExportParser(BytesIO(text))]


def batches(sent: list[bytes]) -> Iterator[list[ReadyEvent]]:
    """The same as the store takes them."""
    for begin in range(0, len(sent), BATCH):
        read, _ = read_batch([orjson.loads(body) for body in sent[begin : begin + BATCH]])
        yield prepare(read, Arrival(NOW, UTC, "bench"))[0]


async def measure(sent: list[bytes], mode: Mode) -> float:
    """Load, stop, print; the bytes on disk an event."""
    ready = list(batches(sent))
    count, raw = len(sent), sum(map(len, sent))
    with tempfile.TemporaryDirectory() as folder:
        private = PrivateServer(Path(folder), ROOT / ".mariadb")
        await private.join()
        address = Address(user=private.user, unix_socket=str(private.socket))
        store = MariaStore(lambda: NOW, address, habits=Habits(page_compression=mode))
        await store.open()
        begun, used = time.perf_counter(), _children()
        for batch in ready:
            await store.add_events(batch)
        seconds = time.perf_counter() - begun
        async with store.pool.connection() as connection:
            await connection.execute("ANALYZE TABLE log_events, log_counts, service_totals")
            indexes = await connection.execute(INDEXES)
        await store.close()
        await private.leave()
        tables = _on_disk(Path(folder) / "data" / address.database)
        print(
            f"page_compression={mode}: {sum(tables.values()) / raw:.3f} of the raw JSON "
            f"({sum(tables.values()) / count:.0f} of {raw / count:.0f} bytes an event), "
            f"{(_children() - used) * 1e6 / count:.0f} us of mariadbd's CPU an event, "
            f"{count / seconds:.0f} events/s"
        )
        for table, size in sorted(tables.items(), key=lambda one: -one[1])[:3]:
            print(f"  {table:14} {size / count:7.1f} bytes an event on disk")
        for table, index, size in indexes if mode == "off" else ():
            if float(size) > count:
                print(f"  {table:14} {index:12} {float(size) / count:7.1f} bytes an event in pages")
        await _drop(private, address, mode)
        return sum(tables.values()) / count


async def _drop(private: PrivateServer, address: Address, mode: Mode) -> None:
    await private.join()
    retention = Retention.parse("1d")
    store = MariaStore(
        lambda: NOW, address, habits=Habits(retention=retention, page_compression=mode)
    )
    begun = time.perf_counter()
    outcome = await store.upkeep.run("bench")
    print(f"  {outcome.text}: {(time.perf_counter() - begun) * 1000:.0f} ms")
    await store.close()
    await private.leave()


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _on_disk(folder: Path) -> dict[str, int]:
    os.sync()
    tables: dict[str, int] = {}
    for file in folder.glob("*.ibd"):
        table = file.stem.partition("#")[0]
        tables[table] = tables.get(table, 0) + file.stat().st_blocks * 512
    return tables


async def main() -> None:
    sent = bodies(int(os.environ.get("EVENTS", "300000")))
    modes: tuple[Mode, ...] = ("off", "on")
    plain, compressed = [await measure(sent, mode) for mode in modes]
    print(f"compressed / plain: {compressed / plain:.3f}")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
