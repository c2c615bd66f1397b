"""Calls that a question could mean: every tool it gives enough for, with evidenced arguments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from prompts.call_text import call_text
from server.evidence import Evidence
from server.words_levels import Levels, find_levels
from server.words_named import Named
from server.words_tools import speaks_of_rows
from tools.log_context import LOG_CONTEXT
from tools.log_patterns import LOG_PATTERNS
from tools.log_stats import LOG_STATS
from tools.query_logs import QUERY_LOGS
from tools.query_metrics import QUERY_METRICS
from tools.similar_logs import SIMILAR_LOGS
from tools.tool import AnyTool

SURE = 6.0
"""Log-odds that a plain cue is worth against the model's opinion."""

_HINT = 2.0
"""Log-odds of words that often, but not always, mean a thing."""


_ARE_LEVEL = re.compile(
    r"\b(?:is|are|was|were|has|have|had)\s+(?:\w+\s+){0,2}?(?:deb|info|warn|err|crit|fatal)", re.I
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A call the question could mean; `prior` is what its wording says for it, in log-odds.

    `whole_line` says that the text to compare is a line of the log itself. `unmet` are words that
    were to be counted and come near to nothing logged, so that the call counts without them.
    `slips` are words of the question, each with the name that it was taken for.
    """

    tool: AnyTool
    arguments: dict[str, Any]
    prior: float = 0.0
    whole_line: bool = False
    unmet: str | None = None
    slips: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The call as the model writes it and people read it."""
        return call_text(self.tool.name, self.arguments)


def candidates(found: Evidence) -> list[Candidate]:
    """The calls to choose from, at least one, all different, the likeliest by wording first."""
    calls = sorted(_by_tool(found), key=lambda call: -call.prior)
    return [*spread(calls[0], found), *calls[1:]]


def _by_tool(found: Evidence) -> Iterator[Candidate]:
    """The call of each tool that the words hint at; where they hint at none, the model decides."""
    hinted = list(_hinted(found))
    plain = found.quote_is_sought and not hinted
    rows = Candidate(QUERY_LOGS, query_arguments(found), SURE if plain else _HINT / 2)
    yield from (rows, *hinted)
    if not hinted and found.unexplained and not speaks_of_rows(found.request):
        yield Candidate(LOG_STATS, stats_arguments(found), -_HINT / 2)
        yield Candidate(LOG_PATTERNS, patterns_arguments(found), -_HINT / 2)


def _hinted(found: Evidence) -> Iterator[Candidate]:
    if found.text:
        yield Candidate(SIMILAR_LOGS, similar_arguments(found), 3 * SURE)
    counting = found.counting
    if counting.asked or counting.group_by or counting.interval:
        strong = counting.asked or bool(counting.interval)
        by_pattern = SURE if counting.asked and counting.group_by == "pattern" else 0.0
        yield Candidate(
            LOG_STATS, stats_arguments(found), (2 * SURE if strong else SURE) + by_pattern
        )
    patterns = found.patterns
    if patterns.asked or found.compare_to:
        plain = patterns.kinds or patterns.new or found.compare_to
        prior = (2.5 * SURE if plain else _HINT) + (SURE if found.start and patterns.new else 0.0)
        yield Candidate(LOG_PATTERNS, patterns_arguments(found), prior)
    if found.metric.names:
        yield Candidate(QUERY_METRICS, metric_arguments(found), _for_metric(found))
    if found.event is not None:
        yield Candidate(LOG_CONTEXT, {"event_id": found.event, **found.around}, 4 * SURE)


def _for_metric(found: Evidence) -> float:
    if found.metric.said:
        return 3 * SURE + (SURE if found.metric.share >= 1 and found.values >= 0 else 0.0)
    if "trace_id" in found.columns:
        return -_HINT
    if found.values > 0:
        return 1.5 * SURE
    return -_HINT if found.values < 0 or speaks_of_rows(found.request) else _HINT


def spread(call: Candidate, found: Evidence) -> Iterator[Candidate]:
    """The call, once for each of the names that the words fit equally well, and without them."""
    for argument, named in (("service", found.service), ("host", found.host)):
        if len(named.names) > 1 and argument in call.arguments:
            bare = {key: value for key, value in call.arguments.items() if key != argument}
            for name in named.names:
                yield replace(call, arguments=call.arguments | {argument: name})
            # Of two names that are meant one is never right: the call with neither finds both.
            more = 3 * SURE if named.together else SURE if named.sure >= 0.95 else -_HINT
            yield replace(call, arguments=bare, prior=call.prior + more)
            return
    yield call
    if call.tool is QUERY_METRICS:
        for name in found.metric.names[1:]:
            yield replace(call, arguments=call.arguments | {"name": name})
    if (
        "contains" in call.arguments
        and found.quoted
        and not found.quote_is_text
        and len(found.quoted) == 1
    ):
        yield from _quoted_level(call)


def _quoted_level(call: Candidate) -> Iterator[Candidate]:
    """A level in quotation marks may be meant as a level."""
    levels = find_levels(call.arguments["contains"])
    if levels.arguments and not levels.rest.strip("¤ "):
        kept = {key: value for key, value in call.arguments.items() if key != "contains"}
        yield replace(call, arguments=levels.arguments | kept, prior=call.prior + _HINT)


def where(found: Evidence) -> dict[str, Any]:
    """The place that the question names."""
    return {"service": found.service.name, "host": found.host.name}


def _when(found: Evidence) -> dict[str, Any]:
    return {"start_time": found.start, "end_time": found.end}


def filters(found: Evidence) -> dict[str, Any]:
    """What the rows are chosen by, in the order in which the model learnt it."""
    return (
        where(found)
        | {"error_code": found.labels.get("code")}
        | found.columns
        | found.levels.arguments
        | {"contains": found.contains}
        | _when(found)
    )


def query_arguments(found: Evidence) -> dict[str, Any]:
    """Of query_logs."""
    contains = {"contains": found.contains or (found.text if found.quoted else None)}
    return given(filters(found) | contains | {"order": found.order, "limit": found.limit})


def stats_arguments(found: Evidence) -> dict[str, Any]:
    """Of log_stats; a limit is one of groups."""
    counting = found.counting
    by = {"group_by": counting.group_by, "interval": counting.interval}
    if counting.share and found.levels.arguments:
        by["group_by"], found = _shared(found)
    return given(by | filters(found) | {"limit": found.limit if counting.group_by else None})


def _shared(found: Evidence) -> tuple[str | None, Evidence]:
    """The column that a share is one of, and the evidence without that part: the whole is counted.

    "Which share are errors" is one of all levels, "which share of errors is nginx's" one of all
    services.
    """
    column = found.counting.group_by
    if column == "level" or (column is None and _ARE_LEVEL.search(found.request)):
        return "level", replace(found, levels=Levels())
    if column in {None, "service"} and found.service.names:
        return "service", replace(found, service=Named())
    if column in {None, "host"} and found.host.names:
        return "host", replace(found, host=Named())
    return column, found


def patterns_arguments(found: Evidence) -> dict[str, Any]:
    """Of log_patterns; new ones are new since some time, before which was the rest."""
    start, end = found.start, found.end
    if found.patterns.new and end and not start:  # "not seen before yesterday"
        start, end = end, None
    new = found.patterns.new and not found.compare_to
    words = {
        "start_time": start,
        "end_time": end,
        "new_only": new or None,
        "compare_to": found.compare_to,
    }
    return given(where(found) | found.levels.arguments | words | {"limit": found.limit})


def similar_arguments(found: Evidence) -> dict[str, Any]:
    """Of similar_logs; "similar errors" asks for no level, "at level ERROR" and "warnings" do."""
    plain = found.levels.arguments == {"level": "ERROR"} and not found.levels.explicit
    levels = {} if plain else found.levels.arguments
    return given(
        {"text": found.text}
        | where(found)
        | levels
        | _when(found)
        | {"limit": found.limit, "min_score": found.min_score}
    )


def metric_arguments(found: Evidence) -> dict[str, Any]:
    """Of query_metrics."""
    steps = {"interval": found.counting.interval, "aggregate": found.aggregate}
    name = {"name": found.metric.names[0]}
    return given(name | where(found) | {"labels": found.labels or None} | _when(found) | steps)


def given(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments that have a value."""
    return {name: value for name, value in arguments.items() if value is not None}
