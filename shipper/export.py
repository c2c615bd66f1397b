"""The journal export format, as `journalctl -o export` writes it.

https://systemd.io/JOURNAL_EXPORT_FORMATS: text fields as NAME=value, binary ones as the name, a
64-bit little-endian length and the bytes; an empty line ends an entry.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import zstandard

from shipper.entries import Entry, Fields
from shipper.errors import BadExport

LENGTH = struct.Struct("<Q")

FIELD_MAX_BYTES = 768 * 1024 * 1024
"""What journald itself takes at most in one field."""

CURSOR, REALTIME = "__CURSOR", "__REALTIME_TIMESTAMP"
SOURCE_REALTIME = "_SOURCE_REALTIME_TIMESTAMP"


class ExportParser:
    """Entries of a stream, one after another. `problem` says at the end what was cut or broken."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._entries = 0
        self._bytes = 0
        self._realtime_us = 0
        self.problem: str | None = None

    def __iter__(self) -> Iterator[Entry]:
        """All whole entries. Damage ends them; it is not raised, but told by `problem`."""
        fields: Fields = {}
        try:
            while True:
                fields = {}
                ended = self._read_into(fields)
                if fields:
                    self._entries += 1
                    yield self._entry(fields)
                if ended:
                    return
        except (BadExport, EOFError, OSError, zlib.error, zstandard.ZstdError) as error:
            rest = f" and {len(fields)} fields of one more" if fields else ""
            self.problem = (
                f"cut off or damaged after {self._entries} entries{rest}, "
                f"at byte {self._bytes}: {error}"
            )

    def _read_into(self, fields: Fields) -> bool:
        """One entry's fields; whether the stream is at its end."""
        while True:
            line = self._stream.readline()
            self._bytes += len(line)
            if line == b"\n":
                return False
            if not line:
                return True
            if line[-1:] != b"\n":
                raise BadExport(f"the last line has no end: {line[:40]!r}")
            name, sign, value = line[:-1].partition(b"=")
            self._put(fields, name, value if sign else self._binary(name))

    def _binary(self, name: bytes) -> bytes:
        length = self._stream.read(LENGTH.size)
        if len(length) == LENGTH.size and LENGTH.unpack(length)[0] <= FIELD_MAX_BYTES:
            size = LENGTH.unpack(length)[0]
            value = self._stream.read(size + 1)
            self._bytes += LENGTH.size + len(value)
            if len(value) == size + 1 and value[-1:] == b"\n":
                return value[:-1]
        raise BadExport(f"no whole binary field follows {name[:40]!r}")

    @staticmethod
    def _put(fields: Fields, name: bytes, value: bytes) -> None:
        key = name.decode(errors="backslashreplace")
        before = fields.get(key)
        if before is None:
            fields[key] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            fields[key] = [before, value]

    def _entry(self, fields: Fields) -> Entry:
        cursor = _text(fields.get(CURSOR)) or f"x={_content_hash(fields)};n={self._entries}"
        time = _text(fields.get(REALTIME)) or _text(fields.get(SOURCE_REALTIME))
        if time.isdigit():
            self._realtime_us = int(time)
        own = {name: value for name, value in fields.items() if name[:2] != "__"}
        return cursor, self._realtime_us, own


def shifted(entry: Entry, shift_us: int) -> Entry:
    """An entry moved in time, under a cursor of its own."""
    cursor, realtime_us, fields = entry
    source = _text(fields.get(SOURCE_REALTIME))
    if source.isdigit():
        fields = fields | {SOURCE_REALTIME: b"%d" % (int(source) + shift_us)}
    return f"{cursor};shift={shift_us}", realtime_us + shift_us, fields


def _text(value: bytes | list[bytes] | None) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else ""


def _content_hash(fields: Fields) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name, value in sorted(fields.items()):
        for one in [value] if isinstance(value, bytes) else value:
            digest.update(b"%s=%d:%s\n" % (name.encode(), len(one), one))
    return digest.hexdigest()
