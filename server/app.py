"""The composition root: settings become a store, an embedder, an index and the tools' Deps."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

from server.audit import AuditLog
from server.embedding_worker import Progress
from server.serving_index import ServingIndex
from server.settings import ServerSettings, this_host
from server.steady_embedder import SteadyEmbedder
from server.upkeep import HourlyUpkeep
from sql.address import Address, nodes_from_urls
from sql.private import PrivateServer
from sql.store import Habits, MariaStore
from sql.tokens import Tokens
from sql.upkeep import Outcome
from tools.errors import BadArguments, EmbedderUnavailable, StoreUnavailable
from tools.ports import Caller, Deps

_log = logging.getLogger(__name__)

_EMBED_EVERY = 2.0
_RETRY_SECONDS = 5.0
_POLL_SECONDS = 0.5
_PATIENCE = 20
"""Polls without progress."""


def utc_now() -> datetime:
    """The clock of a real process."""
    return datetime.now(UTC)  # noqa: TID251  the one place that asks the system


class Home:
    """The parts of one process, opened when first needed and closed together."""

    def __init__(self, settings: ServerSettings, clock: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self.now = clock
        self._audit = AuditLog(settings.audit_file) if settings.audit_file else None
        self.embedder = self._embedder(settings.embedding_model)
        self.store = _store(settings, clock)
        self.index = ServingIndex(self.store.vectors, self.embedder, self._embedder)
        self.upkeep = HourlyUpkeep(self.keep_up, clock)
        self._opening = asyncio.Lock()
        self._opened = False

    async def deps(self, caller: Caller | None = None) -> Deps:
        """What a tool needs; the first call reaches the database and migrates it.

        Raises:
            StoreUnavailable: the next call tries again.
        """
        await self.open()
        return self.unopened(caller)

    def unopened(self, caller: Caller | None = None) -> Deps:
        """The same without reaching for the database."""
        deps = Deps(
            store=self.store,
            index=self.index,
            now=self.now,
            zone=self.settings.zone,
            zone_name=self.settings.timezone,
            caller=caller or Caller(host=this_host()),
        )
        return replace(deps, audit=self._audit.note) if self._audit else deps

    @property
    def tokens(self) -> Tokens:
        """The store's tokens."""
        return self.store.tokens

    async def open(self) -> None:
        """Reach the database, once. Raises StoreUnavailable."""
        if self._opened:
            return
        async with self._opening:
            if not self._opened:
                applied = await self.store.open()
                if applied:
                    _log.info("applied migrations: %s", ", ".join(applied))
                self._opened = True

    async def close(self) -> None:
        """Leave the database, let the embedders' threads end, and write the last of the audit."""
        self.index.close()
        self.embedder.close()
        await self.store.close()
        if self._audit:
            await asyncio.to_thread(self._audit.close)

    async def catch_up(self, progress: Progress = lambda done, total: None) -> None:
        """Have every waiting pattern embedded, by this process or the one that is at it.

        One that gets no further for ten seconds is waited for no longer: what it leaves is found
        by its words. Raises EmbedderUnavailable.
        """
        await self.open()
        patience, left = _PATIENCE, await self._waiting()
        while left and patience:
            await self.index.embed_waiting(progress)
            before, left = left, await self._waiting()
            if left < before:
                patience = _PATIENCE
            else:
                patience -= 1
                await asyncio.sleep(_POLL_SECONDS)
        await self.index.refresh()

    async def _waiting(self) -> int:
        return (await self.store.vectors.count_waiting(self.embedder.name)).count

    def _embedder(self, name: str) -> SteadyEmbedder:
        return SteadyEmbedder(name, self.settings.device)

    async def keep_up(self, dry_run: bool = False) -> Outcome:
        """One run of the store's upkeep. Raises DevMeshError."""
        await self.open()
        outcome = await self.store.upkeep.run(this_host(), dry_run)
        if outcome.forgotten_patterns:
            self.index.start_over()
        return outcome

    async def keep_embedding(self) -> None:
        """Embed new patterns as they come, for as long as the process lives.

        Of several processes on one database one at a time does so; should it die, another goes on.
        """
        while True:
            try:
                await self.open()
                pause = 0.0 if await self.index.embed_some() else _EMBED_EVERY
            except EmbedderUnavailable:  # it has said so itself
                pause = _RETRY_SECONDS
            except StoreUnavailable as error:
                _log.warning("embedding waits: %s", error)
                pause = _RETRY_SECONDS
            except Exception:  # what is done hourly or by itself must not end unseen
                _log.exception("embedding failed")
                pause = _RETRY_SECONDS
            await asyncio.sleep(pause)


def _store(settings: ServerSettings, clock: Callable[[], datetime]) -> MariaStore:
    habits = Habits(
        max_patterns=settings.max_patterns_per_service,
        retention=settings.keeps,
        page_compression=settings.page_compression,
        fulltext=settings.fulltext,
    )
    if settings.database_url is not None:
        nodes = nodes_from_urls(settings.database_url.get_secret_value())
        return MariaStore(clock, nodes, habits=habits, reads=_reading_nodes(settings, nodes[0]))
    if settings.database_read_url is not None:
        rule = "goes with DATABASE_URL alone: a private MariaDB has an account for reading"
        raise BadArguments.one("DATABASE_READ_URL", rule)
    folder = settings.state_dir / "mariadb"
    private = PrivateServer(folder, settings.mariadb_prefix, settings.mariadb_buffer_mib)
    return MariaStore(clock, private=private, habits=habits)


def _reading_nodes(settings: ServerSettings, written: Address) -> tuple[Address, ...] | None:
    """Where reading tools ask, when they have an account of their own."""
    if settings.database_read_url is None:
        return None
    setting = "DATABASE_READ_URL"
    nodes = nodes_from_urls(settings.database_read_url.get_secret_value(), setting)
    if nodes[0].database != written.database:
        rule = f"must name the database of DATABASE_URL, {written.database}"
        raise BadArguments.one(setting, rule, nodes[0].database)
    return nodes


@asynccontextmanager
async def home(
    settings: ServerSettings, background: bool = False, clock: Callable[[], datetime] = utc_now
) -> AsyncIterator[Home]:
    """A process's parts, closed at the end.

    With `background`, new patterns are embedded and the store is kept up meanwhile.
    """
    parts = Home(settings, clock)
    work = (parts.keep_embedding(), parts.upkeep.run_hourly()) if background else ()
    workers = [asyncio.create_task(one) for one in work]
    try:
        yield parts
    finally:
        for worker in workers:
            await _ended(worker)
        await parts.close()


async def _ended(worker: asyncio.Task[None]) -> None:
    """Cancel until it has ended: a cancellation that arrives at a bad moment may be swallowed."""
    while not worker.done():
        worker.cancel()
        await asyncio.wait({worker}, timeout=_RETRY_SECONDS)
    if not worker.cancelled() and (error := worker.exception()) is not None:
        _log.error("a worker had ended", exc_info=error)
