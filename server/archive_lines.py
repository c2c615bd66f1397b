"""The lines of an archive: a header, pages of records that each say where they end, and an end.

A record of an event is the line that `POST /ingest/logs` takes as NDJSON; any other has a `kind`.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, NamedTuple

import orjson
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from server.archive_frames import Piece
from tools.errors import BadBatch
from tools.records import Moment

FORMAT = 1
MAX_LINE = 4 * 1024 * 1024
"""Bytes of a line; the longest that we write has a message and meta_json of full length."""

_ROWS = 2_000


class Header(BaseModel):
    """What an archive is: `asked` as it was typed, `start` and `end` as that was understood."""

    kind: Literal["header"] = "header"
    format: Literal["devmesh-export"] = "devmesh-export"
    version: int = FORMAT
    devmesh: str
    export_id: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    begun_at: Moment
    asked: dict[str, Any]
    start: Moment | None
    end: Moment | None


class PageEnd(BaseModel):
    """The last line of a page: its number, what the file holds so far, and where to go on."""

    kind: Literal["page"] = "page"
    line: int
    section: str
    after: list[Any] | None
    counts: dict[str, int]


class End(BaseModel):
    """The last line: what the file holds in all, and the BLAKE2b of every byte before this line."""

    kind: Literal["end"] = "end"
    counts: dict[str, int]
    blake2b: str


_MARK: TypeAdapter[Header | PageEnd | End] = TypeAdapter(
    Annotated[Header | PageEnd | End, Field(discriminator="kind")]
)


def kind_of(record: dict[str, Any]) -> str:
    """`event`, or what the record says it is."""
    return str(record.get("kind", "event"))


def words_for(counts: dict[str, int]) -> str:
    """Counts by kind as words: 3 events, 1 host."""
    said = [f"{n:,} {kind}{'' if n == 1 else 's'}" for kind, n in counts.items() if n]
    return ", ".join(said) or "nothing"


def line_of(value: object) -> bytes:
    """A record or mark as a line."""
    body = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE)


def mark_in(line: bytes) -> Header | PageEnd | End | None:
    """The mark that a line is, None for a record and for anything else.

    Raises:
        BadBatch: for an archive of a later format.
    """
    if not line.startswith((b'{"kind":"header"', b'{"kind":"page"', b'{"kind":"end"')):
        return None
    try:
        mark = _MARK.validate_json(line)
    except ValidationError:
        return None
    if isinstance(mark, Header) and mark.version > FORMAT:
        raise BadBatch(f"a newer DevMesh made this archive ({mark.devmesh}): use that one or newer")
    return mark


class Page(NamedTuple):
    """Lines that belong together, the first one's number, and the mark that they end with."""

    first: int
    lines: list[bytes]
    mark: Header | PageEnd | End | None


class Pages:
    """Cuts pieces of text into pages. Once they are read: `whole` and `unbroken` of an archive.

    Text without marks is cut every 2,000 lines. A page's numbers are counted back from its mark, so
    that they are right again after lines that were lost.
    """

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._pieces = pieces
        self._sum = hashlib.blake2b(digest_size=32)
        self._number = 0
        self.header: Header | None = None
        self.end: End | None = None
        self.unbroken = False

    def __iter__(self) -> Iterator[Page]:
        lines: list[bytes] = []
        size = 0
        for line in self._lines():
            mark = mark_in(line)
            self._note(line, mark)
            if mark is None:
                lines.append(line)
                size += len(line)
            if mark is not None or len(lines) >= _ROWS or size > 2 * MAX_LINE:
                yield Page(self._number - len(lines) + (mark is None), lines, mark)
                lines, size = [], 0
        if lines:
            yield Page(self._number - len(lines) + 1, lines, None)

    def _note(self, line: bytes, mark: Header | PageEnd | End | None) -> None:
        self._number = mark.line if isinstance(mark, PageEnd) else self._number + 1
        if isinstance(mark, Header):
            self.header = mark
        if isinstance(mark, End):
            self.end = mark
            self.unbroken = mark.blake2b == self._sum.hexdigest()
        self._sum.update(line)

    def _lines(self) -> Iterator[bytes]:
        """Lines with their ends; of one that is too long only the beginning, which is no record."""
        rest, too_long = b"", False
        for piece in self._pieces:
            *whole, rest = (rest + piece.text).split(b"\n")
            for line in whole:
                if not too_long:
                    yield line + b"\n"
                too_long = False
            if len(rest) > MAX_LINE:
                if not too_long:
                    yield rest[:MAX_LINE]
                rest, too_long = b"", True
        if rest and not too_long:
            yield rest
