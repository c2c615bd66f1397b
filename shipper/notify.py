"""Word to systemd: ready, still alive, stopping. Nothing happens where systemd does not listen."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable


class Notifier:
    """Sends to the socket that systemd gave in NOTIFY_SOCKET, or to nobody.

    `watchdog_usec`: WATCHDOG_USEC, the µs of silence after which systemd kills the service.
    """

    def __init__(self, address: str | None = None, watchdog_usec: int | None = None) -> None:
        # An "@" stands for the abstract name space, which a leading NUL selects.
        self._address = "\0" + address[1:] if address and address[0] == "@" else address
        self._watchdog_usec = watchdog_usec

    def tell(self, state: str) -> None:
        """Send one state, e.g. "READY=1" or "STOPPING=1" (sd_notify(3))."""
        if not self._address:
            return
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, kind) as sender:
            sender.connect(self._address)
            sender.sendall(state.encode())

    @contextlib.asynccontextmanager
    async def watched(self, well: Callable[[], bool] = lambda: True) -> AsyncIterator[None]:
        """While the body runs, tell the watchdog three times in its time that all is `well`.

        What the process starts from now on, MariaDB for one, does not speak in its name.
        """
        os.unsetenv("NOTIFY_SOCKET")
        if not self._watchdog_usec:
            yield
            return
        task = asyncio.create_task(self._ping(self._watchdog_usec / 3e6, well))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _ping(self, every: float, well: Callable[[], bool]) -> None:
        while True:
            if well():
                self.tell("WATCHDOG=1")
            await asyncio.sleep(every)
