"""A whole shipper on a small scale: any source, a stub server, a state folder."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from stub_server import StubServer

from shipper.batches import Limits
from shipper.checkpoint import Checkpoint
from shipper.deadletters import DeadLetters
from shipper.entries import Fields, Source
from shipper.events import Converter
from shipper.files_source import FilesSource
from shipper.patience import Patience
from shipper.progress import Progress
from shipper.send import Sender, connect
from shipper.ship import Options, ship


def plain_event(fields: Fields, cursor: str, realtime_us: int) -> tuple[str, bytes]:
    """A mapping that is good enough for everything but the mapping itself."""
    message = fields.get("MESSAGE", b"")
    text = message if isinstance(message, bytes) else b"\n".join(message)
    event = {
        "uid": hashlib.blake2b(cursor.encode(), digest_size=16).hexdigest(),
        "timestamp": realtime_us,
        "host": "lab",
        "message": text.decode(errors="backslashreplace"),
    }
    return "lab", orjson.dumps(event)


@dataclass
class Lab:
    """Ships to `server` and keeps its state in `folder`, as often as it is asked to."""

    server: StubServer
    folder: Path
    token: str | None = None
    limits: Limits = field(default_factory=Limits)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self.checkpoint = Checkpoint(self.folder / "position.json")
        self.dead = DeadLetters(self.folder / "dead.ndjson")

    async def ship(
        self, source: Source, follow: bool = False, ledger: bool = True, in_order: bool = False
    ) -> Sender:
        """Ship from the saved position; what the sender counted."""
        positions = source.positions if isinstance(source, FilesSource) else None
        self.progress = Progress(Checkpoint(self.checkpoint.path), ledger, in_order, positions)
        options = Options(Converter(plain_event), follow, self.limits, self.stop)
        async with connect(self.server.url, self.token) as client:
            sender = Sender(client, self.dead, Patience(self.stop), self.clock)
            try:
                await ship(source, sender, self.progress, options)
            finally:
                await source.close()
        return sender


async def until(true: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for something to become true. Raises AssertionError after `seconds`."""
    give_up = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up, "waited in vain"
        await asyncio.sleep(0.02)
