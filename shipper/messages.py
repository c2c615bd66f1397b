"""The message of an entry: its text, and its fields when it is a JSON object."""

from dataclasses import dataclass
from typing import Any

import orjson

from shipper.fields import Entry, as_text, readable
from tools.limits import MESSAGE_MAX_BYTES

TAIL = 8_192
"""Bytes read past the longest message kept, so that a secret across the cut is seen whole."""

_TEXT_KEYS = ("msg", "message", "event")
_JSON_MAX_BYTES = 65_536
_JSON_MAX_DEPTH = 24
"""Below the 30 levels the server keeps, of which meta_json itself is one."""


@dataclass(slots=True)
class Message:
    """What was said: `size` is its length in the journal, `cut` that `text` is only its head."""

    text: str
    size: int = 0
    cut: bool = False
    missing: bool = False
    fields: dict[str, Any] | None = None


def read_message(entry: Entry) -> Message:
    """The message with terminal sequences and NULs made harmless; missing ones are marked."""
    value = entry.get("MESSAGE")
    if value is None:
        return Message("", missing=True)
    raw = value if isinstance(value, bytes) else _joined(value)
    return message_of(raw, len(raw))


def message_of(raw: bytes, size: int) -> Message:
    """A message of `size` bytes, of which `raw` holds at least those that are kept."""
    cut = size > min(len(raw), MESSAGE_MAX_BYTES + TAIL)
    if cut:
        raw = raw[: MESSAGE_MAX_BYTES + TAIL]
    text = raw.decode("utf-8", "backslashreplace")
    if size <= _JSON_MAX_BYTES and "{" in text[:20] and (fields := _json_object(text)):
        return Message(readable(_taken_text(fields) or text), size, fields=fields)
    return Message(readable(text), size, cut)


def _joined(value: object) -> bytes:
    """A repeated MESSAGE as one, a line each."""
    if not isinstance(value, list | tuple):
        return as_text(value).encode()
    parts = [part if isinstance(part, bytes) else as_text(part).encode() for part in value]
    return b"\n".join(parts)


def _json_object(text: str) -> dict[str, Any] | None:
    stripped = text.strip()
    if stripped[:1] != "{" or stripped[-1:] != "}":
        return None
    try:
        found = orjson.loads(stripped)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) and not _too_deep(found) else None


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_JSON_MAX_DEPTH):
        inner = [each for each in level if isinstance(each, dict | list)]
        if not inner:
            return False
        level = [x for each in inner for x in (each.values() if isinstance(each, dict) else each)]
    return True


def _taken_text(fields: dict[str, Any]) -> str:
    """The human part of a JSON message, removed from its fields."""
    for key in _TEXT_KEYS:
        value = fields.get(key)
        if isinstance(value, str) and value:
            del fields[key]
            return value
    return ""
