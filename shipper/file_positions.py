"""How far each file has been acknowledged, and by what it is known again.

A file is known by its inode together with two marks: its first line, and the last line that was
acknowledged, at its offset. That tells a renamed file from a new one with a reused inode, and a
truncated one that has grown again. Each generation of a file's content has an id, and an event's
identity is that id with the offsets of its line.
"""

import hashlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Set
from dataclasses import dataclass
from typing import Any

from shipper.errors import BadPosition
from shipper.file_content import Content, Key, Mark, holds
from shipper.line_times import UNKNOWN, Clock

MOST = 20_000
FORGET_AFTER = 30 * 86_400
"""Seconds after which a file that is nowhere to be seen is forgotten."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A place in a file behind a line: the line's mark, and the clock as it stands there."""

    offset: int = 0
    last: Mark | None = None
    clock: Clock = UNKNOWN


NOTHING = Reached()


@dataclass(slots=True)
class Position:
    """One generation of a file: `path` is where it was first met, `reached` is acknowledged."""

    id: str
    device: int
    inode: int
    path: str
    head: Mark
    met_us: int
    seen: int
    """When it was last there, in seconds since 1970."""
    reached: Reached = NOTHING

    def fits(self, content: Content) -> bool:
        """Whether the content begins with what was acknowledged of this generation."""
        if not holds(content, self.head) or not holds(content, self.reached.last):
            return False
        return not self.reached.offset or bool(content.read_at(1, self.reached.offset - 1))


def cursor_of(position: Position, start: int, end: int) -> str:
    """Names a line for ever. Its end tells the beginning of a line from the whole of it."""
    return f"f={position.id};o={start};e={end}"


class Positions:
    """The generations that are known. Moved by acknowledgements only."""

    def __init__(self) -> None:
        self._table: dict[str, Position] = {}
        self._by_inode: defaultdict[int, list[str]] = defaultdict(list)
        self._by_head: defaultdict[Mark, list[str]] = defaultdict(list)
        self._on_the_way: dict[str, tuple[str, Reached]] = {}
        self._unsaved = False
        self.save: Callable[[], Awaitable[None]] | None = None
        """Makes the positions durable."""

    def load(self, saved: dict[str, Any] | None) -> None:
        """Take over what `saved` gave. Raises BadPosition for anything else."""
        try:
            for one in [] if saved is None else saved["files"]:
                self.add(_position(one))
        except (KeyError, TypeError, ValueError) as error:
            raise BadPosition(
                f"the saved positions of files are damaged ({error!r}). Delete the file to ship "
                "them from their beginnings, or restore it from a backup"
            ) from error

    def saved(self) -> dict[str, Any]:
        """All positions, for the checkpoint."""
        return {"files": self.all()}

    async def make_known(self) -> None:
        """Make new generations durable. Only then may their lines leave: if they arrive and the
        answer is lost, they must get the same ids again, even from a copy of the file.
        """
        if self._unsaved and self.save is not None:
            self._unsaved = False
            await self.save()

    def add(self, position: Position) -> None:
        """Know a generation from now on."""
        self._table[position.id] = position
        self._by_inode[position.inode].append(position.id)
        self._by_head[position.head].append(position.id)

    def new(self, key: Key, path: str, head: Mark, now: int) -> Position:
        """A generation not met before."""
        times = 0
        while (name := _name(key, head, times)) in self._table:
            times += 1
        position = Position(name, key.device, key.inode, path, head, now * 1_000_000, now)
        self.add(position)
        self._unsaved = True
        return position

    def moved(self, position: Position, key: Key) -> None:
        """The content of a generation is in another file now."""
        self._unsaved = True
        position.device, position.inode = key
        self._by_inode[key.inode].append(position.id)

    def all(self) -> list[Position]:
        """Every generation that is known."""
        return list(self._table.values())

    def get(self, name: str) -> Position | None:
        """A generation by its id."""
        return self._table.get(name)

    def with_inode(self, inode: int) -> list[Position]:
        """The generations last seen in files of that inode number, newest first."""
        return self._known(self._by_inode.get(inode, ()))

    def with_head(self, head: Mark) -> list[Position]:
        """The generations that begin like that, newest first."""
        return self._known(self._by_head.get(head, ()))

    def _known(self, names: Iterable[str]) -> list[Position]:
        return [self._table[name] for name in reversed(list(names)) if name in self._table]

    def sent(self, cursor: str, position: Position, reached: Reached) -> None:
        """A line is on its way: once it is acknowledged, the position is behind it."""
        self._on_the_way[cursor] = (position.id, reached)

    def note(self, cursor: str) -> None:
        """A line has been acknowledged."""
        name, reached = self._on_the_way.pop(cursor, ("", NOTHING))
        position = self._table.get(name)
        if position is not None and reached.offset > position.reached.offset:
            position.reached = reached

    def forget(self, kept: Set[str], now: int) -> None:
        """Forget generations that are long gone, and the longest gone of too many."""
        gone = sorted((one.seen, one.id) for one in self.all() if one.id not in kept)
        for at, (seen, name) in enumerate(gone):
            if seen < now - FORGET_AFTER or at < len(gone) - MOST:
                del self._table[name]


def _name(key: Key, head: Mark, times: int) -> str:
    text = f"{key.device};{key.inode};{head.digest};{times}"
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _position(saved: dict[str, Any]) -> Position:
    offset, last = int(saved["reached"]["offset"]), saved["reached"]["last"]
    clock = Clock(**saved["reached"]["clock"])
    reached = Reached(offset, Mark(**last) if last else None, clock)
    return Position(**{**saved, "head": Mark(**saved["head"]), "reached": reached})
