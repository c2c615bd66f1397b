"""A journal as a source: read by a child process, which is started again when it dies."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from shipper.entries import Hole, Reading, Span, Tail
from shipper.errors import BadPosition, JournalUnreadable, ReaderDied
from shipper.frames import Message, pack, receive_async
from shipper.headers import ends
from shipper.position import REWIND_CHANGED, REWIND_START
from shipper.reader import Place
from shipper.rules import Rules

PIPE_BUFFER = 4 * 1024 * 1024
RESTART_LONGEST_WAIT = 5.0
DEATHS_IN_A_ROW = 20
SWEEP_TRIES = 5

# -c rather than -m: the child finds this package where this process found it.
CHILD = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from shipper.child import main; main(*sys.argv[2:])"
)
ROOT = str(Path(__file__).parent.parent)

log = logging.getLogger(__name__)


class JournalSource:
    """A live journal, a directory, or one machine of a directory. `restarts` counts deaths.

    With rules, its entries come mapped.
    """

    def __init__(self, name: str, place: Place | None = None, rules: Rules | None = None) -> None:
        self.name = name
        self._rules = [str(rules.redact), str(rules.user_units_as_session)] if rules else []
        self.place = place or Place()
        self.restarts = 0
        self.unreadable = 0
        """Entries that were there but damaged."""
        self.found = "head"
        """How the saved position was found: head, exact, vacuumed or future."""
        self._process: asyncio.subprocess.Process | None = None
        self._last: str | None = None
        self._errors_before = 0
        self._turn = asyncio.Lock()
        self._sweep: Message = ()
        self._sweep_began = 0
        self._sweep_tries = 0

    async def start(self, cursor: str | None) -> None:
        self._last = cursor
        async with self._turn:
            await self._keep_trying(partial(self._begin, REWIND_START))

    async def read(self, limit: int, max_bytes: int, wait: float) -> Reading:
        _, entries, caught_up, errors = await self._ask("read", limit, max_bytes, wait)
        self.unreadable = self._errors_before + errors
        if entries:
            self._last = entries[-1][0]
        return Reading(entries, caught_up)

    async def tail(self) -> Tail:
        _, beyond, reached = await self._ask("tail")
        if beyond:
            return Tail.BEYOND
        return Tail.REACHED if reached else Tail.UNSURE

    async def ends(self) -> dict[str, tuple[int, int]]:
        return await asyncio.to_thread(ends, self.place.path)

    async def sweep(self, holes: list[Hole], go_to_tail: bool) -> None:
        self._sweep = ("sweep", holes, go_to_tail)
        self._sweep_tries = 0
        await self._ask(*self._sweep)
        self._sweep_began = self.restarts

    async def swept(self, limit: int, max_bytes: int) -> Reading:
        _, entries, over, _ = await self._ask("swept", limit, max_bytes)
        if self.restarts != self._sweep_began and self._sweep_tries < SWEEP_TRIES:
            self._sweep_tries += 1  # the child that swept has died, and this one knows of nothing
            await self._ask(*self._sweep)
            self._sweep_began = self.restarts
            return Reading()
        return Reading(entries, finished=over)

    async def span(self) -> Span | None:
        if self._process is None:
            return None
        _, span = await self._ask("span")
        return Span(*span) if span else None

    async def machines(self) -> tuple[list[str], set[str]]:
        """The machine ids in the journal, and those that share a file with another machine."""
        if self._process is None:
            await self._spawn()
        _, machines, shared = await self._ask("machines")
        return machines, set(shared)

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 3)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _ask(self, *command: Any) -> Message:
        async with self._turn:
            return await self._keep_trying(partial(self._carry_out, command))

    async def _carry_out(self, command: Message) -> Message:
        if self._process is None:
            await self._begin(REWIND_CHANGED)
        return await self._exchange(*command)

    async def _keep_trying(self, attempt: Callable[[], Awaitable[Message]]) -> Message:
        for death in range(DEATHS_IN_A_ROW):
            try:
                return await attempt()
            except (asyncio.IncompleteReadError, ConnectionError):
                await self._died()
                await asyncio.sleep(min(RESTART_LONGEST_WAIT, 0.05 * 2**death))
        raise ReaderDied(f"the reader of {self.name} died {DEATHS_IN_A_ROW} times in a row")

    async def _begin(self, rewind: int) -> Message:
        await self._spawn()
        answer, detail = await self._exchange("start", self._last, rewind)
        if answer != "started":
            await self.close()
            raise BadPosition(detail) if answer == "bad position" else JournalUnreadable(detail)
        self.found = detail
        if detail in ("vacuumed", "future"):
            log.warning("the saved position in %s is gone from the journal (%s)", self.name, detail)
        return answer, detail

    async def _spawn(self) -> None:
        await self.close()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CHILD, ROOT, self.place.path or "", self.place.machine or "",
            *self._rules,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=PIPE_BUFFER,
        )  # fmt: skip

    async def _exchange(self, *command: Any) -> Message:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise ConnectionResetError("the reader is not running")
        process.stdin.write(pack(command))
        await process.stdin.drain()
        return await receive_async(process.stdout)

    async def _died(self) -> None:
        process, self._process = self._process, None
        self.restarts += 1
        self._errors_before = self.unreadable
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        log.warning("the reader of %s died (%s), starting another", self.name, await _end(process))


async def _end(process: asyncio.subprocess.Process) -> str:
    status = await process.wait()
    return signal.Signals(-status).name if status < 0 else f"exit status {status}"


def _archived(folders: list[Path]) -> list[Path]:
    """What remains for the moment between journald's renaming a file and beginning the next."""
    return [file for folder in folders for file in folder.glob("system@*.journal")]


def check_readable(machine_id: str, roots: tuple[str, ...] = ("/var/log", "/run/log")) -> None:
    """Raise JournalUnreadable unless this user may read this machine's system journal.

    libsystemd opens what it may and calls the rest an empty journal, so it must be asked first.
    """
    folders = [Path(root, "journal", machine_id) for root in roots]
    files = [folder / "system.journal" for folder in folders]
    try:
        present = [file for file in files if file.exists()] or _archived(folders)
    except PermissionError:
        present = files
    if any(os.access(file, os.R_OK) for file in present):
        return
    if present:
        raise JournalUnreadable(
            f"{present[0]} may not be read by this user; add it to the group systemd-journal "
            "(sudo usermod -aG systemd-journal $USER, then log in again), or run as root"
        )
    raise JournalUnreadable(
        f"there is no journal in {folders[0]} nor {folders[1]}; is systemd-journald running? "
        "--directory and --export read journals from elsewhere, and with "
        "DEVMESH_SHIP_JOURNAL=false only the files and the syslog that settings name are shipped"
    )
