"""Connections to MariaDB, one server or the nodes of a cluster, and work tried again on them."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import aiomysql
import pymysql

from sql.address import Address
from sql.connection import Connection, Row
from sql.driver_errors import BEATEN, GONE, error_code, translated
from sql.nodes import Nodes, watch

__all__ = ["Address", "Connection", "Pool", "Row"]

_log = logging.getLogger(__name__)

Result = TypeVar("Result")
_LOST = (
    pymysql.err.OperationalError,
    pymysql.err.InternalError,
    pymysql.err.InterfaceError,
    OSError,
)

_LOST_TRIES = 3
_BEATEN_SECONDS = 30
_STOP_SECONDS = 3
_HUNG_SECONDS = 90
"""A node that was expelled may leave its clients waiting for ever."""


class Pool:
    """A few connections to one node at a time, opened when needed.

    Of several nodes the first that works is used, and the next when it is lost. `revive` is tried
    when the server is away. What is lent for `reads` cannot write: the server refuses it.
    """

    def __init__(
        self,
        address: Address | Sequence[Address],
        revive: Callable[[], Awaitable[None]] | None = None,
        size: int = 8,
        reads: bool = False,
    ) -> None:
        # One more than are lent: by it the server is told to stop what another asked for.
        nodes = [address] if isinstance(address, Address) else address
        self._nodes = Nodes(nodes, size + 1, reads)
        self._slots = asyncio.Semaphore(size)
        """Who waits, waits here: the driver's pool forgets those who wait for a lost connection."""
        self._revive = revive
        self._pool: aiomysql.Pool | None = None
        self._opening = asyncio.Lock()
        self._aside: set[asyncio.Task[None]] = set()
        """What goes on while nobody waits for it."""

    @property
    def address(self) -> Address:
        """The node in use."""
        return self._nodes.current

    def use(self) -> tuple[int, int]:
        """How many connections are lent, and how many are open."""
        pool = self._pool
        return (pool.size - pool.freesize, pool.size) if pool is not None else (0, 0)

    async def open(self) -> None:
        """Connect, and make the database if it is not there. Raises StoreUnavailable."""
        with translated():
            await self._ready()

    async def _ready(self) -> aiomysql.Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await self._nodes.reach()
            return self._pool

    async def close(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            self._pool.terminate()
            await self._pool.wait_closed()
            self._pool = None
        await asyncio.gather(*self._aside)

    def _leave(self, pool: aiomysql.Pool) -> None:
        """Lend no more of these connections; who still uses one finds out by itself."""
        if self._pool is None or self._pool is not pool:
            return
        self._pool = None
        pool.close()
        self._start_aside(_emptied(pool))

    def _start_aside(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)

    @asynccontextmanager
    async def _borrowed(self, pool: aiomysql.Pool) -> AsyncIterator[Connection]:
        """One of the connections. Of a caller that gives up, the server stops the statement."""
        raw = await pool.acquire()
        connection = Connection(raw)
        try:
            watch(raw)
            yield connection
        except BaseException as error:
            # Whatever went wrong, cancellation included, may have left an answer unread.
            given_up = isinstance(error, asyncio.CancelledError | TimeoutError)
            if given_up and not connection.to_its_end:
                self._start_aside(_stopped(pool, raw.thread_id()))
            raw.close()
            raise
        finally:
            await pool.release(raw)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for a few statements. Raises StoreUnavailable, TookTooLong."""
        with translated():
            async with self._slots, self._borrowed(await self._ready()) as connection:
                yield connection

    async def run(self, name: str, /, **arguments: Any) -> list[Row]:
        """The rows of one named statement, committed. Tried again where that is safe."""

        [rows] = await self.run_all((name, arguments))
        return rows

    async def run_all(self, *named: tuple[str, dict[str, Any]]) -> list[list[Row]]:
        """The same of several, which wait for each other but not for the way between."""

        async def once(connection: Connection) -> list[list[Row]]:
            return await connection.run_all(*named)

        return await self.retried(once, transaction=False)

    async def retried(
        self,
        work: Callable[[Connection], Awaitable[Result]],
        transaction: bool = True,
        seconds: float = _HUNG_SECONDS,
    ) -> Result:
        """The result of `work` in a transaction, tried again after deadlocks and lost servers.

        In a Galera cluster a transaction may be beaten by one of another node as late as at its
        COMMIT; then all of it is done again. `work` must be safe to repeat: a lost server may
        have committed it already. A server that takes longer than `seconds` counts as lost.

        Raises:
            StoreUnavailable: when no server works, or others win every time.
        """
        beaten = lost = 0
        give_up = asyncio.get_running_loop().time() + _BEATEN_SECONDS
        with translated():
            while True:
                pool = None
                try:
                    async with self._slots:
                        pool = await self._ready()
                        async with self._borrowed(pool) as connection, asyncio.timeout(seconds):
                            return await _done(connection, work, transaction)
                except _LOST as error:
                    if error_code(error) not in BEATEN:
                        lost += 1
                        await self._change_over(lost, pool, error)
                    elif asyncio.get_running_loop().time() > give_up:
                        raise
                    else:
                        beaten += 1
                        await _step_back(beaten)

    async def _change_over(self, lost: int, pool: aiomysql.Pool | None, error: Exception) -> None:
        """Leave a lost server, so that the next try finds one that works; other errors stand."""
        code = error_code(error)
        if lost == _LOST_TRIES or not (code in GONE or isinstance(error, OSError)):
            raise error
        self._leave(pool)
        if self._revive is not None:
            _log.warning("the private MariaDB is away (%s); starting it", code)
            await self._revive()


async def _step_back(beaten: int) -> None:
    """Wait a moment, longer each time and never in step with the others."""
    await asyncio.sleep(random.uniform(0.5, 1) * min(0.01 * 2**beaten, 1))  # noqa: S311


async def _emptied(pool: aiomysql.Pool) -> None:
    """Close the idle connections of a pool that is closing; those in use are closed on return."""
    with suppress(TimeoutError):  # the pool does not notice the return of one that was lost
        await asyncio.wait_for(pool.wait_closed(), 1)


async def _stopped(pool: aiomysql.Pool, thread: int) -> None:
    """Have the server give up what a connection of ours asked for: it would not notice."""
    with suppress(pymysql.err.MySQLError, OSError, RuntimeError):  # the last: it is closing
        async with asyncio.timeout(_STOP_SECONDS), pool.acquire() as raw:
            await Connection(raw).run("stop_thread", thread=thread)


async def _done(
    connection: Connection, work: Callable[[Connection], Awaitable[Result]], transaction: bool
) -> Result:
    if not transaction:
        return await work(connection)
    await connection.begin()
    result = await work(connection)
    await connection.commit()
    return result
