"""Child processes that are killed and started again, and waiting for what they bring about."""

import asyncio
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path


class Service:
    """One program, run as often as needed; its output is appended to `log`."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.command = command
        self.environment = environment
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process id, None when it is not running."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    @property
    def said(self) -> str:
        """The end of everything it wrote."""
        return self._log.read_text(errors="replace")[-4_000:] if self._log.exists() else ""

    async def start(self) -> None:
        """Start it once more."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.command,
                env=self.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end; the exit status. It must not have ended before."""
        process = self._process
        assert process is not None and process.returncode is None, self.said
        process.send_signal(number)
        return await asyncio.wait_for(process.wait(), 30)

    async def run(self, *arguments: str) -> tuple[int, str]:
        """Run it to its own end with further arguments; exit status and output of this run."""
        process = await asyncio.create_subprocess_exec(
            *self.command,
            *arguments,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode or 0, output.decode()

    async def abandon(self) -> None:
        """Kill it if it still runs."""
        if self.pid is not None:
            await self.end(signal.SIGKILL)


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        return int(place.getsockname()[1])


async def until(true: Callable[[], Awaitable[bool]], what: str, seconds: float) -> None:
    """Wait for something to become true. Raises AssertionError after `seconds`."""
    give_up = time.monotonic() + seconds
    while not await true():
        assert time.monotonic() < give_up, f"waited {seconds} s in vain: {what}"
        await asyncio.sleep(0.1)
