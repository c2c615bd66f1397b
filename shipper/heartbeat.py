"""A word to the server now and then: how far, how late, and what is known to be lost."""

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shipper.entries import Source, Span
from shipper.errors import ShipperError
from shipper.gaps import Loss
from shipper.headroom import hours_left
from shipper.progress import Progress
from shipper.send import Sender
from shipper.status import Status, write_status
from tools.records import Gap, Heartbeat

PATH = "/ingest/heartbeat"
EVERY = 30.0
STATUS_EVERY = 2.0
GAPS_AT_ONCE = 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

log = logging.getLogger(__name__)


@dataclass
class Pulse:
    """One source's heartbeat and status file. `host` gives the name that its rows carry."""

    source: Source
    sender: Sender
    progress: Progress
    status_file: Path
    host: Callable[[], str | None]
    """The name that the rows of the source carry, if it is known."""
    clock: Callable[[], float]
    beats: bool = True
    """Whether the server is told: an old export is no sign that anybody is listening."""
    capacity: int | None = None
    """Bytes that the journal may grow to, where that is known."""
    kind: str = "journald"
    """What the source is called in heartbeats and gaps."""
    counts: Callable[[], dict[str, int]] = dict
    """Further numbers for the status, by what they are called."""
    notes: Callable[[], list[str]] = list
    """What the source has to say of itself, in lines for a person."""
    finished: bool = False
    """Whether the source was shipped to its end, with nothing left to do."""
    _span: Span | None = field(default=None, init=False)
    _writing: "asyncio.Task[None] | None" = field(default=None, init=False)

    async def beat_for_ever(self, every: float = EVERY) -> None:
        """Status every two seconds, heartbeat every `every`. Ends by being cancelled."""
        turns = 0
        while True:
            try:
                if turns % max(1, round(every / STATUS_EVERY)) == 0:
                    self._span = await self.source.span()
                    await self.beat()
                await self.note_status()
            except (OSError, ShipperError) as error:  # shipping goes on without
                log.warning("no heartbeat or status this time: %s", error)
            turns += 1
            await asyncio.sleep(min(every, STATUS_EVERY))

    async def beat(self) -> bool:
        """Send one heartbeat; losses it told of are forgotten once it is acknowledged."""
        if not self.beats or self.host() is None:
            return False
        ledger = self.progress.ledger
        losses = ledger.lost[:GAPS_AT_ONCE] if ledger is not None else []
        body = self._heartbeat(losses).model_dump_json().encode()
        told = await self.sender.tell(PATH, body)
        if told and losses and ledger is not None:
            ledger.reported(len(losses))
            await self.progress.save()
        return told

    async def note_status(self) -> None:
        """Write the status file, after the one before: a thread at it outlives its waiter."""
        if self._writing is not None:
            await asyncio.wait({self._writing})
        writing = asyncio.to_thread(write_status, self.status_file, self.status())
        self._writing = asyncio.create_task(writing)
        await asyncio.shield(self._writing)

    def status(self) -> Status:
        """The numbers as of now."""
        ledger, now = self.progress.ledger, self.clock()
        return Status(
            source=self.source.name,
            host=self.host() or "",
            pid=os.getpid(),
            updated=now,
            cursor=self.progress.cursor,
            position_us=self.progress.realtime_us,
            lag_seconds=self._lag(now),
            hours_left=hours_left(self._span, self.progress.realtime_us, self.capacity),
            sent=self.sender.sent,
            duplicates=self.sender.duplicates,
            retried=self.sender.retried,
            dead=self.sender.dead,
            gaps=ledger.lost_in_all if ledger is not None else 0,
            open_holes=len(ledger.holes()) if ledger is not None else 0,
            unreadable=self.source.unreadable,
            restarts=self.source.restarts,
            trouble=self.sender.trouble,
            finished=self.finished,
            counts=self.counts(),
            notes=self.notes(),
        )

    def _lag(self, now: float) -> float | None:
        if self.progress.caught_up:
            return 0.0
        position_us = self.progress.realtime_us
        return None if position_us is None else max(0.0, round(now - position_us / 1e6, 3))

    def _heartbeat(self, losses: list[Loss]) -> Heartbeat:
        status = self.status()
        position_us = status.position_us
        return Heartbeat(
            host=status.host,
            source=self.kind,
            position=None if position_us is None else moment(position_us),
            lag_seconds=status.lag_seconds,
            hours_left=status.hours_left,
            sent=status.sent,
            retried=status.retried,
            dead=status.dead,
            gaps=[
                Gap(
                    host=status.host,
                    source=self.kind,
                    start=moment(loss.start_us),
                    end=moment(loss.end_us),
                    missing=loss.missing,
                )
                for loss in losses
            ],
        )


def moment(microseconds: int) -> datetime:
    """A wall clock in µs since 1970 as an aware datetime, without going through a float."""
    return EPOCH + timedelta(microseconds=microseconds)
