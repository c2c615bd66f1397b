"""Leases: one process at a time may do a thing, by a row that names it and says until when.

GET_LOCK knows its own server alone, so two nodes of a Galera cluster would both give it away. A
row is the same on all of them: of two nodes that write it at once, one commits and the other is
told 1213. A holder that dies loses its lease when its time is over.
"""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

from sql.connection import Connection
from sql.pool import Pool
from tools.errors import StoreUnavailable

_log = logging.getLogger(__name__)

_WAIT_SECONDS = 600
_POLL_SECONDS = 0.2


class Lease:
    """The right of one holder, this object, to do the thing of that name; good for `seconds`.

    The nodes' clocks should agree to a second or so, as NTP sees to.
    """

    def __init__(self, pool: Pool, name: str, seconds: int = 10) -> None:
        self.seconds = seconds
        self._pool = pool
        self._name = name
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"

    async def take(self) -> bool:
        """Whether it is ours from now on: it was free, its time was over, or we held it."""
        return await self._pool.retried(self.take_within)

    async def take_within(self, connection: Connection) -> bool:
        """The same in a transaction, which another holder cannot overtake: both write the row."""
        await connection.run(
            "take_lease", name=self._name, holder=self._holder, seconds=self.seconds
        )
        [[holder]] = await connection.run("lease_holder", name=self._name)
        return bool(holder == self._holder)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Waits its turn, and keeps the lease until the end of the block.

        Raises:
            StoreUnavailable: when others have it for ten minutes.
        """
        await self._wait()
        async with self.kept():
            yield

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Keeps a lease that was taken until the end of the block, then lets others have it."""
        renewing = asyncio.create_task(self._renew())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.wait({renewing})  # unlike awaiting it, this lets a cancellation through
            with suppress(StoreUnavailable):  # then it runs out by itself
                await self._pool.run("give_back_lease", name=self._name, holder=self._holder)

    async def _wait(self) -> None:
        clock = asyncio.get_running_loop().time
        give_up = clock() + _WAIT_SECONDS
        while not await self.take():
            if clock() > give_up:
                raise StoreUnavailable(f"another process has been at {self._name} for too long", 60)
            await asyncio.sleep(_POLL_SECONDS)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self.seconds / 3)
            try:
                await self.take()
            except StoreUnavailable as error:
                _log.warning("cannot renew the lease of %s: %s", self._name, error)
