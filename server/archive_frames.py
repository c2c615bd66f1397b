"""Compressed archives as runs of whole zstd frames; damage costs the frame it is in, not the rest.

A frame's text is given once its checksum has been found right. https://datatracker.ietf.org/doc/html/rfc8878
"""

import os
from collections.abc import Iterator
from io import BufferedReader
from typing import NamedTuple

import zstandard

MAGIC = b"\x28\xb5\x2f\xfd"
WHOLE = 64 * 1024 * 1024
"""Bytes of text up to which a frame is held back until it is complete. Ours have 8 MiB and a row;
a file that others have compressed anew may be one endless frame."""

_STEP = 4096
_READ = 256 * 1024


class Piece(NamedTuple):
    """Text that may be used; `end` is the place in the file after the frame it completes."""

    text: bytes
    end: int | None


class Frames:
    """The pieces of a file, in order.

    Once they are read, `damaged` is the number of frames passed over, and `torn` says that the last
    one is not complete.
    """

    def __init__(self, raw: BufferedReader) -> None:
        self._raw = raw
        self._held = bytearray()
        self._begin = 0
        self.damaged = 0
        self.torn = False
        self.size = os.fstat(raw.fileno()).st_size or None
        """Bytes of the file, None when they come from a pipe."""

    @property
    def read(self) -> int:
        """Bytes of the file used so far."""
        return self._begin

    def __iter__(self) -> Iterator[Piece]:
        """Plain text comes as it is; frames come decompressed."""
        if self._raw.peek(1)[:1] != MAGIC[:1]:
            yield from self._plain()
            return
        while self._held or self._more():
            try:
                yield from self._frame()
            except zstandard.ZstdError:
                self.damaged += 1
                self._skip()

    def _plain(self) -> Iterator[Piece]:
        while part := self._raw.read1(_READ):
            self._begin += len(part)
            yield Piece(part, None)

    def _frame(self) -> Iterator[Piece]:
        frame, text, used = zstandard.ZstdDecompressor().decompressobj(), bytearray(), 0
        while not frame.eof:
            if used == len(self._held) and not self._more():
                self.torn = True
                self._held.clear()
                return
            part = bytes(self._held[used : used + _STEP])
            # In small steps: a step's output has no bound of its own, only a ratio to its input.
            text += frame.decompress(part)
            used += len(part)
            if len(text) > WHOLE:
                yield Piece(bytes(text), None)
                text.clear()
                self._forget(used)
                used = 0
        self._forget(used - len(frame.unused_data))
        yield Piece(bytes(text), self._begin)

    def _more(self) -> bool:
        part = self._raw.read1(_READ)
        self._held += part
        return bool(part)

    def _forget(self, used: int) -> None:
        del self._held[:used]
        self._begin += used

    def _skip(self) -> None:
        """Go on at what looks like the beginning of the next frame."""
        found = self._held.find(MAGIC, 1)
        while found < 0:
            self._forget(max(1, len(self._held) - len(MAGIC) + 1))
            if not self._more():
                self._held.clear()
                return
            found = self._held.find(MAGIC)
        self._forget(found)
