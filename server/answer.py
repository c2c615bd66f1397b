"""Answers composed from facts that code computed; every sentence has rows behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from server.answer_counts import kinds_lines, stats_lines
from server.answer_events import around_lines, events_lines
from server.answer_heard import heard_lines, nothing_lines
from server.answer_scope import LINE, name, number, searched
from server.answer_scope import noun as _noun
from server.calls import Candidate
from tools.answers import coverage_lines, minute_text, moment_text, range_text
from tools.episodes import Episodes, followers_text, occasion_text
from tools.log_context import ContextPage
from tools.log_patterns import PatternsPage
from tools.log_stats import StatsPage
from tools.plain import one_line, quoted
from tools.ports import Deps
from tools.query_logs import LogPage
from tools.query_metrics import MetricPage
from tools.records import Event
from tools.similar_logs import SimilarPage

_TOP = 5


@dataclass(frozen=True, slots=True)
class Facts:
    """An answer in words, the ids of the events it cites, and those events where they are read."""

    text: str
    citations: list[int]
    rows: Sequence[Event] = ()


async def compose(page: Any, understood: Candidate, deps: Deps) -> Facts:
    """The answer that a tool's result gives to the question behind the call."""
    if isinstance(page, SimilarPage) and page.patterns:
        return _of_patterns(page)
    if isinstance(page, MetricPage):
        return _of_points(page)
    if isinstance(page, ContextPage):
        return _cited(*around_lines(page))
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
        return ([], []) if page.total == 0 else await stats_lines(page, understood.arguments, deps)
    if isinstance(page, SimilarPage) or not page.patterns:
        return [], []
    return await kinds_lines(page, understood.arguments, deps)


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


def _of_patterns(page: SimilarPage) -> Facts:
    if not page.patterns:
        lines = [page.hint or "Nothing similar.", *coverage_lines(page.coverage)]
        return Facts("\n".join(lines), [])
    strong = [found for found in page.patterns if not found.weak]
    head = (
        f"Yes: {len(strong)} {_noun(len(strong), 'pattern')} alike, {range_text(page.range)}."
        if strong
        else f"Nothing close; {len(page.patterns)} weak {_noun(len(page.patterns), 'likeness')}."
    )
    lines, cited = [head], []
    for found in (strong or page.patterns)[:3]:
        newest = found.samples[0] if found.samples else None
        mark = f" #{newest.id}" if newest else ""
        said = quoted(newest.message if newest else found.pattern, LINE)
        cited += [newest.id] if newest else []
        where = ", ".join(one_line(host, 60) for host in found.hosts[:_TOP])
        lines.append(
            f"  {found.score:.2f} x{found.count} on {where}, first "
            f"{moment_text(found.first_seen)}, last {moment_text(found.last_seen)}: "
            f"{one_line(found.service, 60)}: {said}{mark}"
        )
        lines.extend(_episode(found.episodes) if found.episodes else ())
    if page.left_out:
        lines.append(f"{page.left_out} further patterns are less alike.")
    return Facts("\n".join([*lines, *coverage_lines(page.coverage)]), cited)


def _episode(found: Episodes) -> list[str]:
    """Whether it happened before, when last, and what came next."""
    past = found.latest[1:] if found.ongoing else found.latest
    before = found.total - found.ongoing
    said = f"{before} {_noun(before, 'time')} before" if before else "never before in this range"
    last = f", last on {occasion_text(past[0])}" if past else ""
    now = f"; going on since {minute_text(found.latest[0].start)}" if found.ongoing else ""
    then = f"; then came {followers_text(found, 100)}" if found.followed_by else ""
    return [f"    {said}{last}{now}{then}."]


def _of_points(page: MetricPage) -> Facts:
    named = name(page.name)
    if not page.points:
        return Facts(
            f"No point of {named}, {range_text(page.range)}. {page.hint or ''}".strip(), []
        )
    values = [point.value for point in page.points]
    newest = page.points[0]
    low, high = (pick(page.points, key=lambda point: point.value) for pick in (min, max))
    unit = f" {one_line(newest.unit, 20)}" if newest.unit else ""
    count = f"{number(len(values))} {_noun(len(values), 'value')}"
    lines = [
        f"{count} of {named}, {range_text(page.range)}.",
        f"Newest {newest.value:g}{unit} at {moment_text(newest.timestamp)}; lowest {low.value:g} "
        f"at {moment_text(low.timestamp)}, highest {high.value:g} at "
        f"{moment_text(high.timestamp)}, mean {sum(values) / len(values):.4g}.",
    ]
    if page.hint:
        lines.append(page.hint)
    return Facts("\n".join(lines), [])
