"""How long the journal will still hold what has not been shipped."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from shipper.entries import Span

HOUR_US = 3_600_000_000
DEFAULT_SHARE = 0.1
DEFAULT_MOST = 4 * 1024**3
UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}

CONFIGURATION = ("usr/lib/systemd", "run/systemd", "etc/systemd")


def hours_left(span: Span | None, position_us: int | None, capacity: int | None) -> float | None:
    """Hours until vacuuming reaches the first unsent entry, at the rate the journal has grown.

    None when that cannot be told: an empty or very young journal, or no position yet.
    """
    if span is None or position_us is None or capacity is None:
        return None
    age_us = span.tail_us - span.head_us
    if age_us < HOUR_US / 60:
        return None
    bytes_a_hour = span.used_bytes / age_us * HOUR_US
    until_full = max(0, capacity - span.used_bytes) / bytes_a_hour
    return round(until_full + max(0, position_us - span.head_us) / HOUR_US, 2)


def journal_capacity(journal: Path = Path("/var/log/journal")) -> int | None:
    """Bytes that journald lets the persistent journal grow to, or None without one.

    SystemMaxUse= where it is set, else journald's default of a tenth of the file system, at most
    4 GiB. What journald keeps free for others is not counted in.
    """
    if not journal.is_dir():
        return None
    configured = system_max_use(configuration_files())
    return configured or min(DEFAULT_MOST, int(shutil.disk_usage(journal).total * DEFAULT_SHARE))


def system_max_use(files: Iterable[Path]) -> int | None:
    """The last SystemMaxUse= of some configuration files, in bytes."""
    found = None
    for file in files:
        text = file.read_text(errors="replace")
        for size in re.findall(r"^\s*SystemMaxUse\s*=\s*(\S*)\s*$", text, re.MULTILINE):
            found = _bytes(size)
    return found


def _bytes(size: str) -> int | None:
    match = re.fullmatch(r"([\d.]+)([KMGT]?)", size)
    return int(float(match[1]) * UNITS[match[2]]) if match else None


def configuration_files(root: Path = Path("/")) -> list[Path]:
    """The files that journald reads its settings from, below a root folder; the last one wins."""
    drop_ins = {
        file.name: file
        for folder in CONFIGURATION
        for file in (root / folder / "journald.conf.d").glob("*.conf")
    }
    main = root / "etc/systemd/journald.conf"
    return ([main] if main.is_file() else []) + [drop_ins[name] for name in sorted(drop_ins)]
