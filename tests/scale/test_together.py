"""What processes on several nodes do at the same moment is done once."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cluster import Cluster

from sql.leases import Lease
from sql.page_compression import PageCompression
from sql.partitions import AHEAD, EVENTS, Partitions
from sql.store import MariaStore
from tools.intake import Arrival, prepare, read_batch
from tools.ports import Filter, Page, ReadyEvent

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_numbers = itertools.count()


@pytest.fixture
async def stores(cluster: Cluster) -> AsyncIterator[list[MariaStore]]:
    """A store on each node, all on one empty database that none has migrated yet."""
    name = f"together{next(_numbers)}"
    stores = [MariaStore(lambda: NOW, address=node.address(name)) for node in cluster.nodes]
    async with AsyncExitStack() as stack:
        for store in stores:
            stack.push_async_callback(store.close)
        yield stores


def _events(count: int, name: str = "e") -> list[ReadyEvent]:
    """Events of six days, hosts and patterns in common."""
    raw = [
        {
            "uid": f"{name}-{n}",
            "timestamp": (NOW - timedelta(hours=n % 144)).isoformat(),
            "service": "shop",
            "host": ("alpha", "beta")[n % 2],
            "message": f"request {n} took {n} ms",
        }
        for n in range(count)
    ]
    read, refused = read_batch(raw)
    events, untimely = prepare(read, Arrival(NOW, UTC, "sender"))
    assert not refused + untimely
    return events


async def test_an_empty_database_met_by_all(cluster: Cluster, stores: list[MariaStore]) -> None:
    """Migrations, new days, new patterns and overlapping batches from three nodes at once."""
    applied = await asyncio.gather(*(store.open() for store in stores))
    assert sorted(map(len, applied))[:2] == [0, 0]
    events = _events(900)
    stored = await asyncio.gather(
        *(stores[n % 3].add_events(events[n * 50 : n * 50 + 200]) for n in range(15))
    )
    assert sum(stored) == 900
    for store in stores:
        assert await store.count_events(Filter()) == 900
        assert len(await store.find_events(Filter(), Page(1000))) == 900
    for node in cluster.nodes:
        assert await node.query("SHOW STATUS LIKE 'wsrep_cluster_size'") == [
            ("wsrep_cluster_size", "3")
        ]


async def test_new_days_on_all_nodes(cluster: Cluster, stores: list[MariaStore]) -> None:
    """Each makes the days it needs though others change the same table: every day once."""
    await asyncio.gather(*(store.open() for store in stores))
    today = NOW.date()
    await asyncio.gather(
        *(
            Partitions(stores[n % 3].pool, PageCompression()).ensure(
                EVENTS, [today - timedelta(days=n)], today
            )
            for n in range(9)
        )
    )
    for node in cluster.nodes:
        names = await node.query(
            "SELECT PARTITION_NAME FROM information_schema.PARTITIONS"
            " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'log_events'",
            stores[0].pool.address.database,
        )
        assert len(names) == len(set(names)) == 2 + 9 + AHEAD


async def test_what_one_node_acknowledged_all_nodes_show(stores: list[MariaStore]) -> None:
    """A question to any node right after the answer sees the events, however far it lags."""
    await asyncio.gather(*(store.open() for store in stores))
    for turn in range(20):
        await stores[turn % 3].add_events(_events(50, f"turn{turn}"))
        counts = await asyncio.gather(*(store.count_events(Filter()) for store in stores))
        assert counts == [50 * (turn + 1)] * 3


async def test_a_uid_without_a_time_on_two_nodes(stores: list[MariaStore]) -> None:
    """Sent again to another node after the answer was lost, it is stored once."""
    await asyncio.gather(*(store.open() for store in stores))
    read, _ = read_batch([{"message": f"m {n}", "uid": f"u{n}"} for n in range(50)])
    for turn in range(9):
        events, _ = prepare(read, Arrival(NOW + timedelta(seconds=turn), UTC, "sender"))
        await stores[turn % 3].add_events(events)
    assert await stores[0].count_events(Filter()) == 50


async def test_one_holder_of_a_lease(stores: list[MariaStore]) -> None:
    """Of six that reach for it on three nodes one gets it; the next when its time is over."""
    await asyncio.gather(*(store.open() for store in stores))
    leases = [Lease(stores[n % 3].pool, "thing", seconds=1) for n in range(6)]
    for _ in range(3):
        won = await _race(lease.take for lease in leases)
        assert won.count(True) == 1
        assert await leases[won.index(True)].take(), "its own it may renew"
        await asyncio.sleep(1.2)


async def test_vectors_have_one_writer(stores: list[MariaStore]) -> None:
    """Who is not the writer, or no longer, writes nothing."""
    await asyncio.gather(*(store.open() for store in stores))
    await stores[0].add_events(_events(1))
    [pattern] = await stores[0].vectors.waiting("model", 10)
    vector = [(pattern.id, b"\0\0\x80\x3f" + bytes(4 * 383))]
    first, second = stores[0].vectors, stores[1].vectors
    assert await first.writer.take()
    assert not await second.put("model", vector)
    async with first.writer.kept():
        assert await first.put("model", vector)
    assert await second.put("model", vector)
    assert not await first.put("model", vector)


async def _race(work: Any) -> list[bool]:
    return list(await asyncio.gather(*(one() for one in work)))
