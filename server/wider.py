"""Calls that no words point to, for the model to prefer where it knows better.

Wording cues decide what they were written for. Other wordings fall back on listing rows: for those
the same evidenced values are offered to every other tool that can take them.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from server.calls import SURE, Candidate
from tools.log_patterns import LOG_PATTERNS
from tools.log_stats import LOG_STATS
from tools.query_logs import QUERY_LOGS
from tools.similar_logs import SIMILAR_LOGS
from tools.tool import AnyTool

_UNSUPPORTED = -1.0
"""Log-odds of a call that no words speak for."""
_OWN = {"text", "limit", "order", "group_by", "interval", "new_only", "compare_to"}
"""Arguments that not every tool of rows takes or means alike."""
_ROWS = (QUERY_LOGS, LOG_STATS, LOG_PATTERNS, SIMILAR_LOGS)


def widened(choices: Sequence[Candidate], columns: Sequence[str]) -> list[Candidate]:
    """The choices, and after them the calls of other tools with the values of the likeliest.

    `columns` are those that the question speaks of, which may be what it counts by.
    """
    if not choices or choices[0].tool not in _ROWS or choices[0].prior >= SURE:
        return list(choices)
    known = {choice.text for choice in choices}
    wide = list(choices)
    for tool, arguments in _others(choices[0].arguments, columns):
        call = Candidate(tool, arguments, _UNSUPPORTED)
        if call.text not in known and not _loses(choices[0].arguments, arguments):
            known.add(call.text)
            wide.append(call)
    return wide


def _others(
    found: dict[str, Any], columns: Sequence[str]
) -> Iterator[tuple[AnyTool, dict[str, Any]]]:
    filters = {key: value for key, value in found.items() if key not in _OWN}
    text = found.get("text") or found.get("contains")
    if text:
        yield SIMILAR_LOGS, _taken(SIMILAR_LOGS, {"text": text} | filters | _kept(found, "limit"))
    quoted = {"contains": found["text"]} if "text" in found else {}
    filters |= quoted
    yield QUERY_LOGS, filters | _kept(found, "limit", "order")
    steps = _kept(found, "interval")
    yield LOG_STATS, _kept(found, "group_by") | filters | steps
    if "group_by" not in found:
        for column in columns:
            yield LOG_STATS, {"group_by": column} | filters | steps
    kinds = _taken(LOG_PATTERNS, filters | _kept(found, "compare_to", "limit"))
    yield LOG_PATTERNS, kinds
    if "start_time" in filters and "compare_to" not in found:
        yield LOG_PATTERNS, kinds | {"new_only": True}


def _kept(found: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: found[name] for name in names if name in found}


def _taken(tool: AnyTool, arguments: dict[str, Any]) -> dict[str, Any]:
    takes = tool.takes.model_fields
    return {key: value for key, value in arguments.items() if key in takes}


def _loses(found: dict[str, Any], arguments: dict[str, Any]) -> bool:
    """Whether a value that the question gives would have no place in the call."""
    said = {str(value) for key, value in found.items() if key not in {"limit", "order"}}
    return not said <= {str(value) for value in arguments.values()}
