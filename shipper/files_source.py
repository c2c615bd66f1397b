"""Log files as a source: each in its order, all in turn, followed through rotation."""

import asyncio
import threading
import time
from collections import deque
from dataclasses import dataclass

from shipper.entries import MappedEntry, Reading, WithoutHoles
from shipper.file_content import UNREADABLE, mark_of
from shipper.file_lines import Line
from shipper.file_mapping import LineMapper, Origin
from shipper.file_positions import Positions, Reached, cursor_of
from shipper.file_search import Globs
from shipper.log_file import LogFile
from shipper.roster import Roster

MOST_NOTES = 5


@dataclass(frozen=True)
class Pace:
    """Seconds between looks at a file's end and at the globs, and how long the end of a file that
    is gone is waited for: the rest of its last line when it was rotated, more lines when deleted.
    """

    poll: float = 0.25
    look: float = 2.0
    rest: float = 5.0
    deleted: float = 60.0
    retry: float = 5.0


class FilesSource(WithoutHoles):
    """The files that globs match, those that come later, too, with `follow`."""

    def __init__(
        self,
        globs: Globs,
        mapper: LineMapper,
        follow: bool = True,
        pace: Pace | None = None,
    ) -> None:
        self.name = "files"
        self.positions = Positions()
        self._globs = globs
        self._mapper = mapper
        self._follow = follow
        self._pace = pace or Pace()
        self._roster = Roster(globs, self.positions, follow)
        self._ready: deque[MappedEntry] = deque()
        self._turns: deque[LogFile] = deque()
        self._next_look = 0.0
        self._closed = threading.Event()

    async def start(self, cursor: str | None) -> None:
        await asyncio.to_thread(self._begin)

    async def read(self, limit: int, max_bytes: int, wait: float) -> Reading:
        reading = await asyncio.to_thread(self._read, limit, max_bytes, wait)
        await self.positions.make_known()
        return reading

    async def close(self) -> None:
        self._closed.set()
        await asyncio.to_thread(self._roster.close)

    def problems(self) -> list[str]:
        """What of that which was asked for is not read, in words."""
        not_read = self._globs.skipped | self._roster.troubles()
        return [
            *(f"nothing matches {pattern}" for pattern in self._globs.unmatched),
            *(f"{path} is not read: {why}" for path, why in not_read.items()),
        ]

    def notes(self) -> list[str]:
        """How it stands, in lines for a person."""
        files = list(self._roster.files.values())
        behind = sum(file.behind for file in files)
        problems = self.problems()
        more = len(problems) - MOST_NOTES
        return [
            f"{len(files)} files, {behind} bytes behind, {self._roster.truncated} truncations",
            *problems[:MOST_NOTES],
            *([f"and {more} more like that"] if more > 0 else []),
        ]

    def _begin(self) -> None:
        self._roster.begin()
        self._in_turn()

    def _look(self) -> None:
        began = time.monotonic()
        self._roster.look()
        self._in_turn()
        now = time.monotonic()
        # A tree that takes long to walk must not keep the lines waiting.
        self._next_look = now + max(self._pace.look, 10 * (now - began))

    def _in_turn(self) -> None:
        """New files come last, and the order of the others stays."""
        files = self._roster.files
        kept = [file for file in self._turns if files.get(file.key) is file]
        have = set(map(id, kept))
        self._turns = deque([*kept, *(one for one in files.values() if id(one) not in have)])

    def _read(self, limit: int, max_bytes: int, wait: float) -> Reading:
        until = time.monotonic() + wait
        while not self._closed.is_set():
            if self._follow and time.monotonic() >= self._next_look:
                self._look()
            entries = self._take(limit, max_bytes)
            if entries:
                return Reading(entries)
            left = until - time.monotonic()
            if not self._follow and not self._roster.files:
                return Reading(caught_up=True, finished=True)
            if self._follow and left <= 0:
                break
            if self._follow:
                self._closed.wait(min(self._pace.poll, left))
        return Reading(caught_up=True)

    def _take(self, limit: int, max_bytes: int) -> list[MappedEntry]:
        """What is ready, after as many turns as it takes to have enough."""
        entries: list[MappedEntry] = []
        size = turns = 0
        while len(entries) < limit and size < max_bytes:
            if self._ready:
                entries.append(self._ready.popleft())
                size += len(entries[-1][2][1])
            elif turns == len(self._turns):
                break
            else:
                turns += 1
                self._turns.rotate(-1)
                self._one_turn(self._turns[-1])
        return entries

    def _one_turn(self, file: LogFile) -> None:
        now = time.monotonic()
        if (self._follow and file.look_at > now) or self._roster.files.get(file.key) is not file:
            return
        try:
            lines = self._next_lines(file, now)
            file.trouble = None
        except FileNotFoundError:
            self._roster.lost(file)
            return
        except UNREADABLE as error:
            self._set_aside(file, error, now)
            return
        read_us = time.time_ns() // 1_000
        self._ready.extend(self._entry(file, line, read_us) for line in lines if line.raw.strip())

    def _set_aside(self, file: LogFile, error: Exception, now: float) -> None:
        self._roster.trouble(file, error)
        file.look_at = now + self._pace.retry
        if not self._follow:
            self._roster.drop(file)

    def _next_lines(self, file: LogFile, now: float) -> list[Line]:
        gone = file.moved or file.deleted or not self._follow
        if file.position is None and not self._roster.identify(file, final=gone):
            return self._at_end(file, now, self._pace.look if file.packed else self._pace.poll)
        data = b"" if file.at_end() else file.read()
        if file.changed():
            self._roster.start_over(file)
            return []
        if not data:
            return self._at_end(file, now, self._pace.poll)
        file.grown_at = now
        return file.cut(data)

    def _at_end(self, file: LogFile, now: float, pause: float) -> list[Line]:
        """What of the last line can be told to be all of it."""
        file.look_at = now + pause
        quiet = now - file.grown_at
        whole = file.packed and file.position is not None
        over = whole or not self._follow or (file.deleted and quiet > self._pace.deleted)
        if over:
            self._roster.drop(file)
        complete = over or ((file.moved or file.deleted) and quiet > self._pace.rest)
        return file.rest() if complete and file.position is not None else []

    def _entry(self, file: LogFile, line: Line, read_us: int) -> MappedEntry:
        position = file.position
        assert position is not None  # noqa: S101  lines come of identified files alone
        cursor = cursor_of(position, line.start, line.end)
        origin = Origin(position.path, position.met_us, read_us)
        body, file.clock = self._mapper.to_json(line, cursor, origin, file.clock)
        file.mark = mark_of(line.text_at, line.raw)
        self.positions.sent(cursor, position, Reached(line.end, file.mark, file.clock))
        return cursor, file.clock.in_force or read_us, (self._mapper.host, body, 0)
