"""The audit log: a JSON line for each tool call, whoever makes it, in `audit.jsonl`.

Written by a thread, so that no call waits for the disk. Several processes of a state folder may
write the one file: a lock beside it is held while lines are added or the file is rotated.
"""

import fcntl
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from server.audit_lines import audit_line
from shipper.deadletters import torn
from tools.audited import ToolCall

_log = logging.getLogger(__name__)

MOST_BYTES = 10 * 1024 * 1024
"""Of one file; four older ones are kept."""
_OLDER = 4
_HELD = 10_000
"""Lines kept in memory while the disk takes none, and calls while it takes them too slowly."""


class AuditLog:
    """Notes calls. `close` returns when all are on their way to the disk."""

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self.path = path
        self._most_bytes = most_bytes
        self._queue: SimpleQueue[ToolCall | None] = SimpleQueue()
        self._writer: threading.Thread | None = None
        self._held: list[bytes] = []

    def note(self, call: ToolCall) -> None:
        """Have a call written; at once back. Of calls that too many wait before, only the log tells
        that their lines are lost.
        """
        if self._queue.qsize() >= _HELD:
            _log.warning("the audit log is not written in time; a line is lost: %s", call.tool)
            return
        self._queue.put(call)
        if self._writer is None:
            self._writer = threading.Thread(target=self._write_all, name="audit", daemon=True)
            self._writer.start()

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._queue.put(None)
            self._writer.join()
            self._writer = None

    def _write_all(self) -> None:
        going = True
        while going:
            calls = [self._queue.get()]
            while not self._queue.empty():
                calls.append(self._queue.get())
            going = None not in calls
            self._add([audit_line(call) for call in calls if call is not None])

    def _add(self, lines: list[bytes]) -> None:
        """Lines that cannot be written are held until the next come, the latest of them."""
        lines = self._held + lines
        try:
            self._append(b"".join(lines))
        except OSError as error:
            lost = max(0, len(lines) - _HELD)
            self._held = lines[lost:]
            gone = f"; {lost} lines are lost" if lost else ""
            _log.warning("the audit log cannot be written: %s%s", error, gone)
        else:
            self._held = []

    def _append(self, text: bytes) -> None:
        if not text:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            if self.path.exists() and self.path.stat().st_size + len(text) > self._most_bytes:
                self._rotate()
            with open(_opened(self.path), "ab") as file:
                file.write(b"\n" + text if torn(file.fileno()) else text)

    def _rotate(self) -> None:
        names = [self.path, *(Path(f"{self.path}.{number}") for number in range(1, _OLDER + 1))]
        for older, newer in reversed(list(zip(names[1:], names, strict=False))):
            if newer.exists():
                newer.replace(older)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = _opened(Path(f"{self.path}.lock"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _opened(path: Path) -> int:
    """A file of ours, made when it is not there. What root makes belongs to the folder's owner:
    a service that root reads along with writes here too.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW  # no link leads root to a file of others
    try:
        made = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.open(path, flags)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(made, owner.st_uid, owner.st_gid)
    return made
