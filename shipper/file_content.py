"""The bytes of log files at their offsets, with a bounded number of files open at a time."""

import hashlib
import os
import re
import stat
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple, Protocol

import zstandard

from shipper.streams import open_stream

UNREADABLE = (OSError, EOFError, zlib.error, zstandard.ZstdError)
"""What reading may raise, of damaged archives, too."""

MARK_BYTES = 1_024
MOST_OPEN = 256
FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""A FIFO must not block, and a link must not lead to a file that nobody meant."""

_HEAD = re.compile(rb"\s*\S[^\n]*\n")


class Key(NamedTuple):
    """Which file it is while it exists. An inode number is given again after that."""

    device: int
    inode: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A checksum of `size` bytes `at` an offset, by which a file is known again."""

    at: int
    size: int
    digest: str


def mark_of(at: int, data: bytes) -> Mark:
    """The mark of the first bytes of `data`, which stands at an offset."""
    data = data[:MARK_BYTES]
    return Mark(at, len(data), hashlib.blake2b(data, digest_size=8).hexdigest())


class Content(Protocol):
    """The bytes of a file. Any method may raise OSError."""

    path: str

    @property
    def is_open(self) -> bool:
        """Whether it can be read although its name may be gone."""

    def read_at(self, size: int, offset: int) -> bytes:
        """Up to `size` bytes; none at the end."""

    def size(self) -> int:
        """Bytes there are now; of a packed file, as many as have been unpacked."""

    def close(self) -> None:
        """Let go of the file."""


def holds(content: Content, mark: Mark | None) -> bool:
    """Whether the bytes of the mark still stand there."""
    return mark is None or mark_of(mark.at, content.read_at(mark.size, mark.at)) == mark


def head_of(content: Content, final: bool) -> Mark | None:
    """The mark of the first line that is not blank, or None while there is none.

    A line counts when it is complete or longer than a mark, or when it is `final`.
    """
    data = content.read_at(MARK_BYTES, 0)
    found = _HEAD.match(data)
    if found:
        return mark_of(0, found[0])
    complete = len(data) == MARK_BYTES or (final and data.strip())
    return mark_of(0, data) if complete else None


class Handles:
    """Open files, the longest unused ones closed when there are too many."""

    def __init__(self, most: int = MOST_OPEN) -> None:
        self._most = most
        self._open: OrderedDict[Plain, int] = OrderedDict()

    def __contains__(self, plain: "Plain") -> bool:
        return plain in self._open

    def of(self, plain: "Plain") -> int:
        """The file's descriptor. Raises FileNotFoundError when its path leads elsewhere."""
        descriptor = self._open.get(plain)
        if descriptor is None:
            while len(self._open) >= self._most:
                os.close(self._open.popitem(last=False)[1])
            descriptor = self._open[plain] = open_exactly(plain.path, plain.key)
        self._open.move_to_end(plain)
        return descriptor

    def close(self, plain: "Plain") -> None:
        """Close the file if it is open."""
        descriptor = self._open.pop(plain, None)
        if descriptor is not None:
            os.close(descriptor)

    def close_all(self) -> None:
        """Close every file."""
        while self._open:
            os.close(self._open.popitem()[1])


def open_exactly(path: str, key: Key) -> int:
    """A descriptor of this regular file. Raises FileNotFoundError when the path has another."""
    descriptor = os.open(path, FLAGS)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or Key(found.st_dev, found.st_ino) != key:
        os.close(descriptor)
        raise FileNotFoundError(f"{path} is another file now")
    return descriptor


class Plain:
    """A file as it is. `path` follows it when it is renamed."""

    def __init__(self, path: str, key: Key, handles: Handles) -> None:
        self.path = path
        self.key = key
        self._handles = handles

    @property
    def is_open(self) -> bool:
        return self in self._handles

    def read_at(self, size: int, offset: int) -> bytes:
        return os.pread(self._handles.of(self), size, offset)

    def size(self) -> int:
        if self.is_open:
            return os.fstat(self._handles.of(self)).st_size
        found = os.lstat(self.path)
        if Key(found.st_dev, found.st_ino) != self.key:
            raise FileNotFoundError(f"{self.path} is another file now")
        return found.st_size

    def close(self) -> None:
        self._handles.close(self)


class Packed:
    """A gzip or zstd file, which is unpacked from its front."""

    def __init__(self, path: str, key: Key) -> None:
        self.path = path
        self._key = key
        self._stream: BinaryIO | None = None
        self._place = 0

    @property
    def is_open(self) -> bool:
        return self._stream is not None

    def read_at(self, size: int, offset: int) -> bytes:
        stream = self._stream
        if stream is None or offset < self._place:
            stream = self._open()
        while self._place < offset:
            skipped = len(stream.read(min(offset - self._place, 1 << 16)))
            if not skipped:
                return b""
            self._place += skipped
        data = stream.read(size)
        self._place += len(data)
        return data

    def size(self) -> int:
        return self._place

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _open(self) -> BinaryIO:
        self.close()
        descriptor = open_exactly(self.path, self._key)
        try:
            self._stream = open_stream(f"/dev/fd/{descriptor}")
        finally:
            os.close(descriptor)
        self._place = 0
        return self._stream
