"""A pasted error made comparable with patterns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.masking import mask
from tools.query_text import pattern_text, query_text, verbatim_texts

LINE = "connect() failed while reading from db"


@pytest.mark.parametrize(
    "header",
    [
        "Nov 20 12:00:00 web-1 nginx[211]: ",
        "Nov  2 12:00:00 web-1 nginx: ",
        "<134>Nov 20 12:00:00 web-1 nginx[211]: ",
        "2026-11-20T12:00:00Z web-1 nginx[211]: ",
        "2026-11-20 12:00:00,123 web-1 nginx: ",
        "2026-11-20T12:00:00.123456+01:00 web-1 nginx[211]: ",
        "<34>1 2026-11-20T12:00:00Z web-1 nginx[211]: ",
    ],
)
def test_a_header_leaves_only_its_program(header: str) -> None:
    """Of a syslog or ISO header nothing counts but the program's name."""
    assert query_text(header + LINE) == f"nginx: {LINE}"


@pytest.mark.parametrize("header", ["2026-11-20 12:00:00 ", "[2026-11-20T12:00:00Z] ", ""])
@pytest.mark.parametrize("level", ["", "ERROR ", "[error] ".upper(), "WARN: ", "<FATAL> "])
def test_times_and_levels_go(header: str, level: str) -> None:
    """A time stamp and a level before the message say nothing of its meaning."""
    assert query_text(header + level + LINE) == LINE


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ECONNREFUSED", "Connection refused"),
        ("ENOSPC", "No space left on device"),
        ("EACCES", "Permission denied"),
        ("ETIMEDOUT", "Connection timed out"),
    ],
)
def test_errno_names_are_said_in_words(name: str, words: str) -> None:
    """An errno name keeps its name and gains its words; other capitals are left alone."""
    assert query_text(f"open failed: {name}") == f"open failed: {name} {words}"
    assert query_text("EXAMPLE and ERROR_CODE") == "EXAMPLE and ERROR_CODE"


def test_variables_are_masked_as_in_patterns() -> None:
    """The text is masked by the rules of the patterns it is compared with."""
    assert query_text("'payment 88 failed on 10.0.0.7'") == mask("payment 17 failed on 10.9.9.9")


@given(st.text(max_size=500))
def test_any_text_is_a_query(text: str) -> None:
    """Any text gives a text, always the same, and never nothing where there was a word."""
    asked = query_text(text)
    assert asked == query_text(text)
    if any(char.isalpha() and char.isascii() for char in text):
        assert asked


@pytest.mark.parametrize("text", ["Nov 20 12:00:00", "ERROR", "2026-11-20T12:00:00Z ", "[WARN] "])
def test_a_header_alone_is_kept(text: str) -> None:
    """When there is nothing but a header, it is the question."""
    assert query_text(text)


HEADED = "2026-11-20 12:00:00,123 INFO [main] org.example.shop.OrderStore: saved order 17"


def test_a_pattern_is_told_with_its_service_and_its_logger() -> None:
    """The logger's last parts stand behind the service, as words; time, level and thread go."""
    told = pattern_text("shop", mask(HEADED))
    assert told == "shop shop Order Store: saved order <*>"
    assert pattern_text("shop", mask("saved order 17")) == "shop: saved order <*>"


def test_a_program_that_is_the_service_is_told_once() -> None:
    """The identifier of syslog is mostly the service already."""
    line = mask("Nov 20 12:00:00 web-1 sshd[211]: Connection closed")
    assert pattern_text("sshd", line) == "sshd: Connection closed"
    assert pattern_text("SSHD", line) == "SSHD: Connection closed"


@pytest.mark.parametrize("asked", [HEADED, "saved order 4711"])
def test_a_line_and_its_message_are_the_pattern(asked: str) -> None:
    """A line as it stands in its file and what it says behind the header both name its pattern."""
    assert query_text(asked) in verbatim_texts(mask(HEADED))
    assert query_text("saved nothing") not in verbatim_texts(mask(HEADED))
