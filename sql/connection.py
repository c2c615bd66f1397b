"""One connection to MariaDB, and the named statements run on it."""

from collections.abc import AsyncGenerator
from typing import Any

import aiomysql

from sql.heard import tell
from sql.literals import literal
from sql.statements import statements

Row = tuple[Any, ...]


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
        self.to_its_end = False
        """Whether the server must not stop what it is at, although nobody waits for it now."""

    async def run(self, name: str, /, **arguments: Any) -> list[Row]:
        """The rows of a named statement; values are what `literal` takes."""
        [rows] = await self.run_all((name, arguments))
        return rows

    async def run_all(self, *named: tuple[str, dict[str, Any]]) -> list[list[Row]]:
        """The rows of each of several named statements, on one way there and back."""
        texts = [_complete(name, arguments) for name, arguments in named]
        for text in texts:
            tell(text)
        return await self._answers(";\n".join(texts))

    async def stream(self, name: str, /, **arguments: Any) -> AsyncGenerator[Row, None]:
        """The rows of a named statement one by one, as the server sends them."""
        async with self._raw.cursor(_StreamCursor) as cursor:
            await cursor.execute(_complete(name, arguments))
            while (row := await cursor.fetchone()) is not None:
                yield row

    async def execute(self, text: str) -> list[Row]:
        """The rows of a statement that is complete as it stands."""
        [rows] = await self._answers(text)
        return rows

    async def _answers(self, text: str) -> list[list[Row]]:
        async with self._raw.cursor(_Cursor) as cursor:
            await cursor.execute(text)
            answers = [list(await cursor.fetchall())]
            while await cursor.nextset():
                answers.append(list(await cursor.fetchall()))
        return answers

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
