"""The nodes of a cluster, and which of them this process uses.

A process stays with one node for as long as that works. Changing over costs seconds and is rare;
spreading one process's batches over nodes that all hold the same hot counters would make them
fail each other's commits instead (docs/scale.md has the figures). Whoever wants several nodes at
work gives each process another order.
"""

import asyncio
import logging
import socket
from collections.abc import Sequence
from typing import Any

import aiomysql
import pymysql

from sql.address import Address
from sql.connection import Connection
from sql.driver_errors import error_code
from sql.literals import Name
from sql.statements import statements
from tools.errors import StoreUnavailable

_log = logging.getLogger(__name__)

_ALONE, _AMONG_OTHERS = 10, 3
"""Seconds a node has for its answer: more when there is no other to turn to."""
_NO_DATABASE = 1049


class Nodes:
    """Finds a node that works, beginning with the one that worked last."""

    def __init__(self, addresses: Sequence[Address], size: int, reads: bool = False) -> None:
        self.addresses = tuple(addresses)
        self._size = size
        self._reads = reads
        self._at = 0
        self._seconds = _ALONE if len(self.addresses) == 1 else _AMONG_OTHERS

    @property
    def current(self) -> Address:
        """The node in use, or the first to be tried."""
        return self.addresses[self._at]

    async def reach(self) -> aiomysql.Pool:
        """Connections to the first node, from the current one on, that answers and takes writes.

        Where they are for reading alone, a server that takes none will do.

        Raises:
            StoreUnavailable: when none of several does; what the driver raises when there is one.
        """
        why = []
        for _ in self.addresses:
            try:
                return await self._opened(self.current)
            except (pymysql.err.MySQLError, OSError, StoreUnavailable) as error:
                if len(self.addresses) == 1:
                    raise
                why.append(f"{self.current}: {_reason(error)}")
                self._at = (self._at + 1) % len(self.addresses)
                _log.warning("database node %s; trying %s", why[-1], self.current)
        raise StoreUnavailable("no database node is usable: " + "; ".join(why))

    async def _opened(self, address: Address) -> aiomysql.Pool:
        async with asyncio.timeout(self._seconds):
            raw = await self._first_connection(address)
            try:
                galera = await _checked(Connection(raw), self._reads)
            finally:
                raw.close()
        arguments = self._arguments(address, galera)
        return await aiomysql.create_pool(
            minsize=0, maxsize=self._size, pool_recycle=3600, **arguments
        )

    async def _first_connection(self, address: Address) -> aiomysql.Connection:
        """A connection to the database, which is made if it is not there."""
        arguments = self._arguments(address)
        try:
            return await aiomysql.connect(**arguments)
        except pymysql.err.OperationalError as error:
            if error_code(error) != _NO_DATABASE:
                raise
            if self._reads:
                raise StoreUnavailable(f"there is no database {address.database} yet") from error
        raw = await aiomysql.connect(**{**arguments, "db": None})
        await _checked(Connection(raw))
        await Connection(raw).run("create_database", name=Name(address.database))
        await raw.select_db(address.database)
        return raw

    def _arguments(self, address: Address, galera: bool = False) -> dict[str, Any]:
        return {
            "host": address.host,
            "port": address.port,
            "unix_socket": address.unix_socket,
            "user": address.user,
            "password": address.password,
            "db": address.database,
            "charset": "utf8mb4",
            "autocommit": True,
            "connect_timeout": self._seconds,
            "init_command": statements()["session"].given({"galera": galera, "reads": self._reads}),
        }


async def _checked(connection: Connection, reads: bool = False) -> bool:
    """Whether the server is a Galera node. Raises StoreUnavailable when it takes no writes, unless
    it is for reading.
    """
    state: dict[str, str] = dict(await connection.run("node_state"))
    galera = state.get("wsrep_on") == "ON"
    if galera:
        [[_, ready]] = await connection.run("galera_ready")
        if ready != "ON":
            raise StoreUnavailable("the node is not part of its cluster's majority")
    if not reads and state["read_only"] not in {"OFF", "0"}:
        raise StoreUnavailable("the server is read-only")
    return galera


def watch(raw: aiomysql.Connection) -> None:
    """Let the kernel notice within seconds that the server's machine is gone.

    Without this, a question to a machine that lost its power waits a quarter of an hour: tcp(7).
    """
    place = raw._writer.get_extra_info("socket")
    if place is None or place.family == socket.AF_UNIX:
        return
    place.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5)
    place.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 2)
    place.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    place.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 10_000)


def _reason(error: Exception) -> str:
    code = error_code(error)
    return f"error {code}" if code else str(error) or type(error).__name__
