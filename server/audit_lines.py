"""A line of the audit log: bounded, and free of anything that a terminal would act on."""

import json
from collections.abc import Mapping
from itertools import islice
from math import isfinite
from typing import Any

from tools.audited import ToolCall
from tools.records import utc_text

_TEXT, _ITEMS, _DEPTH, _ALL = 300, 50, 4, 8_000


def audit_line(call: ToolCall) -> bytes:
    """The call as one line of JSON, ASCII alone: what is not is escaped, control codes included."""
    access = call.access
    arguments = _shown(call.arguments, _DEPTH)
    written = _json(arguments)
    if len(written) > _ALL:
        arguments = {"clipped": _clipped(written, _ALL)}
    said = {
        "time": utc_text(call.at),
        "request_id": access.request_id,
        "door": access.door,
        "address": access.address,
        "token": access.token,
        "tool": call.tool,
        "arguments": arguments,
        "outcome": call.outcome,
        "rows": call.rows,
        "ms": round(call.seconds * 1000, 1),
    }
    return _json(said).encode() + b"\n"


def _json(value: Any) -> str:
    return json.dumps(value).replace("\x7f", "\\u007f")


def _shown(value: Any, depth: int) -> Any:
    """What callers may have written, of any type and size, as a small piece of JSON."""
    if isinstance(value, str):
        return _clipped(value, _TEXT)
    if value is None or isinstance(value, bool | int | float):
        return _number(value)
    if depth == 0:
        return f"a {type(value).__name__}"
    if isinstance(value, Mapping):
        items = islice(value.items(), _ITEMS)
        shown = {_clipped(str(key), 100): _shown(one, depth - 1) for key, one in items}
        left = len(value) - _ITEMS
        return shown | {"…": f"and {left} more"} if left > 0 else shown
    if isinstance(value, list | tuple):
        more = [f"and {len(value) - _ITEMS} more"] if len(value) > _ITEMS else []
        return [_shown(one, depth - 1) for one in value[:_ITEMS]] + more
    return _clipped(repr(value), _TEXT)


def _number(value: Any) -> Any:
    """What JSON has no number for becomes text."""
    if isinstance(value, float):
        return value if isfinite(value) else repr(value)
    return value if value is None or abs(value) < 2**63 else "a large number"


def _clipped(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… [+{len(text) - limit} chars]"
