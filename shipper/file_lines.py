"""Bytes of a file cut into lines. However long a line is, only its head is kept in memory."""

from typing import NamedTuple

from shipper.messages import TAIL
from tools.limits import MESSAGE_MAX_BYTES

KEPT = MESSAGE_MAX_BYTES + TAIL + 1
"""Bytes kept of a line: one more than the mapping reads, so that it knows of the cut."""


class Line(NamedTuple):
    """A line from `start` up to `end`, behind its line feed.

    `raw` is its text, at most KEPT bytes of it, which begins at `text_at` and has `size` bytes.
    """

    start: int
    end: int
    text_at: int
    raw: bytes
    size: int


class LineCutter:
    """Lines of pieces that are fed in the order in which they stand in the file.

    `start` is where the unfinished line begins, `end` where the next piece belongs. NULs at the
    beginning of a line are no text: a writer that goes on at its old place after a truncation
    leaves a hole of any size before its next line.
    """

    def __init__(self, offset: int = 0) -> None:
        self.start = self.end = offset
        self._kept = bytearray()
        self._size = 0

    def feed(self, data: bytes) -> list[Line]:
        """The lines that `data` completes."""
        *whole, rest = data.split(b"\n")
        lines = []
        for piece in whole:
            self._take(piece)
            lines.append(self._finished(1))
        self._take(rest)
        return lines

    def rest(self) -> Line | None:
        """What there is of a line that nobody is going to complete."""
        return self._finished(0) if self._size else None

    def _take(self, piece: bytes) -> None:
        self.end += len(piece)
        if not self._size:
            piece = piece.lstrip(b"\0")
        self._size += len(piece)
        if len(self._kept) < KEPT:
            self._kept += piece[: KEPT - len(self._kept)]

    def _finished(self, feed: int) -> Line:
        text_at = self.end - self._size
        self.end += feed
        raw = bytes(self._kept)
        if self._size <= KEPT:
            raw = raw.removesuffix(b"\r")
        line = Line(self.start, self.end, text_at, raw, self._size - (self._size == len(raw) + 1))
        self.start = self.end
        self._kept.clear()
        self._size = 0
        return line
