"""The journal export format, read and written byte for byte."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple


class Field(NamedTuple):
    """One field of an entry; binary is how journalctl chose to write it."""

    name: bytes
    value: bytes
    binary: bool


Entry = list[Field]


def read(stream: BinaryIO) -> Iterator[Entry]:
    """Every entry of a stream."""
    entry: Entry = []
    while line := stream.readline():
        line = line.removesuffix(b"\n")
        if not line:
            if entry:
                yield entry
            entry = []
        elif b"=" in line:
            name, _, value = line.partition(b"=")
            entry.append(Field(name, value, binary=False))
        else:
            size = int.from_bytes(stream.read(8), "little")
            entry.append(Field(line, stream.read(size), binary=True))
            stream.read(1)
    if entry:
        yield entry


def write(entry: Entry) -> bytes:
    """One entry, as journalctl would write it."""
    parts = []
    for name, value, binary in entry:
        if binary:
            parts.append(name + b"\n" + len(value).to_bytes(8, "little") + value + b"\n")
        else:
            parts.append(name + b"=" + value + b"\n")
    return b"".join(parts) + b"\n"


def first(entry: Entry, name: bytes) -> bytes:
    """The first value of a field, or nothing."""
    return next((field.value for field in entry if field.name == name), b"")
