"""An export file or stream as a source."""

import asyncio
import hashlib
import logging
import queue
import threading
from pathlib import Path

from shipper.entries import Entry, Reading, WithoutHoles
from shipper.export import ExportParser, shifted
from shipper.streams import open_stream

log = logging.getLogger(__name__)

READ_AHEAD = 2_000
"""Entries parsed in advance. A full queue is how a slow server slows the pipe."""


class ExportSource(WithoutHoles):
    """Entries of one export. `problem` tells, once finished, what of it could not be read.

    `newest_at_us`: shift all times by one amount, so that the newest entry has this wall clock.
    That takes a file, which is read twice.
    """

    def __init__(self, file: str, newest_at_us: int | None = None) -> None:
        self.name = "export-" + ("stdin" if file == "-" else _short(file))
        self.problem: str | None = None
        self._file = file
        self._newest_at_us = newest_at_us
        self._shift_us: int | None = None
        self._ready: queue.Queue[Entry | None] = queue.Queue(READ_AHEAD)
        self._closed = threading.Event()
        self._over = False

    async def start(self, cursor: str | None) -> None:
        if self._newest_at_us is not None:
            newest = await asyncio.to_thread(self._newest_us)
            self._shift_us = self._newest_at_us - newest
        if self._file == "-" or (cursor and not await asyncio.to_thread(self._has, cursor)):
            cursor = None
        # Not a pool's thread: nobody could end one that waits for a pipe.
        threading.Thread(target=self._parse, args=(cursor,), daemon=True).start()

    async def read(self, limit: int, max_bytes: int, wait: float) -> Reading:
        if self._over:
            return Reading(caught_up=True, finished=True)
        entries = self._ready_now(limit)
        if not entries and not self._over:
            entries = await asyncio.to_thread(self._wait, max(wait, 0.05), limit)
        return Reading(entries, caught_up=not entries, finished=self._over)

    async def close(self) -> None:
        self._closed.set()

    def _ready_now(self, limit: int) -> list[Entry]:
        entries: list[Entry] = []
        try:
            while len(entries) < limit:
                entry = self._ready.get_nowait()
                if entry is None:
                    self._over = True
                    break
                entries.append(entry)
        except queue.Empty:
            pass
        return entries

    def _wait(self, seconds: float, limit: int) -> list[Entry]:
        try:
            entry = self._ready.get(timeout=seconds)
        except queue.Empty:
            return []
        if entry is None:
            self._over = True
            return []
        return [entry, *self._ready_now(limit - 1)]

    def _parse(self, after: str | None) -> None:
        """In a thread: parse, from behind the entry `after`, if any."""
        try:
            self._parse_after(after)
        except Exception as error:  # the loop must hear of the end, whatever it was
            log.exception("reading %s failed", self.name)
            self.problem = f"reading failed: {error}"
        self._put(None)

    def _parse_after(self, after: str | None) -> None:
        with open_stream(self._file) as stream:
            parser = ExportParser(stream)
            for parsed in parser:
                entry = parsed if self._shift_us is None else shifted(parsed, self._shift_us)
                if after is not None:
                    after = None if entry[0] == after else after
                    continue
                if not self._put(entry):
                    return
        self.problem = parser.problem

    def _put(self, entry: Entry | None) -> bool:
        while not self._closed.is_set():
            try:
                self._ready.put(entry, timeout=0.2)
                return True
            except queue.Full:
                continue
        return False

    def _newest_us(self) -> int:
        with open_stream(self._file) as stream:
            return max((realtime_us for _, realtime_us, _ in ExportParser(stream)), default=0)

    def _has(self, cursor: str) -> bool:
        shift = "" if self._shift_us is None else f";shift={self._shift_us}"
        if not cursor.endswith(shift):
            return False
        with open_stream(self._file) as stream:
            return any(one + shift == cursor for one, _, _ in ExportParser(stream))


def _short(file: str) -> str:
    return hashlib.blake2b(str(Path(file).resolve()).encode(), digest_size=6).hexdigest()
