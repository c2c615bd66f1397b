"""Who a token belongs to: the store's tokens, known by heart for seconds, and the settings' own."""

import asyncio
import hmac
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from server.token_secrets import hash_of, new_token
from sql.tokens import Tokens
from tools.access import INGEST, SCOPES
from tools.errors import StoreUnavailable

_log = logging.getLogger(__name__)

FRESH_SECONDS = 2.0
"""What was revoked is refused after at most so long."""
_STALE_SECONDS = 300.0
_PATIENCE, _PROMPT_SECONDS = 2.0, 0.5
_USED_SECONDS = 60.0
SETTINGS_NAME = "DEVMESH_TOKEN"
OWN_NAME = "devmesh up"


class TokenStore(Protocol):
    """What a book needs of the parts of a process."""

    @property
    def tokens(self) -> Tokens:
        """The store's tokens."""

    async def open(self) -> None:
        """Reach the store. Raises StoreUnavailable."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who shows a token, or shows none where none is needed: the token's name, and what it may."""

    token: str | None
    scopes: frozenset[str]


_ANYBODY = Holder(None, SCOPES)


@dataclass(frozen=True, slots=True)
class _Known:
    hash: bytes
    holder: Holder
    expires_at: datetime | None = None


class TokenBook:
    """Says who may come in, without asking the store each time.

    `setting` is the token of the settings, which may do all and needs no store. As soon as there
    is any token, everybody needs one; with `always`, also while there is none. `needed` is
    whether that is sure without a look into the store. What was read of the store is believed
    for `stale` seconds while it is away.
    """

    def __init__(
        self,
        store: TokenStore,
        now: Callable[[], datetime],
        setting: str | None = None,
        always: bool = False,
        stale: float = _STALE_SECONDS,
    ) -> None:
        self._store = store
        self._now = now
        self._stale = stale
        self.needed = always or setting is not None
        self._fixed = [_Known(hash_of(setting), Holder(SETTINGS_NAME, SCOPES))] if setting else []
        self._stored: list[_Known] = []
        self._read_at: float | None = None
        self._tried_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self._used: dict[bytes, datetime] = {}
        self._told_at = float("-inf")

    def own_token(self) -> str:
        """A token for this process's own shipper, good for as long as the process lives."""
        token = new_token()
        self._fixed.append(_Known(hash_of(token), Holder(OWN_NAME, frozenset((INGEST,)))))
        return token

    async def close(self) -> None:
        """Read no more."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})

    async def any_stored(self) -> bool:
        """Whether the store has any token. Raises StoreUnavailable."""
        return bool(await self._fresh())

    async def holder(self, given: str | None, prompt: bool = False) -> Holder | None:
        """Whose token it is; None for a stranger, where a token is needed. With `prompt`, even the
        first look into the store is waited for only briefly.

        Raises:
            StoreUnavailable: when it cannot be told without the store.
        """
        digest = None if given is None else hash_of(given)
        if digest is not None and (known := _same(self._fixed, digest)):
            return known.holder
        if digest is None and self.needed:
            return None
        stored = await self._fresh(prompt)
        if not stored and not self.needed:
            return _ANYBODY
        known = None if digest is None else _same(stored, digest)
        if known is None or (known.expires_at and known.expires_at <= self._now()):
            return None
        self._used[known.hash] = self._now()
        return known.holder

    async def _fresh(self, prompt: bool = False) -> list[_Known]:
        """The store's tokens as of the last seconds, or as last read while the store is away."""
        now = time.monotonic()
        if self._read_at is None:
            reading = self._read_once()
            await asyncio.wait({reading}, timeout=_PROMPT_SECONDS if prompt else None)
            if reading.done():
                reading.result()
        elif now - max(self._read_at, self._tried_at) > FRESH_SECONDS:
            self._tried_at = now
            patience = _PROMPT_SECONDS if prompt else _PATIENCE
            await asyncio.wait({self._read_once()}, timeout=patience)
        if self._read_at is None or time.monotonic() - self._read_at > self._stale:
            raise StoreUnavailable("the tokens cannot be read: the database is away")
        return self._stored

    def _read_once(self) -> asyncio.Task[None]:
        """Reading is under way once at a time, and goes on when who waits for it does not."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(_seen)
        return self._reading

    async def _read(self) -> None:
        began = time.monotonic()
        await self._store.open()
        stored = await self._store.tokens.all()
        self._stored = [
            _Known(token.hash, Holder(token.name, token.scopes), token.expires_at)
            for token in stored
        ]
        self._read_at = began
        if self._used and began - self._told_at > _USED_SECONDS:
            used, self._used, self._told_at = self._used, {}, began
            await self._store.tokens.touch(used)


def _same(known: Iterable[_Known], digest: bytes) -> _Known | None:
    """The token of that hash. How long it takes tells nothing of the hashes."""
    found = None
    for one in known:
        if hmac.compare_digest(one.hash, digest):
            found = one
    return found


def _seen(task: asyncio.Task[None]) -> None:
    """Somebody has taken note of how it ended; who waits with a limit does not look."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.debug("tokens not read: %s", error)
