"""Values of a call that neither its question, the turns before it nor the catalogue bear out.

Told apart from how calls are made: by plain words, on purpose coarser than the reading of a
question, so that a mistake of that is not repeated here.
"""

import re
from datetime import UTC, datetime
from typing import Any

from server.calls import Candidate
from server.words_german import in_english
from server.words_moment import COUNTED, number
from server.words_spelling import corrected
from server.words_times import find_moments
from tools.errors import BadArguments
from tools.ports import Catalogue
from tools.timespan import parse_time

_TIMES = {"start_time", "end_time", "compare_to"}
_VERBATIM = {"text", "contains", "trace_id", "error_code", "event_type", "source"}
_LEVEL = r"deb|dbg|inf|notice|war|\be?rr|crit|fatal|emerg|wors|level|severe|bad"
_SIGNS = {
    "level": _LEVEL,
    "min_level": _LEVEL,
    "new_only": r"new|never|nobody|first|seen|saw|novel|unknown|unfamiliar|introduc|beg[aiu]n|"
    r"start|before|earlier|n't|not",
    "interval": r"\d|hour|minut|da(?:y|ily)|week|month|quarter|half|/|trend|time",
    "aggregate": r"av(?:g|era)|mean|typical|m[ai]x|min|peak|high|low|large|big|small|cold|least|"
    r"sum|total|last|latest|current|now|recent|count|number|how",
    "order": r"old|first|earl|chrono|ascend|begin|order|forward|new|latest|recent|descend",
    "scope": r"host|machine|box|server|node|comput|every|any|all|other|fleet|glob|across|whole",
}
_NOW = datetime(2026, 1, 1)
_PERIOD = re.compile(
    r"hour|day|week|month|period|window|before|earlier|previous|prior|chang|compar"
)
_COLUMN_SIGNS = {
    "service": r"service|unit|app|program|daemon|component|process|who|culprit|offend|talker|spam",
    "host": r"host|machine|server|box|node|comput|device|where|who",
    "level": r"level|severit|share|percent|proportion|ratio|part",
    "pattern": r"pattern|kind|type|sort|message|error|line",
    "source": r"source",
    "event_type": r"type|event",
    "error_code": r"code|errno",
}


def invented(call: Candidate | None, case: dict[str, Any], names: Catalogue) -> int:
    """How many values of the call stand nowhere."""
    if call is None:
        return 0
    turns = [str(value) for turn in case.get("history", ()) for value in (turn["q"], turn["args"])]
    said = " ".join([case["q"], in_english(case["q"]), *turns]).lower()
    return sum(not _evidenced(key, value, said, names) for key, value in call.arguments.items())


def _evidenced(key: str, value: Any, said: str, names: Catalogue) -> bool:
    if key in _SIGNS:
        return bool(re.search(_SIGNS[key], corrected(said)))
    if key == "group_by":
        return bool(re.search(_COLUMN_SIGNS[value], said)) or _compared(value, said, names)
    if key in _TIMES:
        return _is_time(value) and bool(find_moments(corrected(said), _NOW) or _PERIOD.search(said))
    return _stands(key, value, said, names)


def _stands(key: str, value: Any, said: str, names: Catalogue) -> bool:
    """Whether a name is known, a text was said, or a number was, in digits or in words."""
    if key in {"service", "host", "name"}:
        return value in {*names.services, *names.hosts, *names.metrics}
    if key in _VERBATIM:
        return str(value).lower() in said
    if key == "labels":
        return all(str(part).lower() in said for pair in value.items() for part in pair)
    numbers = {number(word) for word in re.findall(rf"\b(?:{COUNTED})\b", said)}
    numbers |= {int(share) / 100 for share in re.findall(r"\b(\d{1,3})\s?%", said)}
    numbers |= {0} if re.search(r"\b(?:no|none|nothing)\b", said) else set()
    return value == 1 or str(value) in said or value in numbers  # one is "the last error"


def _is_time(value: Any) -> bool:
    try:
        parse_time(str(value), _NOW.replace(tzinfo=UTC), UTC)
    except BadArguments:
        return False
    return True


def _compared(column: str, said: str, names: Catalogue) -> bool:
    """Whether two names of the column are spoken of, which are then counted side by side."""
    known = {"service": names.services, "host": names.hosts}.get(column, ())
    spelt = {name.lower().removesuffix(".service").rstrip("0123456789") for name in known}
    return (
        sum(name in said for name in spelt) > 1 or sum(name.lower() in said for name in known) > 1
    )
