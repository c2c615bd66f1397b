"""One call of an answer made: only tools that read, and every row that one question may read."""

from typing import Any

from server.answer import Facts, compose
from server.calls import Candidate
from tools.errors import BadArguments
from tools.log_stats import LOG_STATS
from tools.ports import Deps
from tools.query_logs import QUERY_LOGS, LogPage
from tools.query_metrics import QUERY_METRICS

_PAGE = 1_000
_MOST_ROWS = 5_000
"""Rows read for one call; beyond them the answer says that it stopped."""


async def call_and_compose(call: Candidate, deps: Deps) -> tuple[Any, Facts]:
    """What the tool gives, and what that says. Raises what the tool raises."""
    if call.tool.writes:
        raise BadArguments.one("tool", "a question is answered by tools that read", call.tool.name)
    if call.tool is QUERY_LOGS and "limit" not in call.arguments:
        page: Any = await _all_pages(call.arguments, deps)
    else:
        page = await call.tool.call(_many(call) | call.arguments, deps)
    return page, await compose(page, call, deps)


def _many(call: Candidate) -> dict[str, Any]:
    """As many points or intervals as one page holds: the highest of a few is not the highest."""
    steps = call.tool is LOG_STATS and "interval" in call.arguments
    return {"limit": _PAGE} if steps or call.tool is QUERY_METRICS else {}


async def _all_pages(arguments: dict[str, Any], deps: Deps) -> LogPage:
    """Every matching row, page by page, up to the most that one question may read."""
    first: LogPage = await QUERY_LOGS.call({**arguments, "limit": _PAGE}, deps)
    events, cursor = list(first.events), first.next_cursor
    while cursor and len(events) < _MOST_ROWS:
        more = await QUERY_LOGS.call({**arguments, "limit": _PAGE, "cursor": cursor}, deps)
        events, cursor = events + more.events, more.next_cursor
    whole = {"events": events, "next_cursor": cursor, "complete": cursor is None}
    return first.model_copy(update=whole)
