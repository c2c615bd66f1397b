"""Text made safe to show."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.plain import clean, one_line, quoted

PIECES = [
    "\x1b[31m",
    "\x1b[0m",
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x1b]8;;http://x\x1b\\",
    "\x1b(B",
    "\x1bc",
    "\x1b",
    "\x9b31m",
    "\x00",
    "\x07",
    "\x08",
    "\r",
    "\n",
    "\t",
    "\x85",
    "\u200b",
    "\u200e",
    "\u202a",
    "\u202e",
    "\u2066",
    "\u2069",
    "\u2028",
    "\u2029",
    "\ufeff",
    "\x7f",
    "word",
    " ",
    "é",
    "😀",
    "[31m",
]
hostile = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
)
BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c]")


def controls(text: str) -> set[str]:
    """Characters that a terminal acts on rather than shows."""
    return {char for char in text if unicodedata.category(char) in {"Cc", "Zl", "Zp"}}


@given(hostile)
def test_clean_leaves_no_trick(text: str) -> None:
    """No control code, escape or change of direction survives; line breaks and tabs do."""
    shown = clean(text)
    assert controls(shown) <= {"\n", "\t"}
    assert not BIDI.search(shown)
    assert clean(shown) == shown


@given(hostile, st.integers(1, 120))
def test_one_line_is_one_short_line(text: str, limit: int) -> None:
    """A line has no break at all, and its length is the limit and a marker at most."""
    line = one_line(text, limit)
    assert not controls(line)
    assert not BIDI.search(line)
    assert len(line.splitlines()) <= 1
    if len(line) > limit:
        cut = re.fullmatch(r"(.*)… \[\+(\d+) chars\]", line)
        assert cut
        assert len(cut[1]) == limit
        assert int(cut[2]) > 0


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=100))
def test_plain_text_is_untouched(text: str) -> None:
    """Text without tricks comes out as it went in."""
    assert clean(text) == text
    assert one_line(text, 100) == text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[1;31merror\x1b[0m: disk", "error: disk"),
        ("\x1b]0;owned\x07hello", "hello"),
        ("\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("a\r\nb\n\n  c", "a ⏎ b ⏎ c"),
        ("a\tb", "a b"),
        ("user\u202egnp.exe", "usergnp.exe"),
        ("nul\x00byte", "nulbyte"),
        ("", ""),
    ],
)
def test_known_tricks(raw: str, shown: str) -> None:
    """Colours, titles, links, line ends and reversals become plain words."""
    assert one_line(raw, 100) == shown


def test_a_megabyte_of_spaces_takes_no_time() -> None:
    """The time taken grows with the text, not with its square: this would take an hour."""
    assert one_line("a" + " " * 10**6 + "b", 10) == "a         … [+999992 chars]"
    assert one_line("a" + "\t" * 10**6 + "\n" * 10**6 + "b", 10) == "a ⏎ b"


@given(st.text(max_size=300))
def test_quoted_text_cannot_leave_its_quotation_nor_cite(text: str) -> None:
    """Whatever it holds: one line, one pair of marks, no `#` before a number."""
    framed = quoted(text, 200)
    if framed != "(no message)":
        assert (framed[0], framed[-1]) == ("“", "”")
        assert not set("“”„‟") & set(framed[1:-1])
    assert "\n" not in framed and not re.search(r"#\s*\d", framed)


def test_a_false_citation_stays_readable() -> None:
    """The sign is another; the words are the same."""
    assert quoted("see #12 and # 13 in “quotes”", 99) == '“see ＃12 and ＃ 13 in "quotes"”'
