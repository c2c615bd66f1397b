"""Log text made safe to show: no control codes, no tricks of direction, a known length.

Log lines are written by attackers too. Nothing here changes what is stored; only what is shown.
"""

import re

# CSI and OSC sequences of ECMA-48, then single-character escapes.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])?")
# C0 and C1 controls, DEL, bidirectional overrides and isolates, zero-width and line separators.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2028\u2029\u2060-\u2069\ufeff]"
)

_CITATION = re.compile(r"#(?=\s*\d)")
_STRAIGHT = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f", '"'))


def clean(text: str) -> str:
    """The text without terminal escapes or invisible characters; line breaks stay."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    return _CONTROLS.sub("", text) if not text.isascii() or not text.isprintable() else text


def one_line(text: str, limit: int) -> str:
    """The text on one line, cut to `limit` characters with a marker that says how much is gone."""
    # Split rather than searched: a search through 64 KiB of spaces takes seconds.
    first, *others = (part.strip() for part in clean(text).replace("\t", " ").split("\n"))
    between = [part for part in others[:-1] if part]
    line = " ⏎ ".join([first, *between, *others[-1:]]).strip()
    if len(line) <= limit:
        return line
    return f"{line[:limit]}… [+{len(line) - limit} chars]"


def unsigned(text: str, limit: int) -> str:
    """The text on one line, without what could pass for our own marks: `#1` cites nothing in it,
    and quotation marks neither open nor close.
    """
    return _CITATION.sub("\uff03", one_line(text, limit).translate(_STRAIGHT))


def quoted(text: str, limit: int) -> str:
    """Log text framed as data: between “ and ”, which it cannot close itself."""
    return f"\u201c{unsigned(text, limit)}\u201d" if text.strip() else "(no message)"
