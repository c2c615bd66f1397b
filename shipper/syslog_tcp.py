"""Syslog over TCP (RFC 6587). A full spool stops the reading, and thereby the senders.

A connection may be idle for as long as it likes, since a sender that is hung up on loses what it
writes next; keep-alive finds those whose other end is gone.
"""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Sequence

from shipper.errors import BadFrame
from shipper.spool import Spool
from shipper.spool_records import Received
from shipper.syslog_framing import Frame, Framer
from shipper.syslog_udp import Peer, name_of

CHUNK = 1 << 16
STOP_WITHIN = 2.0
"""Seconds that connections get at the end to be read empty."""

RETRY_AFTER = 1.0
_KEEP_ALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4),
)

log = logging.getLogger(__name__)


class TcpReceiver:
    """All TCP connections, of whichever listening socket, at most `most` at a time."""

    def __init__(self, spool: Spool, most: int) -> None:
        self._spool = spool
        self._most = most
        self._open: dict[asyncio.Task[None], socket.socket] = {}
        self.refused = 0
        """Connections beyond the most."""
        self.bad_frames = 0
        """Connections closed for a framing that makes no sense."""

    async def accept(self, listening: socket.socket) -> None:
        """Accept connections until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                self._admit(*await loop.sock_accept(listening))
            except OSError as error:  # too many open files, most likely
                log.error("no connection could be accepted: %s", error)
                await asyncio.sleep(RETRY_AFTER)

    async def close(self, listening: Sequence[socket.socket]) -> None:
        """Take what has arrived, also on connections not accepted yet, then hang up."""
        for listener in listening:
            with contextlib.suppress(OSError):
                while True:
                    self._admit(*listener.accept())
        for connection in self._open.values():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        if self._open:
            _, late = await asyncio.wait(self._open, timeout=STOP_WITHIN)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _admit(self, connection: socket.socket, peer: Peer) -> None:
        if len(self._open) >= self._most:
            connection.close()
            self._refuse(name_of(peer))
            return
        connection.setblocking(False)
        task = asyncio.create_task(self._serve(connection, name_of(peer)))
        self._open[task] = connection
        task.add_done_callback(self._open.pop)

    def _refuse(self, peer: str) -> None:
        if self.refused % 100 == 0:
            log.warning(
                "refused %s: %d connections are open, the most that "
                "DEVMESH_SHIP_SYSLOG_CONNECTIONS allows",
                peer,
                self._most,
            )
        self.refused += 1

    async def _serve(self, connection: socket.socket, peer: str) -> None:
        framer = Framer()
        with connection:
            try:
                for option in _KEEP_ALIVE:
                    connection.setsockopt(*option)
                await self._receive(connection, peer, framer)
            except BadFrame as error:
                self.bad_frames += 1
                log.warning("hung up on %s: %s", peer, error)
            except OSError as error:
                log.info("lost the connection to %s: %s", peer, error)
            finally:
                if cut_off := framer.rest():
                    self._add(cut_off, peer)

    async def _receive(self, connection: socket.socket, peer: str, framer: Framer) -> None:
        loop = asyncio.get_running_loop()
        while True:
            # Room comes first: what has been read cannot be given back.
            await self._spool.room()
            data = await loop.sock_recv(connection, CHUNK)
            if not data:
                return
            for frame in framer.feed(data):
                self._add(frame, peer)
            await asyncio.sleep(0)  # a fast sender never lets sock_recv wait

    def _add(self, frame: Frame, peer: str) -> None:
        now_us = time.time_ns() // 1_000
        self._spool.add(Received(now_us, peer, frame.data, frame.size, True, frame.partial))
