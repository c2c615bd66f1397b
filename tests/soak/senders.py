"""Senders that repeat a batch until it is acknowledged, as the shipper does."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from processes import Service, free_port

_BATCH = 40
_SHAPES = (
    "request {n} took {n} ms",
    "payment {n} failed: card declined",
    "connection refused by upstream 10.0.0.{n}",
    "worker {name} lost its lease on the queue",
)


class Sender:
    """Sends numbered batches to one server until told to stop."""

    def __init__(self, base: str, name: str) -> None:
        self.base = base
        self.name = name
        self.messages: list[str] = []
        """What was acknowledged."""
        self.refusals = 0
        self.moments = [time.monotonic()]
        """When it began, and when each batch was acknowledged."""

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`; the last batch too is repeated until it is acknowledged."""
        async with httpx2.AsyncClient(base_url=self.base, timeout=60) as client:
            while not stop.is_set():
                batch = [self._event(len(self.messages) + k) for k in range(_BATCH)]
                while not await self._acknowledged(client, batch):
                    self.refusals += 1
                    await asyncio.sleep(0.1)
                self.messages += [event["message"] for event in batch]
                self.moments.append(time.monotonic())
                await asyncio.sleep(0.05)

    async def _acknowledged(self, client: httpx2.AsyncClient, batch: list[dict[str, Any]]) -> bool:
        try:
            answer = await client.post("/ingest/logs", json=batch)
        except httpx2.TransportError:
            return False
        if answer.status_code == 503:
            return False
        assert answer.status_code == 200, answer.text
        receipt = answer.json()
        assert receipt["accepted"] + receipt["duplicates"] == len(batch), receipt
        return True

    def _event(self, number: int) -> dict[str, Any]:
        """Events of all senders share minutes, hosts and most patterns, and go back in time."""
        shape = _SHAPES[number % len(_SHAPES)]
        moment = datetime(2026, 11, 20, 12, tzinfo=UTC) - timedelta(seconds=number / 10)
        return {
            "uid": f"{self.name}-{number}",
            "timestamp": moment.isoformat(),
            "service": ("shop", "billing")[number % 2],
            "host": ("alpha", "beta", "gamma")[number % 3],
            "message": shape.format(n=number, name=self.name) + f" [{self.name}/{number}]",
        }

    def longest_pause(self) -> float:
        """Seconds between two acknowledgements, at most."""
        return max(b - a for a, b in zip(self.moments, self.moments[1:], strict=False))


class Server(Service):
    """A `devmesh serve` on a port of its own."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Any) -> None:
        self.port = free_port()
        super().__init__(command, {**environment, "DEVMESH_PORT": str(self.port)}, log)

    @property
    def base(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def healthy(self) -> bool:
        """Whether it says that it and its database are well."""
        assert self.pid is not None, self.said
        async with httpx2.AsyncClient(base_url=self.base) as client:
            try:
                return (await client.get("/health", timeout=5)).is_success
            except httpx2.TransportError:
                return False
