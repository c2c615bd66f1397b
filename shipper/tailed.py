"""One followed file: its lines, each with a place and a time that a second reading gives again."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import NamedTuple

from shipper.bookmarks import FIRST_MOST, TAIL, TIMED_ENOUGH, Bookmark, Mark
from shipper.line_times import Yearless, line_time

READ = 256 * 1024
LINE_MOST = 1024 * 1024
"""A longer line becomes several."""


class Replaced(Exception):
    """What the file held before the position is no longer there: it was cut or written anew."""


class Line(NamedTuple):
    """One line without its end, and the place behind it."""

    bookmark: Bookmark
    cursor: str
    realtime_us: int
    start: int
    data: bytes
    after: Mark


@dataclass(frozen=True)
class Times:
    """Where times come from. `zone`: of lines that name none; None is this machine's own."""

    clock: Callable[[], float]
    zone: tzinfo | None = None


class TailedFile:
    """An open file and how far it has been read. `early`: to be read before other files."""

    def __init__(self, descriptor: int, bookmark: Bookmark, mark: Mark, times: Times) -> None:
        self.descriptor = descriptor
        self.bookmark = bookmark
        self.mark = mark
        self.early = False
        self.gone = False
        """No path that is followed leads to it."""
        self.unsaved = False
        """The bookmark holds what must be on disk before the lines are sent."""
        self._times = times
        self._exhausted: tuple[int, int] | None = None
        self._arrived: tuple[int, int] | None = None
        self._arrival = 0

    def key(self) -> tuple[int, int]:
        """Device and inode of what is open."""
        status = os.fstat(self.descriptor)
        return status.st_dev, status.st_ino

    def acknowledged(self) -> Mark:
        """The bookmark's place; as a bookmark that is moved to it would say."""
        return self.mark

    def cut(self) -> bool:
        """Whether it is shorter than what has been read of it."""
        return os.fstat(self.descriptor).st_size < self.mark.offset

    def close(self) -> None:
        os.close(self.descriptor)

    def take(self, limit: int, max_bytes: int, flush: bool = False) -> list[Line]:
        """The next lines. `flush`: the last one even if it has no end. Raises Replaced."""
        status = os.fstat(self.descriptor)
        self.bookmark.size = status.st_size
        look = (status.st_size, status.st_mtime_ns)
        if status.st_size < self.mark.offset:
            raise Replaced
        if look == self._exhausted and not flush:
            return []
        data, at_end = self._data(READ)
        if not at_end and b"\n" not in data:
            data, at_end = self._data(LINE_MOST)
        self._arrival = min(int(self._times.clock() * 1e6), status.st_mtime_ns // 1_000)
        lines = self._lines(data, limit, max_bytes, flush and at_end)
        if not lines and at_end:
            self._exhausted = look
        self._note_arrivals()
        return lines

    def _data(self, size: int) -> tuple[bytes, bool]:
        """What comes next, and whether that is all there is; read along with what was before."""
        tail = self.mark.tail
        data = os.pread(self.descriptor, size + len(tail), self.mark.offset - len(tail))
        if data[: len(tail)] != tail:
            raise Replaced
        return data[len(tail) :], len(data) < size + len(tail)

    def _lines(self, data: bytes, limit: int, max_bytes: int, flush: bool) -> list[Line]:
        lines: list[Line] = []
        begin, size = self.mark.offset, 0
        for start, end in pieces(data, flush):
            if not self.bookmark.identity:
                self.bookmark.name_by(data[: min(end, FIRST_MOST)])
                self.unsaved = True
            text = data[start:end].rstrip(b"\r\n").lstrip(b"\0")
            tail = data[max(0, end - TAIL) : end]
            if len(tail) < TAIL:
                tail = (self.mark.tail + tail)[-TAIL:] if start == 0 else tail
            lines += self._line(begin + start, begin + end, text, tail)
            size += len(text)
            if len(lines) >= limit or size >= max_bytes:
                break
        return lines

    def _line(self, start: int, end: int, text: bytes, tail: bytes) -> list[Line]:
        """The line, unless it is blank: that only moves the place."""
        mark = self.mark
        if not text.strip():
            self.mark = Mark(end, tail, mark.time_us, mark.timed, mark.since)
            return []
        realtime_us, own = self._time(start, end, text)
        if own:
            timed = min(mark.timed + 1, TIMED_ENOUGH)
            self.mark = Mark(end, tail, realtime_us, timed, 0)
        else:
            self.mark = Mark(end, tail, mark.time_us, mark.timed, mark.since + 1)
        # The length is part of the name: a last line sent without its end is another line.
        cursor = f"{self.bookmark.identity};o={start:x};l={end - start:x}"
        return [Line(self.bookmark, cursor, realtime_us, start, text, self.mark)]

    def _time(self, start: int, end: int, text: bytes) -> tuple[int, bool]:
        """The line's time in µs, and whether it is the line's own."""
        found = line_time(text, self._times.zone)
        if isinstance(found, int):
            return found, True
        if isinstance(found, Yearless):
            arrived = self._arrived_at(start, end)
            latest = found.latest(arrived, self._times.zone)
            return (arrived, False) if latest is None else (latest, True)
        inherited = self.mark.inherited()
        return (self._arrived_at(start, end) if inherited is None else inherited), False

    def _arrived_at(self, start: int, end: int) -> int:
        """When the line was first read; now, if that is now."""
        known = self.bookmark.arrival(start)
        if known is not None:
            return known
        self._arrived = (self._arrived[0] if self._arrived else start, end)
        return self._arrival

    def _note_arrivals(self) -> None:
        if self._arrived is not None:
            self.bookmark.arrivals.append((*self._arrived, self._arrival))
            self._arrived = None
            self.unsaved = True


def pieces(data: bytes, flush: bool) -> Iterator[tuple[int, int]]:
    """Begin and end of each line in `data`, ends included; the last one only if it has one."""
    begin = 0
    while begin < len(data):
        found = data.find(b"\n", begin, begin + LINE_MOST)
        if found >= 0:
            end = found + 1
        elif len(data) - begin >= LINE_MOST:
            end = begin + LINE_MOST
        elif flush:
            end = len(data)
        else:
            return
        yield begin, end
        begin = end
