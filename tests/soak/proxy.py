"""An HTTP proxy that loses acknowledgements, is busy at times, and makes poison of marked events."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

import orjson
import zstandard
from writer import BAD_BATCH, BAD_RECORD

INGEST = b"POST /ingest/logs "


@dataclass(frozen=True)
class Request:
    """A request: its head as received, and its body."""

    head: bytes
    body: bytes

    def header(self, name: bytes) -> bytes:
        """The value of a header, empty when there is none."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.lower() == name:
                return value.strip()
        return b""

    def plain(self) -> bytes:
        """The body without its compression."""
        if self.header(b"content-encoding") == b"zstd":
            return zstandard.ZstdDecompressor().decompressobj().decompress(self.body)
        return self.body

    def with_body(self, body: bytes) -> "Request":
        """The same request with another, uncompressed body."""
        kept = [
            line
            for line in self.head.rstrip().split(b"\r\n")
            if not line.lower().startswith((b"content-length:", b"content-encoding:"))
        ]
        head = b"\r\n".join([*kept, b"content-length: %d" % len(body)])
        return Request(head + b"\r\n\r\n", body)


class Proxy:
    """Listens on `port` and passes on to `server_port`, one request a connection.

    `lossy`: one request in five is answered 503, cut off before it arrives, or delivered without
    its answer. `poisonous`: events with a marker are refused, by the proxy or, spoilt on the way,
    by the server itself. `did` counts all of it.
    """

    def __init__(self, server_port: int, seed: int) -> None:
        self.server_port = server_port
        self.port = 0
        self.lossy = True
        self.poisonous = True
        self.did: Counter[str] = Counter()
        self._dice = random.Random(seed)
        self._listening: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen on a port of the loopback address."""
        self._listening = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more."""
        if self._listening is not None:
            self._listening.close()
            await self._listening.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answer = await self._answer(await read_request(reader))
            if answer:
                writer.write(answer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            self.did["connection lost"] += 1  # one of the two was killed
        finally:
            writer.close()

    async def _answer(self, request: Request) -> bytes | None:
        """What the shipper gets; None hangs up on it."""
        mishap = self._dice.choices(("none", "busy", "cut off", "ack lost"), (80, 7, 4, 9))[0]
        if self.lossy and mishap != "none":
            self.did[mishap] += 1
            if mishap == "busy":
                return response(503, {"title": "busy"})
            await self._pass_on(request, cut=mishap == "cut off")
            return None
        return await self._pass_on(request)

    async def _pass_on(self, request: Request, cut: bool = False) -> bytes:
        if self.poisonous and request.head.startswith(INGEST):
            plain = request.plain()
            if BAD_BATCH.encode() in plain:
                self.did["batch refused"] += 1
                return response(self._dice.choice((400, 413, 422)), {"title": "poison"})
            if BAD_RECORD.encode() in plain:
                self.did["record spoilt"] += 1
                request = request.with_body(spoilt(plain))
        return await self._deliver(request, cut)

    async def _deliver(self, request: Request, cut: bool) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server_port)
        try:
            body = request.body[: len(request.body) // 2] if cut else request.body
            writer.write(request.head[:-2] + b"connection: close\r\n\r\n" + body)
            await writer.drain()
            return b"" if cut else await reader.read()
        finally:
            writer.close()


async def read_request(reader: asyncio.StreamReader) -> Request:
    """The next request of a connection."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(Request(head, b"").header(b"content-length") or 0)
    return Request(head, await reader.readexactly(length))


def response(status: int, body: dict[str, Any]) -> bytes:
    """A whole response that ends its connection."""
    content = orjson.dumps(body)
    head = f"HTTP/1.1 {status} .\r\ncontent-length: {len(content)}\r\nconnection: close\r\n\r\n"
    return head.encode() + content


def spoilt(plain: bytes) -> bytes:
    """A batch whose marked events have a time that no server understands."""
    batch = orjson.loads(plain)
    for event in batch["events"]:
        if BAD_RECORD in event["message"]:
            event["timestamp"] = "spoilt"
    return orjson.dumps(batch)
