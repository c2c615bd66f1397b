"""What a source hands over: journal entries, their order numbers, and the Source protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

Fields = dict[str, bytes | list[bytes]]
"""The fields of one entry; a field that occurs several times is a list."""

Entry = tuple[str, int, Fields]
"""Cursor, wall clock in microseconds since 1970 UTC, fields."""

Mapped = tuple[str, bytes, int]
"""Host, event as JSON, and how many entries it says journald's rate limit threw away."""

MappedEntry = tuple[str, int, Mapped]
"""An entry that its source has made into an event already."""

Entries = Sequence[Entry | MappedEntry]


@dataclass
class Reading:
    """What one read gave. `caught_up`: nothing more for now; `finished`: nothing more ever."""

    entries: Entries = ()
    caught_up: bool = False
    finished: bool = False


@dataclass(frozen=True)
class Span:
    """How far a journal reaches: its oldest and newest entry (µs) and its bytes on disk."""

    head_us: int
    tail_us: int
    used_bytes: int


class Tail(Enum):
    """How the place where reading forward came to its end lies to the newest entry."""

    REACHED = auto()
    UNSURE = auto()
    """The newest entry has not been handed over: read on and ask again."""
    BEYOND = auto()
    """It has not been handed over although everything has been read: a sweep is needed."""


Hole = tuple[int, int, int, int]
"""First and last missing order number, and the wall clocks (µs) just before and after them."""


class Source(Protocol):
    """Somewhere entries come from, in the order in which they should be sent."""

    name: str
    """Names the source in reports and in files, e.g. "journal"."""

    unreadable: int
    """Entries that were there but damaged."""

    restarts: int
    """How often the process that reads has died."""

    async def start(self, cursor: str | None) -> None:
        """Go to the entry after `cursor`, or to the oldest. Entries before it may come again."""

    async def read(self, limit: int, max_bytes: int, wait: float) -> Reading:
        """Up to `limit` entries or `max_bytes`; waits up to `wait` seconds for the first."""

    async def tail(self) -> Tail:
        """Whether reading forward got as far as the newest entry. Asked when caught up."""

    async def ends(self) -> dict[str, tuple[int, int]]:
        """The last order number of each sequence id, as the files' headers say, and its time."""

    async def sweep(self, holes: list[Hole], go_to_tail: bool) -> None:
        """Begin a pass backward from the tail for unknown entries and the numbers in `holes`.

        `go_to_tail`: when it is over, reading goes on from the tail.
        """

    async def swept(self, limit: int, max_bytes: int) -> Reading:
        """The next entries of the pass backward; `finished` ends it."""

    async def span(self) -> Span | None:
        """How far the journal reaches now, where that has a meaning."""

    async def close(self) -> None:
        """Let go of everything."""


class WithoutHoles:
    """What a source answers that passes over nothing, so that there is nothing to look for."""

    unreadable = 0
    restarts = 0

    async def tail(self) -> Tail:
        return Tail.REACHED

    async def ends(self) -> dict[str, tuple[int, int]]:
        return {}

    async def sweep(self, holes: list[Hole], go_to_tail: bool) -> None:
        pass

    async def swept(self, limit: int, max_bytes: int) -> Reading:
        return Reading(finished=True)

    async def span(self) -> Span | None:
        return None


def order_number(cursor: str) -> tuple[str, int] | None:
    """The sequence id and number inside a cursor (`s=…;i=…`), if it is one of journald's."""
    parts = cursor.split(";", 2)
    if len(parts) < 3 or parts[0][:2] != "s=" or parts[1][:2] != "i=":
        return None
    try:
        return parts[0][2:], int(parts[1][2:], 16)
    except ValueError:
        return None
