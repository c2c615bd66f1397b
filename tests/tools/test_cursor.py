"""Page cursors."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.cursor import Cursor, read_cursor, write_cursor
from tools.errors import BadArguments

moments = st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))
cursors = st.builds(
    Cursor,
    row=st.tuples(moments, st.integers(1, 2**63 - 1)),
    start=st.none() | moments,
    end=st.none() | moments,
    total=st.none() | st.integers(0, 2**63 - 1),
    back=st.booleans(),
)


@given(cursors, st.text(max_size=200))
def test_a_cursor_comes_back_as_it_was(cursor: Cursor, question: str) -> None:
    """What was written for a question is read for it, and fits a URL."""
    text = write_cursor(cursor, question)
    assert read_cursor(text, question) == cursor
    assert len(text) <= 500
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(cursors, st.text(max_size=50), st.text(max_size=50))
def test_a_cursor_belongs_to_one_question(cursor: Cursor, question: str, other: str) -> None:
    """With another question it is refused."""
    if question == other:
        return
    with pytest.raises(BadArguments):
        read_cursor(write_cursor(cursor, question), other)


@given(cursors, st.integers(0, 10_000), st.integers(1, 255))
def test_a_garbled_cursor_is_refused(cursor: Cursor, place: int, change: int) -> None:
    """A cursor of which any byte was changed leads nowhere, rather than to another page."""
    text = write_cursor(cursor, "question")
    body = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    body[place % len(body)] ^= change
    with pytest.raises(BadArguments) as refused:
        read_cursor(base64.urlsafe_b64encode(body).decode().rstrip("="), "question")
    assert refused.value.problems[0]["field"] == "cursor"


@given(
    st.one_of(
        st.text(max_size=100),
        st.binary(max_size=100).map(lambda raw: base64.urlsafe_b64encode(raw).decode()),
        st.sampled_from(
            ["[]", "{}", "[1]", "5", '"x"', "[[[[[]]]]]", "[" * 3000, "[null,null]"]
        ).map(lambda body: base64.urlsafe_b64encode(body.encode()).decode()),
    )
)
def test_other_text_is_no_cursor(text: str) -> None:
    """Any other text is a BadArguments, never another error."""
    with pytest.raises(BadArguments):
        read_cursor(text, "question")
