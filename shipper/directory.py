"""A directory of journals, with a reader and a position for each machine that is in it.

The order of merged machines is not total: a position in one would pass over entries of another.
"""

import hashlib
import logging
from pathlib import Path

from shipper.errors import JournalUnreadable
from shipper.journal import JournalSource
from shipper.reader import Place
from shipper.rules import Rules

log = logging.getLogger(__name__)


class Directory:
    """The machines of a directory. `shared`: machines whose numbers have holes by nature."""

    def __init__(self, path: Path, rules: Rules | None = None) -> None:
        if not path.is_dir():
            raise JournalUnreadable(f"{path} is no directory; --directory takes one with journals")
        self.path = str(path.resolve())
        self._rules = rules
        self.shared: set[str] = set()
        self._known: set[str] = set()
        self._scout = JournalSource(self.name(), Place(self.path))

    def name(self, machine: str | None = None) -> str:
        """A short name for one machine of this directory, fit for files."""
        folder = hashlib.blake2b(self.path.encode(), digest_size=4).hexdigest()
        return f"directory-{folder}-{machine or 'all'}"

    def has_files(self) -> bool:
        """Whether there is any journal file."""
        return any(Path(self.path).rglob("*.journal*"))

    async def new_sources(self) -> list[JournalSource]:
        """A source for each machine that has turned up since the last call."""
        try:
            machines, self.shared = await self._scout.machines()
        finally:
            await self._scout.close()
        if self.shared:
            log.warning("%s: machines share files, so gaps cannot be told there", self.path)
        if not machines and not self._known and self.has_files():
            self._known.add("")
            return [JournalSource(self.name(), Place(self.path), self._rules)]  # of no machine
        new = [machine for machine in machines if machine not in self._known]
        self._known.update(new)
        return [JournalSource(self.name(one), Place(self.path, one), self._rules) for one in new]
