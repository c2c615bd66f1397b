"""One source on its way to the server, and how it is to be treated."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from shipper.entries import Source
from shipper.events import ToJson
from shipper.file_positions import Positions
from shipper.heartbeat import EVERY, Pulse


@dataclass
class Voyage:
    """A source with what is particular to its kind."""

    source: Source
    follow: bool
    kind: str = "journald"
    """What the source is called in events and heartbeats."""
    keeps_ledger: bool = True
    in_order: bool = False
    """See Ledger."""
    positions: Positions | None = None
    """Of a source of many files."""
    to_json: ToJson | None = None
    """Makes events of entries, where the source hands over entries."""
    beats: bool = True
    services: AbstractSet[str] = frozenset()
    """Those that its events are of, where they are not told by each entry."""
    default_host: str | None = None
    capacity: int | None = None
    counts: Callable[[], dict[str, int]] = dict
    """Further numbers for the status, by what they are called."""
    notes: Callable[[], list[str]] = list
    """What the source has to say of itself, in lines for a person."""
    on_position: Callable[[str], None] = lambda cursor: None
    """Told the cursor up to which everything is acknowledged, durably."""


@contextlib.asynccontextmanager
async def beating(pulse: Pulse, every: float = EVERY) -> AsyncIterator[None]:
    """Heartbeats and status while the body runs, and once more at its end."""
    task = asyncio.create_task(pulse.beat_for_ever(every))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
        await pulse.source.close()
        await pulse.beat()
        await pulse.note_status()
