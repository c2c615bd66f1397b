"""Tokens as the store keeps them: by the hash alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pymysql

from sql.driver_errors import error_code
from sql.events_out import aware
from sql.pool import Connection, Pool
from tools.errors import BadArguments, NotFound

_DUPLICATE = 1062


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token's name, SHA-256 and scopes, and when it was made, ends, and was last used."""

    name: str
    hash: bytes
    scopes: frozenset[str]
    made_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None


class Tokens:
    """The tokens of one store. Read where they are written: a replica might lag behind."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def all(self) -> list[StoredToken]:
        """Every token, by name. Raises StoreUnavailable."""
        return [
            StoredToken(
                name,
                bytes(digest),
                frozenset(scopes.split(",")),
                aware(made),
                ends and aware(ends),
                used and aware(used),
            )
            for name, digest, scopes, made, ends, used in await self._pool.run("tokens")
        ]

    async def add(self, token: StoredToken) -> None:
        """Keep a token. Raises BadArguments when there is one of that name."""

        async def work(connection: Connection) -> None:
            await connection.run(
                "add_token",
                name=token.name,
                hash=token.hash,
                scopes=",".join(sorted(token.scopes)),
                made_at=token.made_at,
                expires_at=token.expires_at,
            )

        try:
            await self._pool.retried(work)
        except pymysql.err.IntegrityError as error:
            if error_code(error) != _DUPLICATE:
                raise
            rule = "is the name of a token already; revoke that first, or choose another"
            raise BadArguments.one("name", rule, token.name) from error

    async def revoke(self, name: str) -> None:
        """Forget a token. Raises NotFound, naming those there are."""
        if not await self._pool.run("drop_token", name=name):
            there = ", ".join(token.name for token in await self.all()) or "none"
            raise NotFound(f"no token is named {name!r}; there are: {there}")

    async def touch(self, used: Mapping[bytes, datetime]) -> None:
        """Remember when tokens, given by their hashes, were last used."""
        for digest, at in used.items():
            await self._pool.run("touch_token", hash=digest, at=at)
