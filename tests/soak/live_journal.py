"""A real journald of our own, with writers at work, and what its journal holds in the end."""

import asyncio
import hashlib
import json
import os
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PRIVATE_JOURNALD = Path(__file__).parents[1] / "private_journald.sh"
WRITER = Path(__file__).with_name("writer.py")
WRITERS = (("native", 0), ("native", 1000), ("stream", 0), ("syslog", 1000))

# Rotation a hundred times over must not vacuum: that would be a loss that nobody could help.
ROOM = {"JD_MAXUSE": "16G", "JD_CONF": "SystemMaxFiles=100000\nSystemKeepFree=1M"}


@dataclass(frozen=True)
class Line:
    """What one entry says, and who says so."""

    writer: str
    message: str


class LiveJournal:
    """A private journald and its writers. Commands prefixed with `inside` see its journal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inside: list[str] = []
        self.rotations = 0
        self.counts: dict[str, int] = {}
        """How many lines each writer has written, known once it has stopped."""
        self._pid = 0
        self._shell: asyncio.subprocess.Process | None = None
        self._writers: dict[str, asyncio.subprocess.Process] = {}

    async def open(self) -> None:
        """Start journald; skips where the programs for it are missing."""
        programs = ("/lib/systemd/systemd-journald", "unshare", "nsenter")
        need(os.geteuid() == 0 and all(map(shutil.which, programs)), "systemd-journald, as root,")
        self._shell = await _start(
            [str(PRIVATE_JOURNALD), str(self.folder), "sh", "-c", "echo $JD_PID; exec cat"], ROOM
        )
        assert self._shell.stdout is not None
        self._pid = int(await asyncio.wait_for(self._shell.stdout.readline(), 30))
        self.inside = ["nsenter", f"--mount=/proc/{self._pid}/ns/mnt", "--"]

    async def close(self) -> None:
        """Stop the writers and journald."""
        await self.stop_writing()
        if self._shell is not None:
            await asyncio.wait_for(self._shell.communicate(b""), 30)

    async def write(self, seed: int) -> None:
        """Let root and a user write in every way that journald knows, until `stop_writing`."""
        for kind, uid in WRITERS:
            command = [*self.inside, sys.executable, str(WRITER), kind, str(uid), str(seed)]
            self._writers[f"{kind}-{uid}"] = await _start(command)

    async def stop_writing(self) -> None:
        """Let the writers end, and journald write down what it has received."""
        for name, writer in self._writers.items():
            output, _ = await asyncio.wait_for(writer.communicate(b""), 30)
            self.counts[name] = int(output)
        if self._writers:
            self._writers = {}
            sync = await _start([*self.inside, "journalctl", "--sync"])
            await asyncio.wait_for(sync.communicate(b""), 30)

    def rotate(self) -> None:
        """Let journald begin new files."""
        os.kill(self._pid, signal.SIGUSR2)
        self.rotations += 1

    async def written(self) -> dict[str, Line]:
        """Every entry that the journal holds, by cursor, as journalctl reads it."""
        command = [
            "journalctl",
            "--all",
            "--output=json",
            "--output-fields=MESSAGE,SYSLOG_IDENTIFIER",
        ]
        reader = await _start([*command, f"--directory={self.folder / 'varlog'}"])
        output, _ = await asyncio.wait_for(reader.communicate(b""), 60)
        entries = map(json.loads, output.splitlines())
        return {
            entry["__CURSOR"]: Line(str(entry.get("SYSLOG_IDENTIFIER")), str(entry.get("MESSAGE")))
            for entry in entries
        }


def uid_of(cursor: str) -> str:
    """The id that an entry must have in the store."""
    return hashlib.blake2b(cursor.encode(), digest_size=16).hexdigest()


def need(present: bool, what: str) -> None:
    """Skip at a desk where something is missing; in CI that is a failure."""
    if present:
        return
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI must have it")
    pytest.skip(f"{what} is missing")


async def _start(
    command: list[str], environment: dict[str, str] | None = None
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **(environment or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
