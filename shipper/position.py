"""A place in a journal that loses nothing to rotation, vacuum, corruption or a stepped clock.

libsystemd skips what sorts before its position, so a file noticed late, or another machine's
clock, hides entries without a word. The remedy is to go back and leave out what was handed over.
"""

import logging
from collections.abc import Iterator

from shipper.entries import Entry, Fields
from shipper.errors import BadPosition
from shipper.reader import Journal, Place
from shipper.recent import Recent

REMEMBERED = 60_000
REWIND_CHANGED = 20_000
REWIND_START = 2_000

log = logging.getLogger(__name__)


def weight(fields: Fields) -> int:
    """About how many bytes the fields of an entry are; one given several times counts little."""
    return sum(map(len, fields.values())) + 16 * len(fields)


class Position:
    """Where reading stands in one journal. `lost` and `errors` count what went wrong."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.recent = Recent(REMEMBERED)
        self.caught_up = False
        self.errors = 0
        self._landed = False  # the current entry has not been handed over yet
        self._changed = False
        self._broken = False
        self._last: str | None = None
        self._open()

    def _open(self) -> None:
        self.journal = Journal(self.place)
        self.descriptor = self.journal.watch()

    def start(self, cursor: str | None, rewind: int) -> str:
        """Go to `cursor` and `rewind` entries back; says how it was found.

        "head" without a cursor, else "exact", "vacuumed" (gone: on the oldest newer entry) or
        "future" (nothing after it, as when the journal was wiped: on the tail).
        """
        self._last = cursor
        if cursor is None:
            self.journal.seek_head()
            return "head"
        try:
            found = self.journal.seek(cursor)
        except (ValueError, OSError) as error:
            raise BadPosition(f"{cursor!r} is not a journal cursor: {error}") from error
        if found is None:
            self.journal.seek_tail()
            self._landed = bool(self.journal.back())
        else:
            self._landed = True
        self.rewind(rewind)
        return {True: "exact", False: "vacuumed", None: "future"}[found]

    def reopen(self, cursor: str | None) -> None:
        """Open the files afresh and go to `cursor`; what is known stays known."""
        self.journal.close()
        self._open()
        self.start(cursor, REWIND_CHANGED)

    def rewind(self, entries: int) -> None:
        """Go back, at most to the head. One lands on an entry, which is read first."""
        self._landed = bool(self.journal.back(entries)) or self._landed

    def keep_up(self) -> None:
        """Take in rotation. Called often: what is first noticed late is skipped by libsystemd."""
        if self.journal.files_changed():
            self._changed = True

    def take(self, limit: int, max_bytes: int) -> list[Entry]:
        """The next entries, at least one if there is any. Sets `caught_up`."""
        self._prepare()
        entries: list[Entry] = []
        size = 0
        for cursor in self._unseen():
            entry = self.read(cursor, self.journal)
            if entry is None:
                continue
            entries.append(entry)
            self._last = cursor
            size += weight(entry[2])
            if len(entries) >= limit or size >= max_bytes:
                break
        return entries

    def _prepare(self) -> None:
        if self._broken:
            self._broken = False
            self.reopen(self._last)
        self.keep_up()
        if self._changed:
            self._changed = False
            self.rewind(REWIND_CHANGED)

    def _unseen(self) -> Iterator[str]:
        self.caught_up = False
        try:
            while self._landed or self.journal.advance():
                self._landed = False
                cursor = self.journal.cursor()
                if cursor not in self.recent:
                    yield cursor
        except OSError as error:  # a damaged file: open all files afresh, sweep for the rest
            log.warning("reading the journal failed, opening it again: %s", error)
            self.errors += 1
            self._broken = True
        self.caught_up = True

    def read(self, cursor: str, journal: Journal) -> Entry | None:
        """The entry that `journal` stands on, from now on known, or None if it is damaged."""
        self.recent.add(cursor)
        try:
            return journal.entry(cursor)
        except (OSError, ValueError) as error:  # a damaged field name is a UnicodeDecodeError
            log.warning("entry %s cannot be read: %s", cursor, error)
            self.errors += 1
            return None
