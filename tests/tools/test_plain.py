"""Text made safe to show."""

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.plain import clean, one_line, plain_data, plain_json, quoted

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
    "\x1b]52;c;aGk=",
    "\x1bP1$r",
    "\x1b\\",
    "\x9d0;title",
    "\x9c",
    "\x0b",
    "\u200d",
    "\u200c",
    "\ufe0f",
    "\u061c",
    "\u3164",
    "\U000e0041",
    "\U000e01ef",
    "\ud800",
    "ب",
    "👩",
]
hostile = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
)
BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c]")


UNSEEN = re.compile(
    "[\u00ad\u034f\u115f\u180e\u200b\u2060-\u206f\u3164\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


def controls(text: str) -> set[str]:
    """Characters that a terminal acts on rather than shows."""
    return {char for char in text if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}}


@given(hostile)
def test_clean_leaves_no_trick(text: str) -> None:
    """No control code, escape, change of direction or hidden text survives; breaks and tabs do."""
    shown = clean(text)
    assert controls(shown) <= {"\n", "\t"}
    assert not BIDI.search(shown)
    assert not UNSEEN.search(shown)
    shown.encode()
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


@given(
    st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=100).filter(
        lambda text: not re.search("[\u115f\u1160\u3164\uffa0\ufffc\ufffd]", text)
    )
)
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
        ("user\u202egnp.exe", "user<U+202E>gnp.exe"),
        ("pay\u200bpal.com", "pay<U+200B>pal.com"),
        ("ok\U000e0069\U000e0067\U000e006e\U000e006f!", "ok<U+E0069 and 3 more hidden>!"),
        ("half \ud800 a pair", "half <U+D800> a pair"),
        ("10%\r20%\r\n", "10% ⏎ 20% ⏎"),
        ("done\r", "done"),
        ("a\x0bb\x85c\u2028d", "a ⏎ b ⏎ c ⏎ d"),
        ("\x9d0;owned\x9chello", "hello"),
        ("\x9b31mred", "red"),
        ("\x1b]52;c;aGk=\x07pasted", "pasted"),
        ("\x1bP+q544e\x1b\\asked", "asked"),
        ("\x1b]0;never ended: root logged in", "0;never ended: root logged in"),
        ("👨\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3", "👨\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("nul\x00byte", "nulbyte"),
        ("", ""),
    ],
)
def test_known_tricks(raw: str, shown: str) -> None:
    """Colours, titles, links, line ends and reversals become plain words."""
    assert one_line(raw, 100) == shown


@pytest.mark.parametrize(
    "piece",
    [
        "\x1b]",
        "\x9d",
        "\r",
        "\x1b[0",
        "\x1b ",
        "\u200d",
        "❤\ufe0f",
        "\x1b]a",
        "\u202ea",
        "\x1bP\x07",
    ],
)
def test_a_megabyte_of_tricks_takes_no_time(piece: str) -> None:
    """No trick makes the time grow with the square of the text: a test would not end."""
    assert controls(clean(piece * (2**20 // len(piece)) + "x")) <= {"\n"}


JSON = st.recursive(
    hostile.filter(lambda text: not re.search("[\ud800-\udfff]", text)) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile, inner, max_size=3),
    max_leaves=6,
)


@given(JSON, st.sampled_from([None, 2]))
def test_json_made_plain_is_the_same_data(value: object, indent: int | None) -> None:
    """A terminal that is shown it obeys nothing, and a program reads what was there."""
    shown = plain_json(json.dumps(value, ensure_ascii=False, indent=indent))
    assert json.loads(shown) == value
    assert controls(shown) <= {"\n"}
    assert not BIDI.search(shown) and not UNSEEN.search(shown)


@given(JSON)
def test_plain_data_holds_no_trick(value: object) -> None:
    """Every text within is clean, and what is no text is as it was."""
    shown = json.dumps(plain_data(value), ensure_ascii=False)
    assert controls(shown) == set()
    assert not BIDI.search(shown) and not UNSEEN.search(shown)
    assert plain_data([1, 2.5, None, True]) == [1, 2.5, None, True]


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
