"""Journal fields as text: values come as bytes, as text, or as a list when a field repeats."""

import re
from collections.abc import Mapping, Sequence

Entry = Mapping[str, bytes | str | Sequence[bytes | str]]
"""One journal entry as the raw reader of systemd-python gives it."""

# CSI and OSC sequences of ECMA-48, then single-character escapes.
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x07\x1b\n]*+(?:\x07|\x1b\\)|[ -/]*+[0-~])"
)


def as_text(value: object) -> str:
    """The value as text that any encoder takes; bytes that are no UTF-8 stay readable as \\xNN."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, list | tuple):
        return "\n".join(map(as_text, value))
    return as_text(str(value))


def first(entry: Entry, name: str) -> str:
    """The first value of a field, '' when the entry has none."""
    value: object = entry.get(name)
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, list | tuple):
        value = value[0] if value else None
    return "" if value is None else as_text(value)


def readable(text: str) -> str:
    """The text without terminal sequences; a stray ESC or a NUL is written out."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text).replace("\x1b", "\\x1b")
    return text.replace("\x00", "\\x00") if "\x00" in text else text
