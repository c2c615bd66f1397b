"""The statements: how files are read, and that every one is needed and complete."""

import re
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sql.migrate import migrate
from sql.pool import Address, Pool
from sql.statements import Statement, migrations, parse, statements

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = """
-- A file may begin with words of its own.

-- name: first
-- What the first is for.
SELECT id -- ? plain
SELECT COUNT(*) -- ? counted
FROM t
WHERE 1 = 1
  AND a = %(a)s -- ? a
  AND b IN %(b)s -- ? b
LIMIT 5;

-- name: second
-- What the second is for.
SELECT '-- ?', 2
"""


class Anything(dict[str, object]):
    """A value for every parameter."""

    def __missing__(self, key: str) -> str:
        return f"<{key}>"


def lines(text: str) -> list[str]:
    """The lines that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_a_file_is_cut_at_its_names() -> None:
    """Each name begins a statement; its purpose and the closing semicolon are no part of it."""
    found = parse(SAMPLE)
    assert list(found) == ["first", "second"]
    assert found["second"] == "SELECT '-- ?', 2"
    assert found["first"].startswith("SELECT id") and found["first"].endswith("LIMIT 5")


def test_optional_lines_come_with_their_argument() -> None:
    """A marked line is there when its argument is given, and its mark never is."""
    first = parse(SAMPLE)["first"]
    assert lines(first.given({"counted": True, "a": 1})) == [
        "SELECT COUNT(*)",
        "FROM t",
        "WHERE 1 = 1",
        "AND a = %(a)s",
        "LIMIT 5",
    ]
    assert lines(first.given({"plain": True, "b": (1, 2)}))[-2] == "AND b IN %(b)s"


@pytest.mark.parametrize("value", [None, False, ()])
def test_what_is_not_given(value: object) -> None:
    """None, False and an empty tuple leave the line out."""
    assert "%(a)s" not in parse(SAMPLE)["first"].given({"a": value})


@pytest.mark.parametrize("value", [0, "", b"", True, (0,), 0.0])
def test_what_is_given(value: object) -> None:
    """Zero and empty text are values like any other."""
    assert "%(a)s" in parse(SAMPLE)["first"].given({"a": value})


def test_a_name_is_given_once() -> None:
    """Two statements of one name are a mistake, not a replacement."""
    twice = "-- name: x\n-- One.\nSELECT 1;\n\n-- name: x\n-- Two.\nSELECT 2;\n"
    with pytest.raises(ValueError, match="x"):
        parse(twice)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,9}", fullmatch=True), st.sampled_from(["SELECT 1", "DO 0"])
    )
)
def test_what_is_written_is_read(written: dict[str, str]) -> None:
    """Any names and bodies come back as they were written."""
    text = "\n\n".join(f"-- name: {name}\n-- Purpose.\n{body};" for name, body in written.items())
    assert parse(text) == written


def test_every_statement_has_a_name_of_its_own() -> None:
    """No name is used by two files, and no statement of a file is passed over."""
    texts = [
        file.read_text("utf-8")
        for file in files("sql.queries").iterdir()
        if file.name.endswith(".sql")
    ]
    names = Counter(
        name for text in texts for name in re.findall(r"^-- name:\s*(\S+)", text, re.MULTILINE)
    )
    assert set(names.values()) == {1}
    assert set(names) == set(statements())


def test_every_statement_is_used() -> None:
    """Every name is asked for somewhere, and every name asked for exists."""
    code = "\n".join(
        path.read_text("utf-8")
        for floor in ("sql", "server")
        for path in (ROOT / floor).rglob("*.py")
    )
    asked = set(
        re.findall(
            r"""(?:\brun\(\s*|^ +\((?="\w+", {|"(?:add|count|touch)_)|_merge\(\s*|_all_of\(connection, |statement=|statements\(\)\[)"(\w+)\"""",
            code,
            re.MULTILINE,
        )
    )
    assert asked == set(statements())


@pytest.mark.parametrize("name", sorted(statements()))
def test_every_statement_formats(name: str) -> None:
    """With all arguments and with none there is no mark left, and no stray percent sign."""
    statement = statements()[name]
    every: dict[str, object] = dict.fromkeys(re.findall(r"-- \? (\w+)", statement), True)
    for arguments in ({}, every):
        text = statement.given(arguments) % Anything()
        assert "%" not in text
        assert "--" not in text
        assert lines(text)


def test_statements_are_texts() -> None:
    """A statement without optional lines is the same for any arguments."""
    assert Statement("SELECT 1").given({"a": 1}) == "SELECT 1"


async def test_migrations_are_applied_once(database: Address) -> None:
    """An empty database gets all of them in order; a second run changes nothing."""
    names = [name for name, _ in migrations()]
    assert names == sorted(names) and len(names) == len(set(names))
    pool = Pool(database)
    try:
        assert await migrate(pool) == names
        before = await _schema(pool)
        assert await migrate(pool) == []
        assert await _schema(pool) == before
    finally:
        await pool.close()


async def test_a_migration_cut_short_is_taken_up(database: Address) -> None:
    """Every statement may run again: a run that died before it was marked does no harm."""
    pool = Pool(database)
    try:
        await migrate(pool)
        before = await _schema(pool)
        async with pool.connection() as connection:
            await connection.execute("DELETE FROM schema_migrations")
        assert await migrate(pool) == [name for name, _ in migrations()]
        assert await _schema(pool) == before
    finally:
        await pool.close()


async def _schema(pool: Pool) -> dict[str, str]:
    """Each table as the server would make it again."""
    async with pool.connection() as connection:
        tables = [name for (name,) in await connection.execute("SHOW TABLES")]
        made = [await connection.execute(f"SHOW CREATE TABLE {name}") for name in tables]
    return {name: text for [(name, text)] in made}
