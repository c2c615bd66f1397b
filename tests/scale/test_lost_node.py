"""Two servers on a cluster of three nodes, one of which is killed and brought back."""

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cluster import Cluster, Node
from processes import until
from pydantic import SecretStr
from senders import Sender, Server

from server.app import home
from server.settings import ServerSettings
from tools.ports import Filter
from tools.similar_logs import SIMILAR_LOGS

SEED = int(os.environ.get("SOAK_SEED", "2026"))
MINUTES = float(os.environ.get("SOAK_MINUTES", "0"))
_DATABASE = "devmesh"


@pytest.fixture
async def servers(cluster: Cluster, tmp_path: Path) -> AsyncIterator[list[Server]]:
    """Two `devmesh serve`, of which each begins with another node."""
    made = []
    for number in range(2):
        environment = {
            **os.environ,
            "DEVMESH_STATE_DIR": str(tmp_path / f"state{number}"),
            "DEVMESH_DATABASE_URL": cluster.urls(first=number),
        }
        command = [str(Path(sys.executable).with_name("devmesh")), "serve"]
        made.append(Server(command, environment, tmp_path / f"serve{number}.log"))
    try:
        for server in made:
            await server.start()
        for server in made:
            await until(server.healthy, f"a server: {server.said}", 60)
        yield made
    finally:
        for server in made:
            await server.abandon()


async def test_a_killed_node_loses_and_doubles_nothing(
    cluster: Cluster, servers: list[Server], tmp_path: Path
) -> None:
    """Both servers go on within seconds; in the end all nodes hold what was acknowledged, once."""
    dice = random.Random(SEED)
    stop = asyncio.Event()
    senders = [Sender(s.base, f"sender{n}{k}") for n, s in enumerate(servers) for k in range(2)]
    tasks = [asyncio.create_task(sender.run(stop)) for sender in senders]
    copied = [node.state_transfers() for node in cluster.nodes]
    over = time.monotonic() + 60 * MINUTES
    victim = cluster.nodes[0]
    while True:
        await _more(senders, tasks, 5)
        await asyncio.sleep(dice.uniform(0, 2))
        killed = time.monotonic()
        await asyncio.to_thread(victim.end, signal.SIGKILL)
        await _more(senders, tasks, 3)
        went_on = time.monotonic() - killed
        back = await cluster.bring_back(victim)
        print(f"\nall went on {went_on:.1f} s after the kill; the node was back in {back:.1f} s")
        if time.monotonic() > over:
            break
        victim = dice.choice(cluster.nodes)
    await _more(senders, tasks, 5)
    stop.set()
    await asyncio.gather(*tasks)

    sent = [message for sender in senders for message in sender.messages]
    print(
        f"seed {SEED}: {len(sent)} events acknowledged, longest pause of a sender "
        f"{max(s.longest_pause() for s in senders):.1f} s, refused batches "
        f"{sum(s.refusals for s in senders)}"
    )
    assert [node.state_transfers() for node in cluster.nodes] == copied, "missed, not all, is sent"
    for node in cluster.nodes:
        await _same_everywhere(node, sent)
    for server in servers:
        for order in ("newest", "oldest"):
            assert sorted(await _all_pages(server, order)) == sorted(sent)
    await _likenesses_everywhere(cluster, tmp_path)


async def _more(senders: list[Sender], tasks: list[asyncio.Task[None]], batches: int) -> None:
    """Wait until each sender got so many batches more through."""
    marks = [len(sender.moments) + batches for sender in senders]

    async def all_went_on() -> bool:
        for task in tasks:
            if task.done():
                task.result()
        return all(len(s.moments) >= mark for s, mark in zip(senders, marks, strict=True))

    await until(all_went_on, f"the senders to go on: {[len(s.moments) for s in senders]}", 90)


async def _same_everywhere(node: Node, sent: list[str]) -> None:
    """The node itself holds each message once, and its counts say the same."""
    await until(node.synced, "the node to be in its cluster", 30)
    settings = ServerSettings(database_url=SecretStr(node.url()), state_dir=node.folder)
    async with home(settings) as parts:
        await parts.open()
        assert await parts.store.count_events(Filter()) == len(sent)
        rows = await node.query("SELECT message FROM log_events", _DATABASE)
        assert sorted(message for (message,) in rows) == sorted(sent)
        [(distinct,)] = await node.query(
            "SELECT COUNT(DISTINCT event_uid) FROM log_events", _DATABASE
        )
        assert distinct == len(sent)


async def _all_pages(server: Server, order: str) -> list[str]:
    """Every message, page by page."""
    found: list[str] = []
    params: dict[str, Any] = {"limit": 333, "order": order, "start_time": "2020-01-01"}
    async with httpx2.AsyncClient(base_url=server.base, timeout=60) as client:
        while True:
            page = (await client.get("/query/logs", params=params)).json()
            found += [event["message"] for event in page["events"]]
            if not page["next_cursor"]:
                return found
            params["cursor"] = page["next_cursor"]


async def _likenesses_everywhere(cluster: Cluster, tmp_path: Path) -> None:
    """similar_logs gives the same on every node, from the vectors that lie there."""
    answers, vectors = [], []
    for node in cluster.nodes:
        settings = ServerSettings(database_url=SecretStr(node.url()), state_dir=tmp_path)
        async with home(settings) as parts:
            await parts.catch_up()
            asked = {"text": "upstream refuses connections", "start_time": "2020-01-01"}
            page = await SIMILAR_LOGS.call(asked, await parts.deps())
            answers.append([(p.pattern, p.count, round(p.score, 5)) for p in page.patterns])
        vectors.append(
            await node.query(
                "SELECT pattern_id, HEX(embedding) FROM log_embeddings ORDER BY pattern_id",
                _DATABASE,
            )
        )
    assert "connection refused by upstream" in answers[0][0][0]
    assert answers[0] == answers[1] == answers[2]
    assert vectors[0] and vectors[0] == vectors[1] == vectors[2]
