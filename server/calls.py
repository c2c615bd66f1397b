"""Calls that a question could mean: every tool it gives enough for, with evidenced arguments."""

from dataclasses import dataclass
from typing import Any

from server.evidence import Evidence
from tools.log_stats import LOG_STATS
from tools.query_logs import QUERY_LOGS
from tools.query_metrics import QUERY_METRICS
from tools.similar_logs import SIMILAR_LOGS
from tools.tool import AnyTool

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
    if found.metric:
        calls.append(Candidate(QUERY_METRICS, _metric(found), _SURE))
    return calls


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


def _similar(found: Evidence) -> dict[str, Any]:
    return _given({"text": found.text} | _where(found) | _when(found) | _limited(found))


def _metric(found: Evidence) -> dict[str, Any]:
    return _given({"name": found.metric} | _where(found) | _when(found))


def _limited(found: Evidence) -> dict[str, Any]:
    return {"limit": found.limit}


def _given(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}
