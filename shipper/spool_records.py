"""The records of a spool: one received message each, with a checksum, so that damage shows."""

import struct
import zlib
from typing import NamedTuple

from shipper.messages import TAIL
from tools.limits import MESSAGE_MAX_BYTES

KEPT = MESSAGE_MAX_BYTES + TAIL + 4_096
"""The most bytes kept of one message: the longest text, room for its header, and what the
redaction looks at past the cut."""

_MAGIC = b"\xd5SPL"
_HEAD = struct.Struct(">4sIIQQIBB")
_UNCHECKED = 8
"""The magic and the checksum itself."""

MAX_RECORD = _HEAD.size + 255 + KEPT

_TCP, _PARTIAL = 1, 2


class Received(NamedTuple):
    """A message as it came. `size` is its length on the wire, of which `data` may be the head."""

    received_us: int
    peer: str
    """Address and port of the sender."""
    data: bytes
    size: int
    tcp: bool = False
    partial: bool = False
    """The connection ended in the middle of it."""


class Placed(NamedTuple):
    """A record found: its number, the offset behind it, and what it holds."""

    number: int
    end: int
    received: Received


def pack(number: int, received: Received) -> bytes:
    """The record. Numbers go up; one that is passed over stands for a message that was dropped."""
    peer = received.peer.encode()[:255]
    flags = _TCP * received.tcp | _PARTIAL * received.partial
    data = received.data[:KEPT]
    parts = (len(data), number, received.received_us, min(received.size, 0xFFFFFFFF), flags)
    head = _HEAD.pack(_MAGIC, 0, *parts, len(peer))
    checksum = zlib.crc32(data, zlib.crc32(peer, zlib.crc32(head[_UNCHECKED:])))
    return b"".join((_MAGIC, checksum.to_bytes(4), head[_UNCHECKED:], peer, data))


def scan(piece: bytes, limit: int, complete: bool) -> tuple[list[Placed], int, int]:
    """Up to `limit` records, the offset to go on from, and the bytes that were none of any record.

    `complete`: nothing follows the piece, so that half a record at its end is damage too.
    """
    found: list[Placed] = []
    at = damaged = 0
    while len(found) < limit and at < len(piece):
        record = _record(piece, at)
        if record is not None:
            found.append(record)
            at = record.end
            continue
        if not complete and _may_go_on(piece, at):
            break
        follower = piece.find(_MAGIC, at + 1)
        if follower < 0:
            follower = len(piece) if complete else max(at + 1, len(piece) - len(_MAGIC) + 1)
        damaged += follower - at
        at = follower
    return found, at, damaged


def _record(piece: bytes, at: int) -> Placed | None:
    """The whole and undamaged record that begins at `at`, if there is one."""
    body = at + _HEAD.size
    if body > len(piece):
        return None
    magic, checksum, length, number, received_us, size, flags, peer = _HEAD.unpack_from(piece, at)
    end = body + peer + length
    if magic != _MAGIC or length > KEPT or end > len(piece):
        return None
    if zlib.crc32(memoryview(piece)[at + _UNCHECKED : end]) != checksum:
        return None
    text, data = piece[body : body + peer].decode(), piece[body + peer : end]
    received = Received(received_us, text, data, size, bool(flags & _TCP), bool(flags & _PARTIAL))
    return Placed(number, end, received)


def _may_go_on(piece: bytes, at: int) -> bool:
    """Whether the rest of a piece can be the beginning of a record."""
    if len(piece) - at < _HEAD.size:
        return piece.startswith(_MAGIC[: len(piece) - at], at)
    magic, _, length, *_, peer = _HEAD.unpack_from(piece, at)
    end = at + _HEAD.size + int(peer) + int(length)
    return bool(magic == _MAGIC) and length <= KEPT and end > len(piece)
