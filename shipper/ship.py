"""The loop: read, batch, send, and only then move the saved position."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from shipper.batches import Batch, Batcher, Item, Limits
from shipper.entries import Entries, Entry, MappedEntry, Source
from shipper.patience import Stopped
from shipper.progress import Progress
from shipper.recovery import Recovery
from shipper.send import Sender

LONGEST_READ = 0.5


@dataclass
class Options:
    """How to ship. `convert` makes an entry the event that is sent."""

    convert: Callable[[Entry | MappedEntry], Item]
    follow: bool = True
    limits: Limits = field(default_factory=Limits)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    alive: Callable[[], None] = lambda: None
    """Called whenever the loop turns, and at each step of a pass backward."""
    begun: Callable[[], None] = lambda: None
    """Called once the saved position has been found."""
    on_ack: Callable[[int], None] = lambda count: None
    """Told how many entries a batch held when the server has acknowledged it."""
    now: Callable[[], float] = time.monotonic


async def ship(source: Source, sender: Sender, progress: Progress, options: Options) -> None:
    """Ship from the saved position to the end of the source, or for ever with `follow`.

    Returns after a stop was asked for and the batch in flight has been answered. The source is
    left open.
    """
    await source.start(progress.cursor)
    options.begun()
    with contextlib.suppress(Stopped):
        await Loop(source, sender, progress, options).run()


class Loop:
    """One source on its way. The next batch is made while the last one is in flight."""

    def __init__(
        self, source: Source, sender: Sender, progress: Progress, options: Options
    ) -> None:
        self._source = source
        self._sender = sender
        self._progress = progress
        self._options = options
        self._batcher = Batcher(options.limits)
        self._recovery = Recovery(source, progress, options.follow)
        self._caught_up = False
        self._finished = False

    async def run(self) -> None:
        """Ship until the end or a stop."""
        upcoming = asyncio.create_task(self._next_batch())
        try:
            while not self._options.stop.is_set():
                batch = await upcoming
                self._progress.caught_up = batch is None
                pause = batch is None or self._should_look()
                if not pause:
                    upcoming = asyncio.create_task(self._next_batch())
                if batch is not None:
                    await self._sender.send(batch)
                    await self._progress.acknowledged(batch.items)
                    self._options.on_ack(len(batch.items))
                if pause:
                    if not await self._go_on(idle=batch is None):
                        return
                    upcoming = asyncio.create_task(self._next_batch())
        finally:
            await self._end(upcoming)

    @staticmethod
    async def _end(upcoming: asyncio.Task[Batch | None]) -> None:
        """Let a read come to its end: cut off in the middle, its answer would be lost."""
        await asyncio.wait({upcoming}, timeout=2 * LONGEST_READ)
        upcoming.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await upcoming

    def _should_look(self) -> bool:
        """Whether now, at the end of the journal, is the time to look for what was passed over.

        A steady trickle never lets the loop become idle.
        """
        at_end = self._caught_up and not self._batcher
        return at_end and self._options.follow and self._recovery.due(self._options.now())

    async def _go_on(self, idle: bool) -> bool:
        """With nothing in flight, look for what was passed over; whether to read on."""
        if self._options.stop.is_set():
            return False
        more = await self._recovery.look(self._options.now(), self._deliver_found)
        return more or not idle or (self._options.follow and not self._finished)

    async def _deliver_found(self, entries: Entries) -> None:
        """Entries of a pass backward, newest first: they do not move the position."""
        self._options.alive()
        for entry in entries:
            self._batcher.add(self._options.convert(entry), self._options.now())
        while self._batcher:
            batch = self._batcher.take(self._options.now())
            await self._sender.send(batch)
            self._progress.found(batch.items)

    async def _next_batch(self) -> Batch | None:
        """The next batch, or None when there is nothing to send for now."""
        now = self._options.now
        while not self._batcher.due(now()):
            if self._options.stop.is_set():
                return None
            more = await self._read(self._batcher.wait(now()))
            if not more and (not self._batcher or self._finished or not self._options.follow):
                return self._batcher.take(now()) if self._batcher else None
        return self._batcher.take(now())

    async def _read(self, wait: float) -> bool:
        self._options.alive()
        limits = self._options.limits
        room = max(1, limits.entries - len(self._batcher))
        wait = min(wait, LONGEST_READ) if self._options.follow else 0.0
        reading = await self._source.read(room, limits.size, wait)
        for entry in reading.entries:
            self._batcher.add(self._options.convert(entry), self._options.now())
        self._caught_up, self._finished = reading.caught_up, reading.finished
        return bool(reading.entries)
