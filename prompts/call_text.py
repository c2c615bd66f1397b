"""A tool call as one line, as the model writes it and people read it."""

import json
from collections.abc import Mapping

ORDER = (
    "text", "name", "event_id", "group_by", "service", "host", "labels", "source", "level",
    "min_level", "contains", "trace_id", "error_code", "event_type", "start_time", "end_time",
    "new_only", "compare_to", "interval", "aggregate", "before", "after", "scope", "order",
    "limit", "min_score",
)  # fmt: skip
"""The packaged model learnt the arguments in this order; others follow as they come."""

_PLACES = {name: place for place, name in enumerate(ORDER)}


def call_text(tool: str, arguments: Mapping[str, object]) -> str:
    """`tool name="value" …`; a double quote within a value becomes a single one."""
    names = sorted(arguments, key=lambda name: _PLACES.get(name, len(_PLACES)))
    return " ".join([tool, *(f"{name}={_quoted(arguments[name])}" for name in names)])


def _quoted(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        value = ",".join(value)
    text = json.dumps(value, separators=(",", ":")) if isinstance(value, dict) else str(value)
    return '"' + text.replace('"', "'") + '"'
