"""What was received and is not yet acknowledged, in files that outlive the process.

Messages are appended to segments and made durable in groups. Only what is durable is handed on.
A start never writes into an old segment: what a crash left half written there is passed over.
"""

import asyncio
import contextlib
import logging
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import orjson

from shipper.checkpoint import sync_folder, write_durably
from shipper.errors import BadPosition
from shipper.spool_records import Received, pack, scan

FLUSH_EVERY = 0.2
FLUSH_BYTES = 1 << 20
"""So many bytes waiting are written at once."""

PENDING_MOST = 8 << 20
"""Bytes in memory beyond which nothing more is received, as while the disk is full."""

SEGMENT_BYTES = 16 << 20
RETRY_AFTER = 1.0
VERSION = 1

log = logging.getLogger(__name__)


class Place(NamedTuple):
    """An offset in a segment."""

    segment: int
    offset: int


class Spool:
    """A spool in which about `limit` bytes may wait. Making one reads the newest segment.

    Raises BadPosition if what it keeps of itself cannot be understood.
    """

    def __init__(self, folder: Path, limit: int, clock: Callable[[], float]) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._limit = limit
        self._clock = clock
        self._segment_bytes = min(SEGMENT_BYTES, limit // 8)
        self._sizes = {int(file.stem): file.stat().st_size for file in folder.glob("*.spool")}
        self._active = max(self._sizes, default=0) + 1
        self.id, number = self._identity()
        self._number = max(number, self._last_number())
        self._number_us = int(clock() * 1e6)
        self._skipped = False
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._wanted, self._urgent = asyncio.Event(), asyncio.Event()
        self._writing = asyncio.Lock()
        self._closing = False
        self._acknowledged = Place(0, 0)
        self._room = asyncio.Event()
        self.grown = asyncio.Event()
        """Set whenever there is more to read."""
        self.received = self.dropped = 0
        """Messages since the start of the process."""
        self.durable = (self._number, self._number_us)
        """The last number given to a message, come or dropped, as far as disk knows; its µs."""
        self._look_for_room()

    @property
    def full(self) -> bool:
        """Whether nothing more should be received for now."""
        return not self._room.is_set()

    @property
    def used(self) -> int:
        """Bytes that are not acknowledged, on disk and on the way there."""
        first = self._sizes.get(self._acknowledged.segment, 0)
        done = min(first, self._acknowledged.offset)
        return sum(self._sizes.values()) - done + self._pending_bytes

    async def room(self) -> None:
        """Wait until it is not full."""
        await self._room.wait()

    def add(self, received: Received) -> None:
        """Take a message. The limit is not enforced here: who receives waits for room first."""
        self._number += 1
        self._number_us = received.received_us
        self.received += 1
        record = pack(self._number, received)
        self._pending.append(record)
        self._pending_bytes += len(record)
        self._wanted.set()
        if self._pending_bytes >= FLUSH_BYTES:
            self._urgent.set()
        self._look_for_room()

    def skip(self, count: int) -> None:
        """So many messages were dropped: their numbers will never come."""
        self._number += count
        self._number_us = int(self._clock() * 1e6)
        self._skipped = True
        self.dropped += count
        self._wanted.set()

    def forget(self, acknowledged: Place) -> None:
        """Delete the segments before the one of the newest acknowledged message."""
        self._acknowledged = acknowledged
        # That one stays: its last number is where a later start goes on counting.
        for segment in [one for one in self._sizes if one < acknowledged.segment]:
            self.path(segment).unlink(missing_ok=True)
            del self._sizes[segment]
        self._look_for_room()

    def path(self, segment: int) -> Path:
        """The file of a segment."""
        return self._folder / f"{segment:010d}.spool"

    def segments(self) -> list[Place]:
        """The segments in order, each with the offset behind what of it is durable."""
        return [Place(segment, size) for segment, size in sorted(self._sizes.items())]

    async def keep_writing(self) -> None:
        """Make durable what comes, until closed; while the disk refuses, try again."""
        while not self._closing:
            await self._wanted.wait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._urgent.wait(), FLUSH_EVERY)
            try:
                await self._flush()
            except OSError as error:
                log.error("the spool cannot be written, trying again: %s", error)
                await asyncio.sleep(RETRY_AFTER)

    async def close(self) -> None:
        """Make the rest durable. Raises OSError if the disk refuses."""
        self._closing = True
        self._wanted.set()
        self._urgent.set()
        await self._flush()

    async def _flush(self) -> None:
        async with self._writing:
            self._wanted.clear()
            self._urgent.clear()
            records, self._pending = self._pending, []
            durable = (self._number, self._number_us)
            if self._sizes.get(self._active, 0) >= self._segment_bytes:
                self._active += 1
            place = Place(self._active, self._sizes.get(self._active, 0))
            data = b"".join(records)
            try:
                if self._skipped:
                    await asyncio.to_thread(self._write_identity, self.id, durable[0])
                    self._skipped = False
                if data:
                    await asyncio.to_thread(self._write, place, data)
            except OSError:
                self._pending = records + self._pending
                self._wanted.set()
                raise
            if data:
                self._sizes[place.segment] = place.offset + len(data)
                self._pending_bytes -= len(data)
            self.durable = durable
            self._look_for_room()
            self.grown.set()

    def _write(self, place: Place, data: bytes) -> None:
        """At a fixed offset, so that after a failure the same bytes are written over."""
        file = os.open(self.path(place.segment), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            done = 0
            while done < len(data):
                done += os.pwrite(file, memoryview(data)[done:], place.offset + done)
            os.fdatasync(file)
        finally:
            os.close(file)
        if place.offset == 0:
            sync_folder(self._folder)

    def _look_for_room(self) -> None:
        if self.used < self._limit and self._pending_bytes < PENDING_MOST:
            self._room.set()
        else:
            self._room.clear()

    def _identity(self) -> tuple[str, int]:
        """The random id that makes cursors of this spool unlike any other's, and a number."""
        file = self._folder / "spool.json"
        if not file.exists():
            new = secrets.token_hex(16)
            self._write_identity(new, 0)
            return new, 0
        try:
            saved = orjson.loads(file.read_bytes())
            if saved["version"] != VERSION:
                raise ValueError(f"version {saved['version']} is not {VERSION}")
            return str(saved["id"]), int(saved["number"])
        except (ValueError, KeyError, TypeError) as error:
            raise BadPosition(
                f"{file} is damaged ({error}). Restore it from a backup, or delete it: what the "
                "spool holds is then sent under new ids, some of it perhaps a second time"
            ) from error

    def _write_identity(self, own_id: str, number: int) -> None:
        saved = {"version": VERSION, "id": own_id, "number": number}
        write_durably(self._folder / "spool.json", orjson.dumps(saved))

    def _last_number(self) -> int:
        """The number of the last whole record."""
        for segment in sorted(self._sizes, reverse=True):
            piece = self.path(segment).read_bytes()
            records, _, _ = scan(piece, len(piece), complete=True)
            if records:
                return records[-1].number
        return 0
