"""A spool as a source: its durable messages in the order in which they came."""

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable

from shipper.entries import MappedEntry, Reading, WithoutHoles
from shipper.spool import Place, Spool
from shipper.spool_records import Received, scan

PIECE = 1 << 20
"""Bytes of a segment read at once: several times the largest record."""

MAPPED_AT_ONCE = 50
"""Messages mapped before the event loop may receive again."""

log = logging.getLogger(__name__)

ToJson = Callable[[Received, str], bytes]
"""A message and its cursor to the event as JSON."""

_PLACE = re.compile(r";p=(\d{1,10}):(\d{1,12});")


class SpoolSource(WithoutHoles):
    """Hands over the spool's messages as events. `host` is who received them."""

    def __init__(self, name: str, spool: Spool, to_json: ToJson, host: str) -> None:
        self.name = name
        self._spool = spool
        self._to_json = to_json
        self._host = host
        self._place = Place(0, 0)

    def forget(self, cursor: str) -> None:
        """Everything up to a cursor is acknowledged: its room is free again."""
        if place := self._own_place(cursor):
            self._spool.forget(place)

    async def start(self, cursor: str | None) -> None:
        # The cursor of an older spool says nothing of this one.
        self._place = (cursor and self._own_place(cursor)) or Place(0, 0)
        self._spool.forget(self._place)

    async def read(self, limit: int, max_bytes: int, wait: float) -> Reading:
        self._spool.grown.clear()
        records = await self._next(limit)
        if not records and wait > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._spool.grown.wait(), wait)
            records = await self._next(limit)
        entries: list[MappedEntry] = []
        for at, (cursor, received) in enumerate(records, 1):
            event = self._to_json(received, cursor)
            entries.append((cursor, received.received_us, (self._host, event, 0)))
            if at % MAPPED_AT_ONCE == 0:
                await asyncio.sleep(0)
        return Reading(entries, caught_up=not entries)

    async def ends(self) -> dict[str, tuple[int, int]]:
        return {self._spool.id: self._spool.durable}

    async def close(self) -> None:
        pass

    async def _next(self, limit: int) -> list[tuple[str, Received]]:
        """The next messages with their cursors, from one segment."""
        for segment, durable in self._spool.segments():
            if segment > self._place.segment:
                self._place = Place(segment, 0)
            while segment == self._place.segment and self._place.offset < durable:
                found = await asyncio.to_thread(self._scan, self._place, durable, limit)
                if found:
                    return found
        return []

    def _scan(self, place: Place, durable: int, limit: int) -> list[tuple[str, Received]]:
        """In a thread: the messages in the piece that begins at a place, which is moved."""
        segment, offset = place
        piece = self._piece(place, min(PIECE, durable - offset))
        complete = offset + len(piece) >= durable or not piece
        records, end, damaged = scan(piece, limit, complete)
        if damaged or not piece:
            self.unreadable += 1
            log.error(
                "%s: %d bytes at %d hold no message, cut off by a crash or damaged",
                self._spool.path(segment),
                damaged or durable - offset,
                offset,
            )
        self._place = Place(segment, offset + end if piece else durable)
        return [
            (self._cursor(number, Place(segment, offset + behind), received), received)
            for number, behind, received in records
        ]

    def _piece(self, place: Place, size: int) -> bytes:
        try:
            with self._spool.path(place.segment).open("rb") as file:
                file.seek(place.offset)
                return file.read(size)
        except FileNotFoundError:
            return b""

    def _cursor(self, number: int, behind: Place, received: Received) -> str:
        # The time is in it for a spool that was restored from a backup, and counts up again.
        place = f"{behind.segment}:{behind.offset}"
        return f"s={self._spool.id};i={number:x};p={place};t={received.received_us:x}"

    def _own_place(self, cursor: str) -> Place | None:
        """The place behind the message that a cursor of this spool names."""
        found = _PLACE.search(cursor) if cursor.startswith(f"s={self._spool.id};") else None
        return Place(int(found[1]), int(found[2])) if found else None
