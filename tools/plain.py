"""Log text made safe to show: no control codes, nothing hidden, a known length.

Log lines are written by attackers too. Nothing here changes what is stored; only what is shown.
Control codes go. What a reader would not see but a model reads, or what turns the reading round,
is shown as its code point: direction marks (Unicode TR 36), zero-width and tag characters,
variation selectors, half surrogates. Joiners stay where a script or an emoji is written with them.
"""

import re
from typing import Any

# Strings of ECMA-48 (OSC, DCS, SOS, PM, APC) that end, CSI sequences, then single escapes: each by
# ESC, or by the one C1 character that stands for it. An unended string loses its beginning alone:
# it must not take along what comes after it.
_ESCAPES = re.compile(
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x00-\x1f\x7f-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b(?:[ -/]*[0-~])?"
)
_BREAKS = str.maketrans(dict.fromkeys("\r\x0b\x0c\x85\u2028\u2029", "\n"))
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")

UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff\ud800-\udfff"
)
"""What no reader sees, or what turns the reading round; for a class of a regular expression."""

_JOINED = "\u0600-\u109f\u1780-\u17b3\u17b6-\u17ff\u1820-\u18af"  # cursive and Indic scripts
_PICTURES = "\u00a9\u00ae\u203c-\u205f\u2070-\u3163\u3165-\u3299\U0001f000-\U0001faff"
_HIDDEN = re.compile(
    f"(?P<kept>(?<=[{_JOINED}])[\u200c\u200d](?=[{_JOINED}])"
    f"|(?<=[{_PICTURES}])\ufe0f|(?<=[0-9#*])\ufe0f(?=\u20e3)"
    f"|(?<=[{_PICTURES}\ufe0f])\u200d(?=[{_PICTURES}]))"
    f"|[{UNSEEN}]+"
)
_SHOWN = 3
"""Characters of a hidden run that are shown one by one; of a longer one the first and how many."""

_UNSAFE_IN_JSON = re.compile(f"[\x7f-\x9f\u2028\u2029{UNSEEN}]")

_CITATION = re.compile(r"#(?=\s*\d)")
_STRAIGHT = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f", '"'))


def clean(text: str) -> str:
    """The text without control codes, its hidden characters shown; line breaks and tabs stay.

    Whatever breaks a line in Unicode is a line feed afterwards.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _ESCAPES.sub("", text).replace("\r\n", "\n").rstrip("\r").translate(_BREAKS)
    return _HIDDEN.sub(_seen, _CONTROLS.sub("", text))


def _seen(run: re.Match[str]) -> str:
    if run["kept"]:
        return run[0]
    shown = "".join(f"<U+{ord(char):04X}>" for char in run[0][:_SHOWN])
    if len(run[0]) > _SHOWN:
        return f"<U+{ord(run[0][0]):04X} and {len(run[0]) - 1} more hidden>"
    return shown


def plain_data(value: Any) -> Any:
    """Data as it comes from JSON, each text in it, keys too, cleaned."""
    match value:
        case str():
            return clean(value)
        case dict():
            return {clean(key): plain_data(inner) for key, inner in value.items()}
        case list():
            return [plain_data(inner) for inner in value]
    return value


def plain_json(text: str) -> str:
    """The same JSON, with what a terminal obeys or a reader does not see as escapes: nothing of
    the data is lost. JSON itself escapes only what is below U+0020.
    """
    return _UNSAFE_IN_JSON.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def one_line(text: str, limit: int) -> str:
    """The text on one line, cut to `limit` characters with a marker that says how much is gone."""
    line = text.strip() if text.isascii() and text.isprintable() else _joined(clean(text))
    if len(line) <= limit:
        return line
    return f"{line[:limit]}… [+{len(line) - limit} chars]"


def _joined(text: str) -> str:
    """Clean text on one line."""
    # Split rather than searched: a search through 64 KiB of spaces takes seconds.
    first, *others = (part.strip() for part in text.replace("\t", " ").split("\n"))
    between = [part for part in others[:-1] if part]
    return " ⏎ ".join([first, *between, *others[-1:]]).strip()


def unsigned(text: str, limit: int) -> str:
    """The text on one line, without what could pass for our own marks: `#1` cites nothing in it,
    and quotation marks neither open nor close.
    """
    return _CITATION.sub("\uff03", one_line(text, limit).translate(_STRAIGHT))


def quoted(text: str, limit: int) -> str:
    """Log text framed as data: between “ and ”, which it cannot close itself."""
    return f"\u201c{unsigned(text, limit)}\u201d" if text.strip() else "(no message)"
