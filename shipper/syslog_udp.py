"""Syslog over UDP (RFC 5426): a datagram is a message."""

import asyncio
import contextlib
import socket
import struct
import time

from shipper.spool import Spool
from shipper.spool_records import Received

BURST = 256
"""Datagrams taken before others get their turn."""

_LARGEST = 1 << 16
_SO_MEMINFO = 55
_DROPS = 8
"""Index of SK_MEMINFO_DROPS, which counts what found the socket's buffer full (sock_diag.h)."""

_MEMINFO = struct.Struct("9I")

Peer = tuple[str, int] | tuple[str, int, int, int]
"""The address of a socket's other end, of either family."""


class UdpReceiver:
    """Moves datagrams from a socket into the spool; while that is full, the kernel drops them.

    Either way the kernel is the one that drops, and the one that counts.
    """

    def __init__(self, listening: socket.socket, spool: Spool) -> None:
        self._socket = listening
        self._spool = spool
        self._drops = self._counted()

    async def receive(self) -> None:
        """Receive until cancelled."""
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        while True:
            await self._spool.room()
            readable.clear()
            loop.add_reader(self._socket, readable.set)
            try:
                await readable.wait()
            finally:
                loop.remove_reader(self._socket)
            self.take(BURST)

    def take(self, most: int) -> int:
        """Up to `most` datagrams of those that wait; how many there were."""
        taken = 0
        with contextlib.suppress(BlockingIOError):
            while taken < most:
                data, peer = self._socket.recvfrom(_LARGEST)
                taken += 1
                if data:
                    now_us = time.time_ns() // 1_000
                    self._spool.add(Received(now_us, name_of(peer), data, len(data)))
        self.count_drops()
        return taken

    def count_drops(self) -> None:
        """Tell the spool how many datagrams the kernel has dropped since the last call."""
        counted = self._counted()
        dropped = (counted - self._drops) & 0xFFFFFFFF  # it wraps around
        if dropped:
            self._drops = counted
            self._spool.skip(dropped)

    def _counted(self) -> int:
        info = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
        return int(_MEMINFO.unpack(info)[_DROPS])


def name_of(peer: Peer) -> str:
    """A peer as address and port."""
    return f"[{peer[0]}]:{peer[1]}" if ":" in peer[0] else f"{peer[0]}:{peer[1]}"
