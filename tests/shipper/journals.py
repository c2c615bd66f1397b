"""Real journal files for tests, made from export text by systemd-journal-remote."""

import json
import subprocess
import sys
from pathlib import Path

JOURNAL_REMOTE = Path("/lib/systemd/systemd-journal-remote")
ROOT = Path(__file__).parents[2]
PRIVATE_JOURNALD = ROOT / "tests" / "private_journald.sh"
START_US = 1_795_000_000_000_000
MACHINE, BOOT = "1" * 32, "2" * 32


def export_text(
    count: int,
    first: int = 0,
    machine: str = MACHINE,
    step_us: int = 1_000,
    times_us: list[int] | None = None,
    steady: bool = True,
) -> bytes:
    """`count` entries numbered from `first`, a millisecond apart unless `times_us` is given.

    `steady`: the wall clock goes as the monotonic one does, and is not set in between.
    """
    entries = []
    for at in range(count):
        number = first + at
        time_us = times_us[at] if times_us else START_US + number * step_us
        fields = [
            f"__REALTIME_TIMESTAMP={time_us}",
            f"__MONOTONIC_TIMESTAMP={time_us - START_US + 1 if steady else number * 1_000 + 1}",
            f"_BOOT_ID={BOOT[:-8]}{machine[:8]}",
            f"_MACHINE_ID={machine}",
            f"_HOSTNAME=host-{machine[:4]}",
            "_TRANSPORT=journal",
            "SYSLOG_IDENTIFIER=lab",
            "PRIORITY=6",
            f"MESSAGE=n={number} of the lab",
        ]
        entries.append("\n".join(fields) + "\n\n")
    return "".join(entries).encode()


def build(folder: Path, text: bytes, name: str = "out.journal") -> Path:
    """Put journal files holding `text` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder.parent / f"{folder.name}-{name}.export"
    source.write_bytes(text)
    command = [str(JOURNAL_REMOTE), "-o", str(folder / name), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return folder


def textbook(folder: Path, after: str | None = None, limit: int | None = None) -> dict[str, str]:
    """What the textbook loop reads in a process of its own: cursor to message."""
    command = [sys.executable, str(Path(__file__).with_name("textbook.py")), str(folder)]
    command += [after or "", str(limit or "")]
    done = subprocess.run(command, check=True, capture_output=True, timeout=60)
    read: dict[str, str] = json.loads(done.stdout)
    return read
