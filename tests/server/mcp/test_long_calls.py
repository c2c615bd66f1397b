"""Calls that take long tell how long, and end with whoever gave them up."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from mcp import Client

from sql.pool import Address, Pool

Connect = Callable[[], AbstractAsyncContextManager[Client]]
DEVMESH = str(Path(sys.executable).parent / "devmesh")
CALL = ("query_logs", {"contains": "one"})


@pytest.fixture
async def pool(database: Address) -> AsyncIterator[Pool]:
    """A pool of the test's own."""
    pool = Pool(database)
    yield pool
    await pool.close()


@asynccontextmanager
async def _locked(pool: Pool) -> AsyncIterator[None]:
    """While the table is locked, who asks for rows waits."""
    async with pool.connection() as lock:
        await lock.execute("LOCK TABLES log_events WRITE")
        try:
            yield
        finally:
            await lock.execute("UNLOCK TABLES")


async def _settles(pool: Pool, busy: bool) -> bool:
    """Whether there comes to be such a statement, or none, within ten seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(10):
            while bool(await _statements(pool)) is not busy:
                await asyncio.sleep(0.05)
            return True
    return False


async def _statements(pool: Pool) -> list[Any]:
    async with pool.connection() as connection:
        return list(
            await connection.execute(
                "SELECT info FROM information_schema.PROCESSLIST WHERE db = DATABASE() "
                "AND info LIKE '%log_events%' AND info NOT LIKE '%PROCESSLIST%'"
            )
        )


async def test_a_long_call_tells_its_progress(connect: Connect, pool: Pool) -> None:
    """Whoever gave a token hears each second, and gets the answer in the end."""
    heard: list[tuple[float, str | None]] = []
    twice = asyncio.Event()

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, message))
        if len(heard) == 2:
            twice.set()

    async with connect() as models:
        await models.call_tool("ingest_logs", {"events": [{"message": "one"}]})
        async with _locked(pool):
            calling = asyncio.create_task(models.call_tool(*CALL, progress_callback=hear))
            async with asyncio.timeout(20):
                await twice.wait()
        [row] = ((await calling).structured_content or {})["events"]
        assert row["message"] == "one"
    assert [progress for progress, _ in heard] == sorted({progress for progress, _ in heard})
    assert "query_logs" in (heard[0][1] or "")


async def test_a_call_given_up_ends_its_statement(connect: Connect, pool: Pool) -> None:
    """Over either transport, in either era, the client's giving up reaches the database."""
    async with connect() as models:
        await models.call_tool("ingest_logs", {"events": [{"message": "one"}]})
        async with _locked(pool):
            calling = asyncio.create_task(models.call_tool(*CALL))
            assert await _settles(pool, busy=True)
            calling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await calling
            assert await _settles(pool, busy=False)
        assert not (await models.call_tool(*CALL)).is_error


ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}


def _request(number: int, method: str, params: dict[str, Any], modern: bool) -> bytes:
    more = {"_meta": ENVELOPE} if modern else {}
    message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params | more}
    return orjson.dumps(message) + b"\n"


@pytest.mark.parametrize("modern", [False, True])
async def test_the_cancelled_notification_ends_a_statement(
    environment: dict[str, str], spawn: Any, pool: Pool, modern: bool
) -> None:
    """By hand over stdio: what was cancelled is never answered, and the next request is."""
    pipe = asyncio.subprocess.PIPE
    child = await spawn(DEVMESH, "mcp", env=environment, stdin=pipe, stdout=pipe)
    name, arguments = CALL
    if not modern:
        child.stdin.write(_request(1, "initialize", HELLO, modern))
        await child.stdout.readline()
    stored = {"name": "ingest_logs", "arguments": {"events": [{"message": "one"}]}}
    child.stdin.write(_request(2, "tools/call", stored, modern))
    await child.stdout.readline()
    async with _locked(pool):
        call = {"name": name, "arguments": arguments}
        child.stdin.write(_request(3, "tools/call", call, modern))
        assert await _settles(pool, busy=True)
        told = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 3}}
        child.stdin.write(orjson.dumps(told) + b"\n")
        assert await _settles(pool, busy=False)
    child.stdin.write(_request(4, "tools/list", {}, modern))
    answer = orjson.loads(await asyncio.wait_for(child.stdout.readline(), 10))
    assert answer["id"] == 4


@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
async def test_a_connection_that_breaks_ends_its_statement(
    client: httpx2.AsyncClient, pool: Pool, version: str
) -> None:
    """Over HTTP a client that hangs up has given up, whether or not it says so."""
    await client.post("/ingest/logs", json=[{"message": "one"}])
    name, arguments = CALL
    modern = version == "2026-07-28"
    body = _request(1, "tools/call", {"name": name, "arguments": arguments}, modern)
    headers = {
        "accept": "application/json, text/event-stream",
        "content-type": "application/json",
        "mcp-protocol-version": version,
    }
    if modern:
        headers |= {"mcp-method": "tools/call", "mcp-name": name}
    async with _locked(pool):
        calling = asyncio.create_task(client.post("/mcp", content=body, headers=headers))
        assert await _settles(pool, busy=True)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        assert await _settles(pool, busy=False)


async def test_the_cancelled_notification_reaches_a_call_over_http(
    client: httpx2.AsyncClient, pool: Pool
) -> None:
    """In the older protocol it comes in a request of its own, and names a call of its session."""
    headers = {
        "accept": "application/json, text/event-stream",
        "content-type": "application/json",
        "mcp-protocol-version": "2025-11-25",
    }
    post = partial(client.post, "/mcp")
    await client.post("/ingest/logs", json=[{"message": "one"}])
    sessions = [
        (await post(content=_request(1, "initialize", HELLO, False), headers=headers)).headers[
            "mcp-session-id"
        ]
        for _ in range(2)
    ]
    mine, other = [headers | {"mcp-session-id": session} for session in sessions]
    name, arguments = CALL
    call = _request(7, "tools/call", {"name": name, "arguments": arguments}, False)
    told = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
    async with _locked(pool):
        calling = asyncio.create_task(post(content=call, headers=mine))
        assert await _settles(pool, busy=True)
        assert (await post(json=told, headers=other)).status_code == 202
        await asyncio.sleep(0.3)
        assert await _statements(pool), "another session's call of that number goes on"
        assert (await post(json=told, headers=mine)).status_code == 202
        assert await _settles(pool, busy=False)
    answer = await asyncio.wait_for(calling, 10)
    assert "result" not in answer.text
