"""Connections to MariaDB, and the driver's errors in our words."""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import aiomysql
import pymysql

from sql.driver_errors import GONE, error_code, translated
from sql.literals import Name, literal
from sql.statements import statements
from tools.errors import BadArguments, StoreUnavailable

_log = logging.getLogger(__name__)

Row = tuple[Any, ...]
Result = TypeVar("Result")

_RETRY = {1205, 1213, 1020}
_NO_DATABASE = 1049
_TRIES = 6


@dataclass(frozen=True)
class Address:
    """How to reach a database; `database` is made when it does not exist."""

    database: str = "devmesh"
    user: str = "root"
    password: str = field(default="", repr=False)
    host: str = "localhost"
    port: int = 3306
    unix_socket: str | None = None

    @classmethod
    def from_url(cls, url: str) -> "Address":
        """From mysql://user:password@host:port/database[?unix_socket=/path] (also mariadb://).

        Raises:
            BadArguments: naming what the URL lacks. Its password is never repeated.
        """
        parts = urlsplit(url)
        database = parts.path.strip("/") or "devmesh"
        if parts.scheme.partition("+")[0] not in {"mysql", "mariadb"}:
            raise BadArguments.one("DATABASE_URL", "must begin with mysql:// or mariadb://")
        if not re.fullmatch(r"\w{1,64}", database):
            rule = "the database's name may hold letters, digits and _ only"
            raise BadArguments.one("DATABASE_URL", rule, database)
        return cls(
            database=database,
            user=unquote(parts.username or "root"),
            password=unquote(parts.password or ""),
            host=parts.hostname or "localhost",
            port=parts.port or 3306,
            unix_socket=parse_qs(parts.query).get("unix_socket", [None])[0],
        )


class _Cursor(aiomysql.Cursor):  # type: ignore[misc]  # aiomysql has no types
    """A cursor that leaves warnings on the server: whoever wants them asks for them."""

    async def _show_warnings(self, conn: aiomysql.Connection) -> None:
        return None


class _StreamCursor(_Cursor, aiomysql.SSCursor):  # type: ignore[misc]
    """The same, for rows that are read as they come."""


class Connection:
    """One connection that runs named statements with their optional lines and values."""

    def __init__(self, raw: aiomysql.Connection) -> None:
        self._raw = raw

    async def run(self, name: str, /, **arguments: Any) -> list[Row]:
        """The rows of a named statement; values are what `literal` takes."""
        return await self.execute(_complete(name, arguments))

    async def stream(self, name: str, /, **arguments: Any) -> AsyncGenerator[Row, None]:
        """The rows of a named statement one by one, as the server sends them."""
        async with self._raw.cursor(_StreamCursor) as cursor:
            await cursor.execute(_complete(name, arguments))
            while (row := await cursor.fetchone()) is not None:
                yield row

    async def execute(self, text: str) -> list[Row]:
        """The rows of a statement that is complete as it stands."""
        async with self._raw.cursor(_Cursor) as cursor:
            await cursor.execute(text)
            return list(await cursor.fetchall()) if cursor.description else []

    async def begin(self) -> None:
        """Open a transaction."""
        await self._raw.begin()

    async def commit(self) -> None:
        """Make the transaction's work last."""
        await self._raw.commit()

    async def rollback(self) -> None:
        """Undo the transaction's work."""
        await self._raw.rollback()


def _complete(name: str, arguments: dict[str, Any]) -> str:
    text = statements()[name].given(arguments)
    return text % {key: literal(value) for key, value in arguments.items()}


class Pool:
    """A few connections, opened when needed; `revive` is tried when the server is away."""

    def __init__(
        self,
        address: Address,
        revive: Callable[[], Awaitable[None]] | None = None,
        size: int = 8,
    ) -> None:
        self.address = address
        self._revive = revive
        self._size = size
        self._pool: aiomysql.Pool | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Connect, and make the database if it is not there. Raises StoreUnavailable."""
        with translated():
            await self._open()

    async def _open(self) -> None:
        async with self._opening:
            if self._pool is not None:
                return
            await self._make_database()
            self._pool = await aiomysql.create_pool(
                minsize=0, maxsize=self._size, pool_recycle=3600, **self._arguments()
            )

    async def _make_database(self) -> None:
        try:
            raw = await self._connect(self.address.database)
        except pymysql.err.OperationalError as error:
            if error_code(error) != _NO_DATABASE:
                raise
            raw = await self._connect(None)
            await Connection(raw).run("create_database", name=Name(self.address.database))
        raw.close()

    async def _connect(self, database: str | None) -> aiomysql.Connection:
        return await aiomysql.connect(**{**self._arguments(), "db": database})

    def _arguments(self) -> dict[str, Any]:
        address = self.address
        return {
            "host": address.host,
            "port": address.port,
            "unix_socket": address.unix_socket,
            "user": address.user,
            "password": address.password,
            "db": address.database,
            "charset": "utf8mb4",
            "autocommit": True,
            "connect_timeout": 10,
            "init_command": str(statements()["session"]),
        }

    async def close(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            self._pool.terminate()
            await self._pool.wait_closed()
            self._pool = None

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for a few statements. Raises StoreUnavailable, TookTooLong."""
        with translated():
            async with self._borrowed() as connection:
                yield connection

    @asynccontextmanager
    async def _borrowed(self) -> AsyncIterator[Connection]:
        pool = await self._ready()
        raw = await pool.acquire()
        try:
            yield Connection(raw)
        except BaseException:
            # Whatever went wrong, cancellation included, may have left an answer unread.
            raw.close()
            raise
        finally:
            await pool.release(raw)

    async def _ready(self) -> aiomysql.Pool:
        if self._pool is None:
            await self._open()
        if self._pool is None:
            raise StoreUnavailable("the database connection is closed")
        return self._pool

    async def run(self, name: str, /, **arguments: Any) -> list[Row]:
        """The rows of one named statement, committed. Tried again where that is safe."""

        async def once(connection: Connection) -> list[Row]:
            return await connection.run(name, **arguments)

        return await self.retried(once, transaction=False)

    async def retried(
        self, work: Callable[[Connection], Awaitable[Result]], transaction: bool = True
    ) -> Result:
        """The result of `work` in a transaction, tried again after deadlocks and lost servers.

        `work` must be safe to repeat: a lost server may have committed it already.

        Raises:
            StoreUnavailable: when the server stays away.
        """
        with translated():
            for attempt in range(_TRIES):
                try:
                    return await self._once(work, transaction)
                except (pymysql.err.OperationalError, pymysql.err.InternalError) as error:
                    if attempt == _TRIES - 1 or not await self._may_retry(error, attempt):
                        raise
        raise StoreUnavailable("the database did not answer")

    async def _once(
        self, work: Callable[[Connection], Awaitable[Result]], transaction: bool
    ) -> Result:
        async with self._borrowed() as connection:
            if not transaction:
                return await work(connection)
            await connection.begin()
            result = await work(connection)
            await connection.commit()
            return result

    async def _may_retry(self, error: pymysql.err.MySQLError, attempt: int) -> bool:
        code = error_code(error)
        if code in _RETRY:
            await asyncio.sleep(0.02 * 2**attempt)
            return True
        if code not in GONE or attempt > 1:
            return False
        if self._revive is not None:
            _log.warning("the private MariaDB is away (%s); starting it", code)
            await self._revive()
        return True
