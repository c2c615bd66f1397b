"""What the parts of a compound question share although only one of them says it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from server.calls import Candidate

_TIMES = ("start_time", "end_time")
_PLACES = ("service", "host", "source")
_BARE = re.compile(
    r"^\W*(?:and\s+)?(?:(?:how\s+many|which|what|any|the|all|count|show|list|number\s+of)\s+)+"
    r"[\w/-]+\W*$",
    re.I,
)
"""A part that asks for a kind of event and says nothing else: "how many warnings"."""


def shared(calls: Mapping[int, Candidate], parts: Sequence[str]) -> dict[int, Candidate]:
    """The calls of a question's parts, by their place, with what one says for its neighbours.

    "How many errors and how many warnings did nas01 log today" says today and nas01 once and means
    them twice. A time goes for every part that names none; a place for those of the same tool that
    say nothing but what to look for.
    """
    found = {}
    for number, call in calls.items():
        given = {} if _names(call, _TIMES) else _said(calls.values(), _TIMES)
        if _BARE.match(parts[number]) and not _names(call, _PLACES):
            given |= _said((one for one in calls.values() if one.tool is call.tool), _PLACES)
        found[number] = replace(call, arguments=call.arguments | _taken(call, given))
    return found


def _said(calls: Iterable[Candidate], keys: tuple[str, ...]) -> dict[str, Any]:
    """These arguments of the first call that has any of them."""
    first = next((call.arguments for call in calls if _names(call, keys)), {})
    return {key: first[key] for key in keys if key in first}


def _names(call: Candidate, keys: tuple[str, ...]) -> bool:
    return any(key in call.arguments for key in keys)


def _taken(call: Candidate, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if key in call.tool.takes.model_fields}
