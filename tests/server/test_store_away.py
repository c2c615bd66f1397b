"""The database away: 503 with Retry-After, nothing acknowledged lost, recovery by itself."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from server.settings import ServerSettings
from sql.private import PrivateServer

Serving = Callable[[ServerSettings], AbstractAsyncContextManager[httpx2.AsyncClient]]


@pytest.fixture
def alone(mariadb_prefix: Path, tmp_path: Path) -> ServerSettings:
    """Settings of a server with a private MariaDB of its own."""
    return ServerSettings(
        state_dir=tmp_path / "alone", mariadb_prefix=mariadb_prefix, mariadb_buffer_mib=32, port=0
    )


@pytest.fixture
async def own(mariadb_prefix: Path, tmp_path: Path) -> AsyncIterator[PrivateServer]:
    """A MariaDB that the test alone starts, kills and brings back; not running yet."""
    server = PrivateServer(tmp_path / "own", mariadb_prefix, 32)
    yield server
    await server.leave()


def _url(server: PrivateServer) -> SecretStr:
    return SecretStr(f"mysql://{server.user}@localhost/away?unix_socket={server.socket}")


def _kill(server: PrivateServer) -> None:
    os.kill(_pid(server.folder), signal.SIGKILL)


def _pid(folder: Path) -> int:
    return int((folder / "mariadb.pid").read_text())


class _Sender:
    """Sends numbered batches, each again until it is acknowledged, as the shipper does."""

    def __init__(self, client: httpx2.AsyncClient, name: str) -> None:
        self._client = client
        self._name = name
        self.acknowledged = 0
        self.statuses: list[int] = []

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            begin = self.acknowledged
            batch = [
                {"message": f"{self._name} {n}", "uid": f"{self._name}-{n}", "service": self._name,
                 "timestamp": "2026-11-20T12:00:00Z"}
                for n in range(begin, begin + 20)
            ]  # fmt: skip
            answer = await self._client.post("/ingest/logs", json=batch)
            self.statuses.append(answer.status_code)
            if answer.status_code == 200:
                receipt = answer.json()
                assert receipt["accepted"] + receipt["duplicates"] == 20
                self.acknowledged += 20
            elif answer.status_code == 503:
                assert int(answer.headers["retry-after"]) > 0
                assert answer.json()["code"] == "store_unavailable"
                await asyncio.sleep(0.05)


async def _until(condition: Callable[[], bool], tasks: set[asyncio.Task[None]]) -> None:
    """Wait for a condition; a task that fails meanwhile fails the test."""
    async with asyncio.timeout(60):
        while not condition():
            for task in tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.02)


def _acknowledged(sender: _Sender) -> int:
    return sender.acknowledged


def _refused(sender: _Sender) -> int:
    return sender.statuses.count(503)


def _grown(
    senders: list[_Sender], measure: Callable[[_Sender], int], by: int
) -> Callable[[], bool]:
    """Whether every sender's measure has grown by that much since now."""
    marks = [measure(sender) + by for sender in senders]
    return lambda: all(measure(s) >= mark for s, mark in zip(senders, marks, strict=True))


async def _all_there(client: httpx2.AsyncClient, senders: list[_Sender]) -> None:
    for sender in senders:
        service = sender._name
        seen: list[str] = []
        params: dict[str, Any] = {"service": service, "limit": 1000}
        while True:
            page = (await client.get("/query/logs", params=params)).json()
            seen += [row["message"] for row in page["events"]]
            if not page["next_cursor"]:
                break
            params["cursor"] = page["next_cursor"]
        assert len(seen) == len(set(seen)), "a row is there twice"
        assert len(seen) == sender.acknowledged
        assert page["total"] == sender.acknowledged


async def test_a_killed_database_that_somebody_brings_back(
    own: PrivateServer, settings: ServerSettings, serving: Serving
) -> None:
    """Clients see 503 with Retry-After while it is away; every acknowledged event is there once."""
    await own.join()
    async with serving(settings.model_copy(update={"database_url": _url(own)})) as client:
        stop = asyncio.Event()
        senders = [_Sender(client, f"sender{n}") for n in range(3)]
        tasks = {asyncio.create_task(sender.run(stop)) for sender in senders}
        for _ in range(2):
            await _until(_grown(senders, _acknowledged, 40), tasks)
            _kill(own)
            await _until(_grown(senders, _refused, 1), tasks)
            assert (await client.get("/health")).status_code == 503
            answer = await client.get("/query/logs")
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            await own.revive()
        before = [sender.acknowledged for sender in senders]
        await _until(
            lambda: all(s.acknowledged > x for s, x in zip(senders, before, strict=True)), tasks
        )
        stop.set()
        await asyncio.gather(*tasks)
        for sender in senders:
            assert set(sender.statuses) == {200, 503}
        assert (await client.get("/health")).status_code == 200
        await _all_there(client, senders)


async def test_a_killed_private_database_comes_back_by_itself(
    alone: ServerSettings, serving: Serving
) -> None:
    """The server starts its own MariaDB again; clients see success or 503, nothing else."""
    folder = alone.state_dir / "mariadb"
    async with serving(alone) as client:
        assert (await client.get("/health")).status_code == 200
        stop = asyncio.Event()
        senders = [_Sender(client, f"sender{n}") for n in range(3)]
        tasks = {asyncio.create_task(sender.run(stop)) for sender in senders}
        for _ in range(2):
            await _until(_grown(senders, _acknowledged, 40), tasks)
            os.kill(_pid(folder), signal.SIGKILL)
        before = [sender.acknowledged for sender in senders]
        await _until(
            lambda: all(s.acknowledged >= x + 40 for s, x in zip(senders, before, strict=True)),
            tasks,
        )
        stop.set()
        await asyncio.gather(*tasks)
        for sender in senders:
            assert set(sender.statuses) <= {200, 503}
        await _all_there(client, senders)
        pid = _pid(folder)
    assert not Path(f"/proc/{pid}").exists()


async def test_a_database_that_is_away_at_the_start(
    own: PrivateServer, settings: ServerSettings, serving: Serving
) -> None:
    """The app starts without its database, says so with 503, and works once it is there."""
    async with serving(settings.model_copy(update={"database_url": _url(own)})) as client:
        for method, path, body in (
            ("POST", "/ingest/logs", [{"message": "x"}]),
            ("POST", "/ingest/metrics", [{"name": "x", "value": 1}]),
            ("POST", "/ingest/heartbeat", {"host": "x"}),
            ("GET", "/query/logs", None),
            ("GET", "/query/metrics?name=x", None),
            ("GET", "/similar/logs?text=x", None),
            ("GET", "/info", None),
            ("GET", "/health", None),
        ):
            answer = await client.request(method, path, json=body)
            assert answer.status_code == 503, path
            assert int(answer.headers["retry-after"]) > 0
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "store_unavailable"
        assert (await client.get("/docs")).status_code == 503  # whether tokens are asked for
        assert (await client.get("/query/logs?limt=3")).status_code in {422, 503}
        await own.join()
        answer = await client.post("/ingest/logs", json=[{"message": "it is back"}])
        assert answer.status_code == 200, answer.text
        assert (await client.get("/health")).json()["status"] == "ok"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://root@127.0.0.1:1/x",
        "mysql://root@no-such-host.invalid/x",
        "mysql://u:p@localhost/x?unix_socket=/nonexistent",
    ],
)
async def test_an_address_with_nobody_behind_it(
    settings: ServerSettings, serving: Serving, url: str
) -> None:
    """A closed port, an unknown name and a missing socket are each 503, without the password."""
    async with serving(settings.model_copy(update={"database_url": SecretStr(url)})) as client:
        answer = await client.get("/query/logs")
        assert answer.status_code == 503, answer.text
        assert "u:p@" not in answer.text
