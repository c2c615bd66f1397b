"""`make bench-doors`: what the doors add to an answer of 20 rows, in one run on one machine.

A tool call over MCP beside an echo tool of a bare MCPServer, and a query over REST beside a FastAPI
route that gives 20 rows it has in memory. Both peers touch no database. Each is asked over one
connection, and over eight at a time; the rounds of all take turns, and the best of each counts.

usage: doors.py [SECONDS]   of a round, 3 by default
"""

import asyncio
import http.client
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from ingest_rate import BATCH, bodies
from store import PORT, Bench

PEER_PORT = 8978
EVENTS = 20_000
ROWS = 20
ROUNDS = 3
AT_ONCE = (1, 8)
VERSION = "2026-07-28"


@dataclass(frozen=True)
class Door:
    """One thing to ask, and what tells that it answered."""

    name: str
    port: int
    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    mark: bytes = b""

    def ask(self, line: http.client.HTTPConnection) -> None:
        """One request and its whole answer. Raises ValueError for any other than the one wanted."""
        line.request(self.method, self.path, self.body or None, dict(self.headers))
        reply = line.getresponse()
        said = reply.read()
        if reply.status != 200 or self.mark not in said:
            raise ValueError(f"{self.name}: {reply.status} {said[:300]!r}")


def tool_call(name: str, port: int, tool: str, arguments: dict[str, Any], mark: bytes) -> Door:
    """A call of a tool by the stateless protocol."""
    about = {
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": tool, "arguments": arguments, "_meta": about}
    body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
    headers = (
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
        ("MCP-Protocol-Version", VERSION),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", tool),
    )
    return Door(name, port, "POST", "/mcp", body, headers, mark)


DOORS = (
    tool_call("MCP, bare echo", PEER_PORT, "echo", {"text": "hello"}, b"hello"),
    tool_call("MCP, query_logs", PORT, "query_logs", {"limit": ROWS}, b"20 of 20000 events"),
    Door("REST, bare route", PEER_PORT, "GET", "/rows", mark=b'"id":20'),
    Door("REST, /query/logs", PORT, "GET", f"/query/logs?limit={ROWS}", mark=b'"total":20000'),
)


async def main(seconds: float) -> None:
    """Print the rates, the latencies and both ratios."""
    with tempfile.TemporaryDirectory(prefix="devmesh-bench-") as folder:
        bench = Bench(Path(folder))
        await bench.server.join()
        try:
            with bench.serving("bench_doors") as client, _peers():
                for batch in bodies()[: EVENTS // BATCH]:
                    client.post("/ingest/logs", content=batch).raise_for_status()
                _print_all(seconds)
        finally:
            await bench.server.leave()


def _print_all(seconds: float) -> None:
    print(f"answers of {ROWS} rows out of {EVENTS:,}, load {os.getloadavg()[0]:.1f}")
    for at_once in AT_ONCE:
        best: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            for door in DOORS:
                took = _round(door, at_once, seconds)
                best[door.name] = max(best.get(door.name, []), took, key=len)
        print(f"\n{at_once} at a time{'calls/s':>19}{'p50 ms':>10}{'p99 ms':>10}")
        for name, took in best.items():
            row = f"{len(took) / seconds:9,.0f}{_share(took, 0.5):10.2f}{_share(took, 0.99):10.2f}"
            print(f"{name:20}{row}")
        for bare, ours in (DOORS[:2], DOORS[2:]):
            ratio = len(best[ours.name]) / len(best[bare.name])
            print(f"{ours.name} / {bare.name}: {ratio:.2f}")


def _share(took: list[float], share: float) -> float:
    return sorted(took)[int(len(took) * share)] * 1000


def _round(door: Door, at_once: int, seconds: float) -> list[float]:
    """How long each answer took."""
    took: list[float] = []
    end = time.perf_counter() + seconds

    def work() -> None:
        line = http.client.HTTPConnection("127.0.0.1", door.port, timeout=30)
        door.ask(line)  # the connection is made before
        while (began := time.perf_counter()) < end:
            door.ask(line)
            took.append(time.perf_counter() - began)
        line.close()

    workers = [threading.Thread(target=work) for _ in range(at_once)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return took


@contextmanager
def _peers() -> Iterator[None]:
    process = subprocess.Popen([sys.executable, __file__, "peers"])
    try:
        _wait_for(DOORS[2])
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_for(door: Door) -> None:
    for _ in range(300):
        try:
            return door.ask(http.client.HTTPConnection("127.0.0.1", door.port))
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{door.name} did not begin to answer")


def serve_peers() -> None:
    """The bare MCPServer and the bare FastAPI route, on one port."""
    from contextlib import asynccontextmanager

    from fastapi import FastAPI
    from mcp.server import MCPServer

    server = MCPServer("bare", log_level="ERROR")

    @server.tool()
    async def echo(text: str) -> str:
        """Gives the text back."""
        return text

    mounted = server.streamable_http_app(stateless_http=True)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> Any:
        async with server.session_manager.run():
            yield

    app = FastAPI(lifespan=lifespan)
    message = "connect() failed (111: Connection refused) while connecting to upstream"
    rows = [{"id": n + 1, "level": "ERROR", "message": message} for n in range(ROWS)]

    @app.get("/rows")
    async def given() -> list[dict[str, Any]]:
        return rows

    app.mount("/", mounted)
    uvicorn.run(app, port=PEER_PORT, log_level="warning", access_log=False)


if __name__ == "__main__":
    if sys.argv[1:] == ["peers"]:
        serve_peers()
    else:
        asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 3))
