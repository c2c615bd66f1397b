"""`make bench-galera`: ingest into one server and into three nodes, and how long a change takes.

Everything runs on this one machine, one measurement after the other: the three nodes share the
processors that one server has to itself. Ratios between lines of one run mean something.
"""

import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cluster import Cluster, Node, missing_programs

from sql.address import nodes_from_urls
from sql.private import PrivateServer
from sql.store import MariaStore
from tools.intake import Arrival, prepare, read_batch
from tools.ports import Filter, ReadyEvent

ROOT = Path(__file__).resolve().parents[2]
ROWS = int(os.environ.get("BENCH_ROWS", "40000"))
BATCH, AT_ONCE = 500, 4
_SHAPES = (
    '203.0.113.{n} - - "GET /api/orders/{n} HTTP/1.1" 200 {n} "-" "Mozilla/5.0 (X11; Linux x86_64)"',
    "Accepted publickey for deploy from 203.0.113.{n} port {n} ssh2: ED25519 SHA256:4f9a{n}",
    "{n}#{n}: *{n} connect() failed (111: Connection refused) while connecting to upstream",
    "checkpoint complete: wrote {n} buffers; write={n} s, sync=0.{n} s, total={n} s",
)


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def batches(name: str) -> list[list[ReadyEvent]]:
    """Masked and ready: the store alone is measured. Writers share patterns, hosts and minutes."""
    dice = random.Random(name)
    made = []
    for begin in range(0, ROWS, BATCH):
        raw = [
            {
                "uid": f"{name}-{n}",
                "timestamp": (now() - timedelta(milliseconds=ROWS - n)).isoformat(),
                "service": f"service-{n % 4}",
                "host": f"host-{n % 10}",
                "message": _SHAPES[n % 4].replace("{n}", str(dice.randrange(90_000))),
            }
            for n in range(begin, begin + BATCH)
        ]
        read, _ = read_batch(raw)
        made.append(prepare(read, Arrival(now(), UTC, "bench"))[0])
    return made


async def write(urls: str, name: str) -> None:
    """What a writer's process does: get ready, wait for the word, store everything."""
    store = MariaStore(now, address=nodes_from_urls(urls))
    await store.open()
    waiting = batches(name)
    await store.add_events(waiting.pop())
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)

    async def work() -> None:
        while waiting:
            await store.add_events(waiting.pop())

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    await store.close()


async def rate(what: str, writers: list[str]) -> None:
    """Let as many processes as there are URLs write at the same time; rows per second in all."""
    processes = []
    for number, urls in enumerate(writers):
        command = [sys.executable, __file__, urls, f"{what} {number}"]
        pipe = asyncio.subprocess.PIPE
        processes.append(
            await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=ROOT)
        )
    for process in processes:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), 120)
    began = time.monotonic()
    ends = await asyncio.gather(*(process.communicate(b"\n") for process in processes))
    seconds = time.monotonic() - began
    assert not any(process.returncode for process in processes), ends
    rows = (ROWS - BATCH) * len(writers)
    print(f"{what:<46}{rows / seconds:>8.0f} rows/s", flush=True)


async def conflicts(cluster: Cluster) -> int:
    """How many transactions were beaten by one of another node so far."""
    total = 0
    for node in cluster.nodes:
        for name in ("wsrep_local_cert_failures", "wsrep_local_bf_aborts"):
            [[_, count]] = await node.query(f"SHOW STATUS LIKE '{name}'")
            total += int(count)
    return total


async def one_server(folder: Path) -> None:
    """The same with a single MariaDB."""
    server = PrivateServer(folder, ROOT / ".mariadb", 64)
    await server.join()
    url = f"mysql://{server.user}@localhost/devmesh?unix_socket={server.socket}"
    await rate("one server, 1 writer", [url])
    await rate("one server, 2 writers", [url, url])
    await server.leave()


async def three_nodes(folder: Path) -> None:
    """Ingest into a cluster, and the seconds that its changes take."""
    cluster = Cluster(folder, ROOT / ".mariadb")
    began = time.monotonic()
    try:
        await cluster.open()
        print(f"{'three nodes started, two copied whole (SST)':<46}{_since(began)}", flush=True)
        one, other = cluster.urls(0), cluster.urls(1)
        await rate("three nodes, 1 writer", [one])
        before = await conflicts(cluster)
        await rate("three nodes, 2 writers on one node", [one, one])
        between = await conflicts(cluster)
        await rate("three nodes, 2 writers on two nodes", [one, other])
        after = await conflicts(cluster)
        for what, count in (("one node", between - before), ("two nodes", after - between)):
            print(f"  transactions done again, 2 writers on {what}: {count}")
        await changes(cluster, cluster.nodes[0])
    finally:
        await cluster.close()


async def changes(cluster: Cluster, victim: Node) -> None:
    """Kill the node in use, and bring it back."""
    store = MariaStore(now, address=nodes_from_urls(cluster.urls(0)))
    await store.open()
    more = batches("afterwards")
    await store.add_events(more.pop())
    victim.end(signal.SIGKILL)
    began = time.monotonic()
    await store.count_events(Filter(start=now(), end=now()))
    print(f"{'node killed: the next answer to a question':<46}{_since(began)}")
    await store.add_events(more.pop())
    print(f"{'node killed: the next batch committed':<46}{_since(began)}")
    for batch in more:
        await store.add_events(batch)
    back = await cluster.bring_back(victim)
    missed = BATCH * (len(more) + 1)
    print(f"{f'node brought back, {missed} rows missed (IST)':<46}{back:>8.1f} s")
    if victim.state_transfers():
        print("  by a whole copy (SST), not by what it missed alone")
    await store.close()


def _since(began: float) -> str:
    return f"{time.monotonic() - began:>8.1f} s"


async def main() -> None:
    """Measure and print."""
    if lacking := missing_programs(ROOT / ".mariadb"):
        sys.exit(f"missing: {lacking}")
    with tempfile.TemporaryDirectory() as folder:
        await one_server(Path(folder, "one"))
        await three_nodes(Path(folder, "three"))


if __name__ == "__main__":
    asyncio.run(write(*sys.argv[1:]) if sys.argv[1:] else main())
