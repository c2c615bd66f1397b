"""Whether the database answers, asked in bounded time."""

import asyncio

from server.app import Home
from tools.errors import DevMeshError


class Pulse:
    """Looks after the database of `home`. However many ask, one question is under way at a time;
    who asks waits for no longer than they say, and what was begun (a first opening, with its
    migrations) goes on.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self.version: str | None = None
        """The database's, once it has answered."""
        self._looking: asyncio.Task[str | None] | None = None

    async def trouble(self, seconds: float) -> str | None:
        """Why the database does not serve; None when it does."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        looking = self._looking
        await asyncio.wait({looking}, timeout=seconds)
        if not looking.done():
            return f"the database has not answered within {seconds:g} s"
        return looking.result()

    async def _look(self) -> str | None:
        try:
            await self._home.open()
            self.version = await self._home.store.ping()
        except DevMeshError as error:
            return str(error)
        return None

    async def stop(self) -> None:
        """Look no longer."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})
