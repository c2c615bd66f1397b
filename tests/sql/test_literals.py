"""Values written as SQL come back from a real MariaDB as they were."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sql.literals import Name, Rows, literal, parts_of, rows_of
from sql.store import MariaStore
from tools.levels import Level

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.text("'\\\"%\x00\n;-")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(TEXT, min_size=1, max_size=20), data=st.binary(max_size=40))
async def test_texts_and_bytes_come_back(store: MariaStore, texts: list[str], data: bytes) -> None:
    """No text ends its own quotes, whatever it holds."""
    async with store.pool.connection() as connection:
        [row] = await connection.execute(f"SELECT {', '.join(map(literal, texts))}")
        assert list(row) == texts
        [(found,)] = await connection.execute(f"SELECT HEX({literal(data)})")
        assert found == data.hex().upper()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    number=st.floats(allow_nan=False, allow_infinity=False),
    whole=st.integers(-(2**63), 2**63 - 1),
    moment=st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)),
)
async def test_numbers_and_moments_come_back(
    store: MariaStore, number: float, whole: int, moment: datetime
) -> None:
    """Numbers keep every digit, and moments every microsecond."""
    async with store.pool.connection() as connection:
        values = (number, whole, moment)
        [row] = await connection.execute(
            f"SELECT {literal(number)}, {literal(whole)}, CAST({literal(moment)} AS DATETIME(6))"
        )
        assert row == values


def test_an_aware_moment_is_written_in_utc() -> None:
    """The session's zone is UTC, and so is what is written."""
    moment = datetime(2026, 11, 20, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert literal(moment) == "'2026-11-19 23:30:00'"
    assert literal(moment.astimezone(UTC)) == "'2026-11-19 23:30:00'"


def test_what_is_neither_text_number_nor_moment() -> None:
    """Levels are text, lists are in brackets, names stand as they are; the rest is refused."""
    assert literal(Level.ERROR) == "'ERROR'"
    assert literal((1, None, True)) == "(1,NULL,1)"
    assert literal(Name("devmesh")) == "devmesh"
    assert literal(rows_of([(1, "a"), (2, "b")])) == "(1,'a'),\n(2,'b')"
    for refused in (object(), float("nan"), float("inf"), [1]):
        with pytest.raises(TypeError, match="cannot be written as SQL"):
            literal(refused)


def test_many_rows_go_in_parts_and_none_is_left_out() -> None:
    """A part stays below what one packet may hold."""
    rows = [(number, "x" * 300_000) for number in range(40)]
    parts = list(parts_of(rows))
    assert len(parts) > 1
    assert sum(part.count for part in parts) == 40
    assert ",\n".join(part.text for part in parts) == rows_of(rows).text
    assert all(len(part.text) < 5_000_000 for part in parts)
    assert isinstance(parts[0], Rows)
