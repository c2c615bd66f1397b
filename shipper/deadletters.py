"""Events that the server will never take, kept on disk so that the position may pass them."""

import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from shipper.batches import Item


class DeadLetters:
    """`dead.ndjson`: one refused event a line, with the reason. `count` is since the start."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0

    async def bury(self, item: Item, reason: dict[str, Any]) -> None:
        """Append an event; on disk when this returns. After a crash it may be there twice."""
        line = b'{"reason":%b,"cursor":%b,"event":%b}\n' % (
            orjson.dumps(reason),
            orjson.dumps(item.cursor),
            item.body,
        )
        await asyncio.to_thread(self._append, line)
        self.count += 1

    def _append(self, line: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked(), self.path.open("ab+") as file:
            if torn(file.fileno()):
                file.write(b"\n")
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def waiting(self) -> int:
        """How many letters are in the file."""
        return self.path.read_bytes().count(b"\n") if self.path.exists() else 0

    def set_aside(self) -> Path | None:
        """Move the letters to a file of their own for sending again, or None if there are none.

        A file left by a replay that was cut short comes first.
        """
        aside = self.path.with_name("dead.replaying.ndjson")
        with self._locked():
            if not aside.exists():
                if not self.path.exists():
                    return None
                self.path.rename(aside)
        return aside

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self.path.with_name("dead.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def torn(descriptor: int) -> bool:
    """Whether a file of lines ends in the middle of one, as a power cut leaves it."""
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
