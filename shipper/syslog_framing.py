"""Messages in a TCP stream: RFC 6587, both framings, told apart for each message.

A frame that begins with a number, a space and a PRI is octet-counted; all else goes up to the
next LF or NUL. No frame takes more memory than is kept of a message.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from shipper.errors import BadFrame
from shipper.spool_records import KEPT

LONGEST_COUNT = 16 << 20
"""Octets. A larger count is no message but a mistake."""

_COUNT = re.compile(rb"([1-9][0-9]{0,18}) (?=<[0-9]{1,3}>)")
_COUNT_BEGUN = re.compile(rb"[1-9][0-9]{0,18}(?: (?:<[0-9]{0,3})?)?\Z")
_END = re.compile(rb"[\n\0]")
_BETWEEN = re.compile(rb"[\n\r\0]*")


class Frame(NamedTuple):
    """The kept head of a message, its whole size in octets, and whether its end never came."""

    data: bytes
    size: int
    partial: bool = False


class Framer:
    """Cuts what one connection sends into messages."""

    def __init__(self) -> None:
        self._data = b""
        self._at = 0
        """Up to here the data is done with; what follows may be the beginning of a count."""
        self._head = bytearray()
        """What is kept of the frame that has begun."""
        self._size = 0
        self._begun = False
        self._left: int | None = None
        """Octets that the frame still lacks; None where a terminator ends it."""

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The messages that are complete with `data`. Raises BadFrame for an absurd count."""
        self._data, self._at = self._data[self._at :] + data, 0
        while self._at < len(self._data):
            if not self._begun and not self._begin():
                return
            frame = self._terminated() if self._left is None else self._counted(self._left)
            if frame is not None:
                yield frame

    def rest(self) -> Frame | None:
        """At the end of the connection: the message that was cut off, if there is one."""
        self._take(len(self._data))
        return self._done(partial=True) if self._size else None

    def _begin(self) -> bool:
        """Tell which framing comes next; whether that can be told yet."""
        self._at = _BETWEEN.match(self._data, self._at).end()  # type: ignore[union-attr]
        if self._at == len(self._data) or _COUNT_BEGUN.match(self._data, self._at):
            return False
        if counted := _COUNT.match(self._data, self._at):
            if int(counted[1]) > LONGEST_COUNT:
                raise BadFrame(
                    f"a message of {int(counted[1])} octets was announced, "
                    f"but the longest may have {LONGEST_COUNT}"
                )
            self._left = int(counted[1])
            self._at = counted.end()
        self._begun = True
        return True

    def _counted(self, left: int) -> Frame | None:
        self._left = left - self._take(self._at + left)
        return None if self._left else self._done()

    def _terminated(self) -> Frame | None:
        end = _END.search(self._data, self._at)
        self._take(end.start() if end else len(self._data))
        if end is None:
            return None
        self._at = end.end()
        return self._done()

    def _take(self, end: int) -> int:
        """Put the data up to `end` into the frame; how much that was."""
        room = max(0, KEPT - len(self._head))
        taken = self._data[self._at : end]
        self._head += taken[:room]
        self._size += len(taken)
        self._at += len(taken)
        return len(taken)

    def _done(self, partial: bool = False) -> Frame:
        frame = Frame(bytes(self._head), self._size, partial)
        self._head.clear()
        self._size, self._left, self._begun = 0, None, False
        return frame
