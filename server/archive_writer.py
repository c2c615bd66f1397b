"""Writing an archive so that nothing in it is lost, doubled, or mistaken for the whole.

A file grows under the name FILE.part, a whole zstd frame a page, and gets its own name when it is
complete. Where it ends is read from the file itself, so that an interrupted export goes on.
"""

import fcntl
import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO, Any

import zstandard

from server.archive_frames import Frames
from server.archive_lines import End, Header, PageEnd, kind_of, line_of, mark_in
from tools.errors import BadArguments, DevMeshError

_LEVEL = 3


class ArchiveWriter:
    """Appends pages to an open file or pipe. `header` and `place` tell what it holds already."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._zstd = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
        self._sum = hashlib.blake2b(digest_size=32)
        self.header: Header | None = None
        self.place: PageEnd | None = None
        self.line = 0
        self.counts: Counter[str] = Counter()

    def begin(self, header: Header) -> None:
        """Write the first line."""
        self.header = header
        self.line = 1
        self._write(line_of(header))

    def page(self, records: list[dict[str, Any]], section: str, after: list[Any] | None) -> None:
        """Write records, and that the section goes on at `after`, or is complete with None."""
        self.counts.update(map(kind_of, records))
        self.line += len(records) + 1
        end = PageEnd(line=self.line, section=section, after=after, counts=self.counts)
        self._write(b"".join([*map(line_of, records), line_of(end)]))

    def end(self) -> None:
        """Write the last line."""
        self._write(line_of(End(counts=self.counts, blake2b=self._sum.hexdigest())))

    def _write(self, text: bytes) -> None:
        self._sum.update(text)
        self._out.write(self._zstd.compress(text))
        self._out.flush()

    def take_up(self, reading: BufferedReader) -> int:
        """Learn what a file holds already; the place after its last whole page."""
        good = 0
        for text, end in Frames(reading):
            mark = mark_in(text[text.rfind(b"\n", 0, -1) + 1 :])
            if end is None or mark is None or not self._follows(mark):
                break
            self._sum.update(text)
            good = end
        return good

    def _follows(self, mark: Header | PageEnd | End) -> bool:
        if isinstance(mark, Header):
            self.header, self.line = mark, 1
        elif isinstance(mark, PageEnd):
            self.place, self.line, self.counts = mark, mark.line, Counter(mark.counts)
        return not isinstance(mark, End)


@contextmanager
def archive_file(path: Path) -> Iterator[ArchiveWriter]:
    """A writer to the unfinished file of `path`; when all went well the file gets its own name.

    Raises:
        BadArguments: when the file exists; DevMeshError: when another export writes it.
    """
    if path.exists():
        raise BadArguments.one("FILE", "exists already and is complete; give another name", path)
    part = path.with_name(f"{path.name}.part")
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DevMeshError(f"another export is writing {part}") from error
        writer = ArchiveWriter(file)
        with part.open("rb") as reading:
            good = writer.take_up(reading)
        file.seek(good)
        file.truncate()
        yield writer
        file.flush()
        os.fsync(file.fileno())
        part.rename(path)
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
