"""Word to systemd: ready, still alive, stopping. Nothing happens where systemd does not listen."""

import contextlib
import socket


class Notifier:
    """Sends to the socket that systemd gave in NOTIFY_SOCKET, or to nobody."""

    def __init__(self, address: str | None) -> None:
        # An "@" stands for the abstract name space, which a leading NUL selects.
        self._address = "\0" + address[1:] if address and address[0] == "@" else address

    def tell(self, state: str) -> None:
        """Send one state, e.g. "READY=1" or "WATCHDOG=1"."""
        if not self._address:
            return
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, kind) as sender:
            sender.connect(self._address)
            sender.sendall(state.encode())
