"""Calls that a question could mean: every tool it gives enough for, with evidenced arguments."""

import re
from dataclasses import dataclass
from typing import Any

from server.evidence import Evidence
from tools.log_context import LOG_CONTEXT
from tools.log_patterns import LOG_PATTERNS
from tools.log_stats import LOG_STATS
from tools.query_logs import QUERY_LOGS
from tools.query_metrics import QUERY_METRICS
from tools.similar_logs import SIMILAR_LOGS
from tools.tool import AnyTool

_FOLLOW_UP = re.compile(
    r"^\W*(?:and|or|but|also|same|now|then|what\s+about|how\s+about|only|just|again|instead|"
    r"ok(?:ay)?,?\s+(?:and|now)|for|on|in|since|per|by|only\s+the|make\s+(?:it|that)|"
    r"narrow|restrict|limit|show\s+(?:only|just)|the\s+same|except|this\s+time|a\s+|last\s+|past\s+|"
    r"group|split|break\s+(?:it|that|them|those)|count\s+(?:them|those|it)|how\s+many\??\W*$)"
    r"|\b(?:instead|as\s+well|too|the\s+same|those|them|these|of\s+that|that\s+one)\W*$",
    re.I,
)
_SURE = 6.0
"""Log-odds that a plain cue is worth against the model's opinion."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A call the question could mean; `prior` is what its wording says for it, in log-odds."""

    tool: AnyTool
    arguments: dict[str, Any]
    prior: float = 0.0

    @property
    def text(self) -> str:
        """The call as the model writes it and people read it."""
        shown = " ".join(f"{key}={_quoted(value)}" for key, value in self.arguments.items())
        return f"{self.tool.name} {shown}".rstrip()


def _quoted(value: object) -> str:
    return str(value) if isinstance(value, int) else '"' + str(value).replace('"', "'") + '"'


def candidates(found: Evidence) -> list[Candidate]:
    """The calls to choose from, at least one, all different."""
    calls = [Candidate(QUERY_LOGS, _query(found), 0.0 if found.text else _SURE)]
    if found.text:
        prior = _SURE if found.similar else -_SURE
        calls.append(Candidate(SIMILAR_LOGS, _similar(found), prior))
    if found.counting.asked and not found.similar:
        calls.append(Candidate(LOG_STATS, _stats(found), 2 * _SURE))
    if found.patterns.asked and not found.similar:
        calls.append(Candidate(LOG_PATTERNS, _patterns(found), 3 * _SURE))
    if found.metric:
        calls.append(Candidate(QUERY_METRICS, _metric(found), 3 * _SURE))
    if found.context:
        calls.append(Candidate(LOG_CONTEXT, found.context, 4 * _SURE))
    return calls


def continued(found: Evidence, question: str, past: Candidate) -> Candidate | None:
    """The past call with what a follow-up changes ("and on nas01?"); None for a new question."""
    if not _FOLLOW_UP.search(question) or found.text or found.context:
        return None
    tool, kept = past.tool, dict(past.arguments)
    if (found.counting.asked or found.counting.group_by) and tool is not LOG_PATTERNS:
        tool = LOG_STATS
    new = _changes(found)
    if "level" in new or "min_level" in new:
        kept = {key: value for key, value in kept.items() if key not in {"level", "min_level"}}
    if "start_time" in new or "end_time" in new:
        kept = {key: value for key, value in kept.items() if key not in {"start_time", "end_time"}}
    takes = tool.takes.model_fields
    merged = {key: value for key, value in (kept | new).items() if key in takes}
    return Candidate(tool, merged, 5 * _SURE)


def _changes(found: Evidence) -> dict[str, Any]:
    counting = {"group_by": found.counting.group_by, "interval": found.counting.interval}
    words = {"contains": found.contains, **counting}
    return _given(_where(found) | _severity(found) | words | _when(found) | _limited(found))


def _where(found: Evidence) -> dict[str, Any]:
    return {"service": found.service, "host": found.host}


def _when(found: Evidence) -> dict[str, Any]:
    return {"start_time": found.start, "end_time": found.end}


def _severity(found: Evidence) -> dict[str, Any]:
    if found.level is None:
        return {}
    return {"min_level" if found.and_above else "level": str(found.level)}


def _query(found: Evidence) -> dict[str, Any]:
    contains = {"contains": found.contains or (found.text if found.quoted else None)}
    return _given(_where(found) | _severity(found) | contains | _when(found) | _limited(found))


def _stats(found: Evidence) -> dict[str, Any]:
    wanted = _where(found) | _severity(found) | {"contains": found.contains} | _when(found)
    by = {"group_by": found.counting.group_by, "interval": found.counting.interval}
    return _given(by | wanted)


def _patterns(found: Evidence) -> dict[str, Any]:
    asked = found.patterns
    words = {"new_only": asked.new_only or None, "compare_to": asked.compare_to}
    return _given(_where(found) | _severity(found) | _when(found) | words | _limited(found))


def _similar(found: Evidence) -> dict[str, Any]:
    return _given({"text": found.text} | _where(found) | _when(found) | _limited(found))


def _metric(found: Evidence) -> dict[str, Any]:
    steps = {"interval": found.counting.interval, "aggregate": found.counting.aggregate}
    return _given({"name": found.metric} | _where(found) | _when(found) | steps)


def _limited(found: Evidence) -> dict[str, Any]:
    return {"limit": found.limit}


def _given(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}
