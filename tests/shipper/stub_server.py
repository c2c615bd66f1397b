"""An ingest server that keeps its rows in memory and misbehaves on request."""

import asyncio
import gzip
import random
from collections import deque
from collections.abc import Callable
from typing import Any

import orjson
import uvicorn
import zstandard
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Event = dict[str, Any]


class StubServer:
    """`rows` by uid as after COMMIT. What it does wrong is set before or between requests."""

    def __init__(self) -> None:
        self.rows: dict[str, Event] = {}
        self.arrived: list[str] = []
        """Uids in the order in which they were stored."""
        self.beats: list[Event] = []
        self.batches: list[int] = []
        self.bodies: list[int] = []
        self.encodings: list[str] = []
        self.knows = {"zstd", "gzip", "identity"}
        self.script: deque[Callable[[], Response | None]] = deque()
        """What to answer the next requests with; None goes the usual way."""
        self.rejects: Callable[[Event], bool] = lambda event: False
        """Listed as rejected, the rest of the batch is taken."""
        self.chokes_on: Callable[[Event], bool] = lambda event: False
        """A batch with such an event is refused as a whole."""
        self.choking_status = 400
        self.token: str | None = None
        self.busy_share = 0.0
        self.lost_ack_share = 0.0
        self._dice = random.Random(7)
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen, on the port of the last time if there was one."""
        app = Starlette(
            routes=[
                Route("/ingest/logs", self._logs, methods=["POST"]),
                Route("/ingest/heartbeat", self._heartbeat, methods=["POST"]),
            ]
        )
        config = uvicorn.Config(
            app, port=self.port, log_level="critical", ws="none", lifespan="off", loop="asyncio"
        )
        self._server = uvicorn.Server(config)
        self._task = asyncio.create_task(self._server._serve())
        while not self._server.started:
            await asyncio.sleep(0.01)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up on everybody."""
        if self._server is None or self._task is None:
            return
        self._server.should_exit = self._server.force_exit = True
        await self._task
        self._server = None

    def seqs(self) -> list[int]:
        """The test's own numbers in the messages ("n=17 …") of all rows, sorted."""
        found = []
        for row in self.rows.values():
            message = row["message"]
            if message.startswith("n="):
                found.append(int(message[2:].split(" ", 1)[0]))
        return sorted(found)

    async def _heartbeat(self, request: Request) -> Response:
        self.beats.append(orjson.loads(await request.body()))
        return JSONResponse({})

    async def _logs(self, request: Request) -> Response:
        body = await request.body()
        encoding = request.headers.get("content-encoding", "identity")
        self.encodings.append(encoding)
        if encoding not in self.knows:
            return JSONResponse({"title": "encoding"}, 415)
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return JSONResponse({"title": "no token"}, 401)
        scripted = self.script.popleft()() if self.script else None
        if scripted is not None:
            return scripted
        if self._dice.random() < self.busy_share:
            return JSONResponse({"title": "busy"}, 503)
        raw = unpack(body, encoding)
        self.bodies.append(len(raw))
        answer = self._store(orjson.loads(raw)["events"])
        if self._dice.random() < self.lost_ack_share:
            return JSONResponse({"title": "committed, but you will not know"}, 502)
        return answer

    def _store(self, events: list[Event]) -> Response:
        self.batches.append(len(events))
        if any(self.chokes_on(event) for event in events):
            return JSONResponse({"title": "poison"}, self.choking_status)
        bad = [at for at, event in enumerate(events) if self.rejects(event)]
        rejected = [
            {"index": at, "field": "message", "rule": "planted", "value": None} for at in bad
        ]
        if len(bad) == len(events):
            return JSONResponse({"title": "all bad", "rejected": rejected}, 422)
        accepted = 0
        for at, event in enumerate(events):
            if at not in bad and event["uid"] not in self.rows:
                accepted += 1
                self.rows[event["uid"]] = event
                self.arrived.append(event["uid"])
        duplicates = len(events) - len(bad) - accepted
        return JSONResponse({"accepted": accepted, "duplicates": duplicates, "rejected": rejected})


def unpack(body: bytes, encoding: str) -> bytes:
    """A request body without its compression."""
    if encoding == "zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(body)
    return gzip.decompress(body) if encoding == "gzip" else body
