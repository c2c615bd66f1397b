"""How far each followed file has been shipped: one table that is never half written."""

import hashlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from shipper.checkpoint import write_durably
from shipper.errors import BadPosition

VERSION = 1
FIRST_MOST = 1_024
"""Bytes of the first line that tell a file from another with the same inode."""

TAIL = 64
"""Bytes before a position that must still be there for the position to hold."""

TIMED_ENOUGH = 3
INHERITED_MOST = 200


@dataclass(frozen=True, slots=True)
class Mark:
    """A place between two lines of a file, with what the next line may inherit."""

    offset: int = 0
    tail: bytes = b""
    """The last bytes before it."""
    time_us: int | None = None
    """The last time that a line began with."""
    timed: int = 0
    """How many lines began with a time, as far as it matters."""
    since: int = 0
    """Lines since the last of them."""

    def inherited(self) -> int | None:
        """The time of a line that has none: that of the line before, as in a stack trace.

        Only where lines do begin with times, and not for ever.
        """
        if self.timed < TIMED_ENOUGH or self.since >= INHERITED_MOST:
            return None
        return self.time_us


@dataclass
class Bookmark:
    """One file, or one generation of it, and how far the server has acknowledged it."""

    device: int
    inode: int
    """Where it is now; 0 when it can be told by its content alone."""
    path: str
    service: str
    generation: int = 0
    """How many times the same inode has begun anew."""
    identity: str = ""
    """Names it in uids. It keeps this name wherever it moves."""
    first: str = ""
    first_bytes: int = 0
    """Digest and length of the head of its first line."""
    offset: int = 0
    tail: str = ""
    tail_bytes: int = 0
    time_us: int | None = None
    timed: int = 0
    since: int = 0
    arrivals: list[tuple[int, int, int]] = field(default_factory=list)
    """From, to and wall clock (µs): when lines not yet acknowledged were first read."""
    size: int = 0
    """How long it was when last looked at."""
    closed: bool = False
    """It has been read to its end and let go."""

    def name_by(self, head: bytes) -> None:
        """Give it its identity, by the head of its first line."""
        self.first, self.first_bytes = digest(head), len(head)
        self.identity = (
            f"file;d={self.device:x};i={self.inode:x};p={self.first};g={self.generation}"
        )

    def mark(self, tail: bytes) -> Mark:
        """The acknowledged place. `tail`: the bytes before it."""
        return Mark(self.offset, tail, self.time_us, self.timed, self.since)

    def move_to(self, mark: Mark) -> None:
        """The server has acknowledged everything before `mark`."""
        self.offset, self.time_us = mark.offset, mark.time_us
        self.timed, self.since = mark.timed, mark.since
        self.tail, self.tail_bytes = digest(mark.tail), len(mark.tail)
        self.arrivals = [one for one in self.arrivals if one[1] > mark.offset]

    def arrival(self, offset: int) -> int | None:
        """When the line at `offset` was first read, if it was."""
        return next((at for start, end, at in self.arrivals if start <= offset < end), None)


def digest(data: bytes) -> str:
    """A short name for some bytes."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()


class Bookmarks:
    """The table, as of the last acknowledgement or of what must be known before sending."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.all: list[Bookmark] = []

    def load(self) -> None:
        """Read the file, if there is one. Raises BadPosition rather than guess."""
        try:
            saved = orjson.loads(self.path.read_bytes())
            if saved["version"] != VERSION:
                raise ValueError(f"version {saved['version']} is not {VERSION}")
            self.all = [_bookmark(one) for one in saved["files"]]
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError) as error:
            raise BadPosition(
                f"the saved positions {self.path} are damaged ({error}). Delete the file to ship "
                "the files from their beginning, or restore it from a backup"
            ) from error

    def save(self) -> None:
        """Make the table durable."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        saved = {"version": VERSION, "files": [asdict(one) for one in self.all]}
        write_durably(self.path, orjson.dumps(saved))

    def at(self, device: int, inode: int) -> Bookmark | None:
        """The newest bookmark of what lies at an inode."""
        found = [one for one in self.all if (one.device, one.inode) == (device, inode)]
        return found[-1] if found else None

    def drop(self, bookmark: Bookmark) -> None:
        """Forget one."""
        self.all = [one for one in self.all if one is not bookmark]


def _bookmark(saved: dict[str, Any]) -> Bookmark:
    arrivals = [(start, end, at) for start, end, at in saved["arrivals"]]
    return Bookmark(**{**saved, "arrivals": arrivals})
