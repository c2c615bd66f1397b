"""Bytes from a file, a FIFO or standard input, with zstd or gzip taken off."""

import gzip
import io
from pathlib import Path
from typing import BinaryIO

import zstandard
from typing_extensions import Buffer

GZIP_MAGIC, ZSTD_MAGIC = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
CHUNK = 1 << 16


def open_stream(name: str) -> BinaryIO:
    """What `name` holds, or standard input for "-". The first bytes tell the compression."""
    # Not sys.stdin: a thread that waits in it would abort the interpreter's end.
    raw = open(0, "rb", closefd=False) if name == "-" else Path(name).open("rb")  # noqa: SIM115
    magic = raw.peek(4)[:4]
    if magic == ZSTD_MAGIC:
        return io.BufferedReader(Unzstd(raw), CHUNK)
    return io.BufferedReader(Ungzip(raw), CHUNK) if magic[:2] == GZIP_MAGIC else raw


class Ungzip(gzip.GzipFile):
    """A gzip stream that closes what it reads from."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__(fileobj=source)
        self._source = source

    def close(self) -> None:
        super().close()
        self._source.close()


class Unzstd(io.RawIOBase):
    """A zstd stream of one or more frames. Unlike zstandard's own, it tells a cut-off frame."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._rest = b""
        self._inside = False

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._source.close()
        super().close()

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer).cast("B")
        while not self._rest:
            data = self._next_piece()
            if not data:
                return 0
            self._rest = self._frame.decompress(data)
            self._inside = not self._frame.eof
        size = min(len(view), len(self._rest))
        view[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def _next_piece(self) -> bytes:
        data = self._frame.unused_data if self._frame.eof else b""
        data = data or self._source.read(CHUNK)
        if self._frame.eof:
            self._frame = zstandard.ZstdDecompressor().decompressobj()
        if not data and self._inside:
            raise EOFError("the zstd stream ends in the middle of a frame")
        return data
