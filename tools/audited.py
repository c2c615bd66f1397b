"""What an audit is told of a call."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tools.access import Access

_ROWS = ("events", "patterns", "groups", "points", "accepted")
"""Where an answer has its rows, or their number."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that has ended. `outcome` is ok, an error's code, cancelled, or internal for a bug."""

    at: datetime
    tool: str
    arguments: Mapping[str, Any]
    access: Access
    outcome: str
    rows: int | None
    seconds: float


def rows_of(answer: object) -> int | None:
    """How many rows an answer gives, or how many a batch brought."""
    for name in _ROWS:
        found = getattr(answer, name, None)
        if found is not None:
            return found if isinstance(found, int) else len(found)
    return None


def counted(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call that writes, without what it writes: a list as its length."""
    return {
        name: len(value)
        if isinstance(value, list)
        else value
        if isinstance(value, bool)
        else type(value).__name__
        for name, value in arguments.items()
    }
