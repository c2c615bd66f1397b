"""The headers of journal files: they name the last number written, even where it cannot be read.

Read with plain reads, never mapped: no damage to the file can hurt the reader.
"""

import struct
from pathlib import Path

SIGNATURE = b"LPKSHHRH"
HEADER = struct.Struct("<8sII8x16s16s16s16s" + "Q" * 14)
"""`Header` of systemd's journal-def.h, as far as tail_entry_realtime."""

End = tuple[int, int]
"""A file's last order number and its wall clock (µs)."""


def folders(path: str | None) -> list[Path]:
    """Where the files of a journal lie: a given directory, or this machine's own two."""
    if path:
        return [Path(path)]
    machine = Path("/etc/machine-id").read_text().strip()
    return [Path(root, machine) for root in ("/var/log/journal", "/run/log/journal")]


def ends(path: str | None) -> dict[str, End]:
    """The newest entry that the files of each sequence id are said to hold."""
    newest: dict[str, End] = {}
    for folder in folders(path):
        for file in folder.rglob("*.journal*"):
            header = _header(file)
            if header is not None:
                source, end = header
                newest[source] = max(end, newest.get(source, end))
    return newest


def _header(file: Path) -> tuple[str, End] | None:
    try:
        with file.open("rb", buffering=0) as opened:
            data = opened.read(HEADER.size)
    except OSError:
        return None  # rotated away, or not ours to read
    if len(data) < HEADER.size:
        return None
    parts = HEADER.unpack(data)
    if parts[0] != SIGNATURE or not parts[16]:
        return None
    return parts[6].hex(), (parts[16], parts[20])
