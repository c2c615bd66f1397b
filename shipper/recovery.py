"""When to look for entries that were passed over, and what to do with what is gone."""

import logging
from collections.abc import Awaitable, Callable

from shipper.entries import Entries, Entry, Hole, MappedEntry, Source, Tail
from shipper.gaps import Ledger
from shipper.progress import Progress

LOOK_EVERY = 30.0
"""Seconds between looks, while following and with nothing missing."""

ENTRIES = 500
SIZE = 1024 * 1024

Deliver = Callable[[Entries], Awaitable[None]]

log = logging.getLogger(__name__)


class Recovery:
    """Looks after the ledger's holes and the journal's tail whenever reading has caught up."""

    def __init__(self, source: Source, progress: Progress, follow: bool) -> None:
        self._source = source
        self._progress = progress
        self._follow = follow
        self._looked: float | None = None
        self._unsure = False
        self._ends: dict[str, tuple[int, int]] = {}
        self._swept_tail = False

    def due(self, now: float) -> bool:
        """Whether to look, with reading caught up; `now` is a monotonic clock in seconds."""
        ledger = self._progress.ledger
        if ledger is None:
            return False
        if self._unsure or ledger.holes() or self._looked is None:
            return True
        return now - self._looked >= LOOK_EVERY

    async def look(self, now: float, deliver: Deliver) -> bool:
        """Sweep if something is missing; whether there may be more to read now.

        Call it with everything read acknowledged. `deliver` returns when entries are, too.
        """
        ledger = self._progress.ledger
        if ledger is None or not self.due(now):
            return False
        self._looked = now
        tail = await self._source.tail()
        # Between the last read and now more may have been written: what is beyond the end of
        # reading counts only if it still is after everything has been read once more.
        before, self._ends = self._ends, await self._source.ends()
        if self._unsure and ledger.behind(before):
            ledger.expect(before)
        beyond = tail is Tail.BEYOND and (self._follow or not self._swept_tail)
        self._unsure = not beyond and (tail is Tail.UNSURE or ledger.behind(self._ends))
        if beyond or (ledger.holes() and not self._unsure):
            await self._sweep(ledger, deliver, beyond)
            return True
        return self._unsure

    async def _sweep(self, ledger: Ledger, deliver: Deliver, beyond: bool) -> None:
        newest = await self._pass(deliver, ledger.begin_sweep(), beyond)
        if beyond:  # only now it is known what is missing before the tail
            await self._pass(deliver, ledger.holes(), False)
        lost = ledger.settle()
        if lost:
            log.error("%d entries of %s are lost for good", lost, self._source.name)
        self._swept_tail = self._swept_tail or beyond
        if beyond and newest is not None:
            await self._progress.save(newest[0], newest[1])
        else:
            await self._progress.save()

    async def _pass(
        self, deliver: Deliver, holes: list[Hole], beyond: bool
    ) -> Entry | MappedEntry | None:
        """One pass, delivered; the newest entry that it found."""
        await self._source.sweep(holes, beyond)
        newest: Entry | MappedEntry | None = None
        finished, found = False, 0
        while not finished:
            reading = await self._source.swept(ENTRIES, SIZE)
            newest = newest or next(iter(reading.entries), None)
            found += len(reading.entries)
            await deliver(reading.entries)
            finished = reading.finished
        log.warning("a pass backward through %s found %d entries", self._source.name, found)
        return newest
