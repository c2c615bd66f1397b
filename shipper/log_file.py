"""One log file that is being read: how far, and what has become of it."""

from shipper.file_content import Content, Key, Mark, holds
from shipper.file_lines import Line, LineCutter
from shipper.file_positions import Position
from shipper.line_times import UNKNOWN

CHUNK = 1 << 16
"""Bytes that a file may give in its turn."""


class LogFile:
    """A file and the place up to which it has been read, which is ahead of its position.

    `path` is where it was met; its content may have moved since.
    """

    def __init__(self, path: str, key: Key, content: Content, now: float) -> None:
        self.path = path
        self.key = key
        self.content = content
        self.position: Position | None = None
        """Which generation it is, or None while there is too little to tell by."""
        self.moved = False
        """Another file may have its name now, as rotation does it."""
        self.deleted = False
        self.trouble: str | None = None
        """Why it could not be read the last time."""
        self.packed = False
        self.written = 0
        self.wanted = False
        """It was never met before it was packed."""
        self.size = 0
        self.look_at = 0.0
        self.grown_at = now
        """On a monotonic clock, as `look_at`, before which there is no need to look again."""
        self.start_over()

    def start_over(self) -> None:
        """What comes next is the beginning of a new generation."""
        self.position = None
        self.clock = UNKNOWN
        self.mark: Mark | None = None
        self._cutter = LineCutter()

    def resume(self, position: Position) -> None:
        """Go on behind what has been acknowledged of a generation."""
        self.position = position
        self.clock = position.reached.clock
        self.mark = position.reached.last or position.head
        self._cutter = LineCutter(position.reached.offset)

    @property
    def read_to(self) -> int:
        """Offset up to which everything has been read."""
        return self._cutter.end

    @property
    def behind(self) -> int:
        """Bytes that have not been acknowledged, as of the last look."""
        return max(0, self.size - (self.position.reached.offset if self.position else 0))

    def at_end(self) -> bool:
        """Whether there is nothing to read, as far as the size tells."""
        if self.packed:
            return False
        self.size = self.content.size()
        return self.size == self.read_to

    def changed(self) -> bool:
        """Whether the file has been truncated, though it may have grown again since."""
        if self.at_end() or self.packed:
            return False
        return self.size < self.read_to or not holds(self.content, self.mark)

    def read(self) -> bytes:
        """The next bytes. They count only if the file has not `changed` even after that."""
        return self.content.read_at(CHUNK, self.read_to)

    def cut(self, data: bytes) -> list[Line]:
        """The lines that the bytes just read complete."""
        return self._cutter.feed(data)

    def rest(self) -> list[Line]:
        """The last line, when nobody is going to complete it."""
        line = self._cutter.rest()
        return [line] if line else []

    def is_copy_of(self, original: "LogFile") -> bool:
        """Whether this holds, so far, what the original does: a copy that is made of it."""
        if self.packed:
            data = self.content.read_at(CHUNK, 0)
            return original.content.read_at(len(data), 0) == data
        size = self.content.size()
        start = max(0, size - 1_024)
        tail = self.content.read_at(size - start, start)
        return len(tail) == size - start and original.content.read_at(len(tail), start) == tail
