"""A pass backward from the tail, for entries that reading forward did not come upon.

In a damaged file reading forward ends early without an error. Reading backward ends there as
well, but from the other side; what lies between two damaged places is reached by time.
"""

import logging
from collections.abc import Callable, Iterator

from shipper.entries import Entry, Hole, order_number
from shipper.position import Position, weight
from shipper.reader import Journal

KNOWN_IN_A_ROW = 500
"""After so many known entries one after another only holes are looked for."""

FURTHER_BACK_US = 600_000_000
"""How far before a hole to look on, since clocks step back."""

PROBED_FROM = 100
"""Holes of so many entries are worth jumping into."""

PROBES = 32

log = logging.getLogger(__name__)


def tail_of(position: Position) -> str | None:
    """The cursor of the newest entry, by a reader of its own."""
    journal = Journal(position.place)
    try:
        journal.seek_tail()
        return str(journal.cursor()) if journal.back() else None
    finally:
        journal.close()


class Sweep:
    """One pass for what fills one of `holes`; `unknown_too`: and for what is new at the tail."""

    def __init__(self, position: Position, holes: list[Hole], unknown_too: bool) -> None:
        self._position = position
        self._holes = holes
        self._unknown_too = unknown_too
        self._not_before = min((hole[2] for hole in holes), default=0) - FURTHER_BACK_US
        self._journal = Journal(position.place)
        self._journal.seek_tail()
        self._found = self._walk()

    def take(self, limit: int, max_bytes: int) -> tuple[list[Entry], bool]:
        """The next entries found, newest first, and whether the pass is over."""
        entries: list[Entry] = []
        size = 0
        for entry in self._found:
            entries.append(entry)
            size += weight(entry[2])
            if len(entries) >= limit or size >= max_bytes:
                return entries, False
        self._journal.close()
        return entries, True

    def _walk(self) -> Iterator[Entry]:
        if self._unknown_too:
            yield from self._unknown()
        if self._holes:
            yield from self._fillers()
        for hole in self._holes:
            yield from self._probe(*hole)

    def _unknown(self) -> Iterator[Entry]:
        recent = self._position.recent
        known = 0
        for cursor in self._walked(self._journal.back):
            known = known + 1 if cursor in recent else 0
            if known >= KNOWN_IN_A_ROW:
                return
            if not known or self._fills(cursor):
                yield from self._entry(cursor)

    def _fillers(self) -> Iterator[Entry]:
        for cursor in self._walked(self._journal.back):
            if self._fills(cursor):
                yield from self._entry(cursor)
            elif self._journal.realtime() < self._not_before:
                return

    def _probe(self, first: int, last: int, start_us: int, end_us: int) -> Iterator[Entry]:
        """What of a large hole can be reached by jumping into the time that it spans."""
        if last - first < PROBED_FROM or end_us <= start_us:
            return
        for part in range(1, PROBES):
            self._reopen()  # a file in which a walk ended is left out from then on
            self._journal.seek_realtime(start_us + (end_us - start_us) * part // PROBES)
            for cursor in self._walked(self._journal.advance):
                if cursor in self._position.recent:
                    break
                yield from self._entry(cursor)

    def _reopen(self) -> None:
        self._journal.close()
        self._journal = Journal(self._position.place)

    def _walked(self, step: Callable[[], bool]) -> Iterator[str]:
        try:
            while step():
                yield self._journal.cursor()
        except OSError as error:
            log.info("a pass through damaged files ended early: %s", error)

    def _fills(self, cursor: str) -> bool:
        number = order_number(cursor)
        return number is not None and any(
            first <= number[1] <= last for first, last, _, _ in self._holes
        )

    def _entry(self, cursor: str) -> Iterator[Entry]:
        entry = self._position.read(cursor, self._journal)
        if entry is not None:
            yield entry
