"""Answers composed from facts that code computed; every sentence has rows behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from server.answer_alike import alike_lines
from server.answer_counts import kinds_lines, stats_lines
from server.answer_events import around_lines, events_lines
from server.answer_heard import heard_lines, nothing_lines
from server.answer_scope import LINE, name, number, searched
from server.answer_scope import noun as _noun
from server.calls import Candidate
from tools.answers import moment_text, range_text
from tools.log_context import ContextPage
from tools.log_patterns import PatternsPage
from tools.log_stats import StatsPage
from tools.plain import one_line, quoted
from tools.ports import Deps
from tools.query_logs import LogPage
from tools.query_metrics import MetricPage, Point
from tools.records import Event
from tools.similar_logs import SimilarPage

_SHOWN = 3
"""Likenesses that an answer tells when the question gives no number."""


@dataclass(frozen=True, slots=True)
class Facts:
    """An answer in words, the ids of the events it cites, and those events where they are read."""

    text: str
    citations: list[int]
    rows: Sequence[Event] = ()


async def compose(page: Any, understood: Candidate, deps: Deps) -> Facts:
    """The answer that a tool's result gives to the question behind the call."""
    facts = await _composed(page, understood, deps)
    taken = [f"Took {quoted(said, LINE)} for {name(meant)}." for said, meant in understood.slips]
    return replace(facts, text="\n".join([facts.text, *taken]))


async def _composed(page: Any, understood: Candidate, deps: Deps) -> Facts:
    if isinstance(page, SimilarPage) and page.patterns:
        most = int(understood.arguments.get("limit", _SHOWN))
        text = str(understood.arguments["text"])
        lines, cited = alike_lines(page, text, most, understood.whole_line)
        return Facts("\n".join(lines), cited)
    if isinstance(page, MetricPage):
        return _of_points(page, understood.arguments)
    if isinstance(page, ContextPage):
        return _cited(*around_lines(page, understood.arguments))
    lines, rows = await _counted_lines(page, understood, deps)
    if not lines:
        lines = await _nothing_lines(page, understood, deps)
    heard = await heard_lines(page.coverage, page.range, understood.arguments, deps)
    return _cited([*lines, *heard], rows)


async def _counted_lines(
    page: Any, understood: Candidate, deps: Deps
) -> tuple[list[str], list[Event]]:
    """The lines of a page that counts events, none when there is nothing to tell."""
    if isinstance(page, LogPage):
        return await events_lines(page, understood.arguments, deps) if page.events else ([], [])
    if isinstance(page, StatsPage):
        if page.total == 0:
            return [], []
        lines, rows = await stats_lines(page, understood.arguments, deps)
        return [*lines, *_unmet_lines(understood)], rows
    if isinstance(page, SimilarPage) or not page.patterns:
        return [], []
    return await kinds_lines(page, understood.arguments, deps)


def _unmet_lines(understood: Candidate) -> list[str]:
    if understood.unmet is None:
        return []
    return [f"Counted without {quoted(understood.unmet, LINE)}: nothing logged comes near that."]


async def _nothing_lines(page: Any, understood: Candidate, deps: Deps) -> list[str]:
    """What was looked for in vain, and why there is nothing as far as that can be told."""
    where = searched(understood.arguments, page.range)
    if isinstance(page, SimilarPage):
        text = quoted(str(understood.arguments["text"]), LINE)
        return [f"Nothing similar to {text}: {where}.", *filter(None, [page.hint])]
    if isinstance(page, PatternsPage) and page.total:
        return [f"None among {number(page.total)} {where}.", *filter(None, [page.hint])]
    more = await nothing_lines(page.range, understood.arguments, page.hint, deps)
    return [f"No event matches: {where}.", *more]


def _cited(lines: list[str], rows: Sequence[Event]) -> Facts:
    return Facts("\n".join(lines), list(dict.fromkeys(event.id for event in rows)), rows)


def _of_points(page: MetricPage, arguments: Mapping[str, Any]) -> Facts:
    named = name(page.name)
    if not page.points:
        return Facts(
            f"No point of {named}, {range_text(page.range)}. {page.hint or ''}".strip(), []
        )
    aggregate, interval = arguments.get("aggregate"), arguments.get("interval")
    if aggregate and not interval:
        lines = [f"{named}, {range_text(page.range)}: {_aggregated(page.points[0], aggregate)}."]
    else:
        each = f" ({aggregate or 'avg'} of each {interval})" if interval else ""
        lines = _several(page, f"{named}{each}")
    return Facts("\n".join([*lines, page.hint] if page.hint else lines), [])


def _aggregated(point: Point, aggregate: str) -> str:
    """One value of the whole range; it belongs to no moment in it."""
    of = f" of {number(point.count)} {_noun(point.count, 'point')}" if point.count else ""
    return f"{aggregate} {_valued(point)}{of}"


def _several(page: MetricPage, named: str) -> list[str]:
    values = [point.value for point in page.points]
    newest = page.points[0]
    low, high = (pick(page.points, key=lambda point: point.value) for pick in (min, max))
    count = f"{number(len(values))} {_noun(len(values), 'value')}"
    of = "" if page.complete else " of these, the newest"
    return [
        f"{count} of {named}, {range_text(page.range)}.",
        f"Newest {_valued(newest)} at {moment_text(newest.timestamp)}{_where(newest)}; "
        f"lowest{of} {low.value:g} at {moment_text(low.timestamp)}{_where(low)}, highest "
        f"{high.value:g} at {moment_text(high.timestamp)}{_where(high)}, "
        f"mean {sum(values) / len(values):.4g}.",
    ]


def _valued(point: Point) -> str:
    return f"{point.value:g} {one_line(point.unit, 20)}" if point.unit else f"{point.value:g}"


def _where(point: Point) -> str:
    return f" on {name(point.host)}" if point.host else ""
