"""Answers composed from facts that code computed; every sentence has rows behind it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from server.calls import Candidate
from tools.answers import coverage_lines, minute_text, moment_text, range_text
from tools.episodes import Episodes, followers_text, occasion_text
from tools.log_stats import StatsPage, stats_lines
from tools.plain import one_line
from tools.ports import Deps
from tools.query_logs import LogPage
from tools.query_metrics import MetricPage
from tools.records import Event
from tools.similar_logs import SimilarPage

_TOP = 5


@dataclass(frozen=True, slots=True)
class Facts:
    """An answer in words and the ids of the events it cites."""

    text: str
    citations: list[int]


async def compose(page: Any, understood: Candidate, deps: Deps) -> Facts:
    """The answer that a tool's result gives to the question behind the call."""
    if isinstance(page, LogPage):
        return await _of_events(page, understood, deps)
    if isinstance(page, SimilarPage):
        return _of_patterns(page)
    if isinstance(page, StatsPage):
        return Facts("\n".join(stats_lines(page)), [])
    return _of_points(page)


async def _of_events(page: LogPage, understood: Candidate, deps: Deps) -> Facts:
    if not page.events:
        lines = [f"No event matches, {range_text(page.range)}.", page.hint or ""]
        return Facts("\n".join(filter(None, [*lines, *coverage_lines(page.coverage)])), [])
    newest, oldest = _ends(page.events)
    total = len(page.events) if page.total is None else page.total
    lines = [
        f"{total} {_noun(total, 'event')} {range_text(page.range)}{_partly(page, total)}.",
        f"Newest {moment_text(newest.timestamp)} #{newest.id}, "
        f"oldest shown {moment_text(oldest.timestamp)} #{oldest.id}.",
    ]
    if page.complete and len(page.events) > 1:
        lines.extend(_shares(page.events, understood))
        lines.extend(_repeats(page.events))
    lines.extend(coverage_lines(page.coverage))
    return Facts("\n".join(lines), [newest.id, oldest.id, *_first_of_each(page.events)])


def _noun(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"


def _partly(page: LogPage, total: int) -> str:
    shown = len(page.events)
    return "" if page.complete and shown == total else f"; the newest {shown} are shown"


def _ends(events: Sequence[Event]) -> tuple[Event, Event]:
    ordered = sorted(events, key=lambda event: (event.timestamp, event.id))
    return ordered[-1], ordered[0]


def _shares(events: Sequence[Event], understood: Candidate) -> list[str]:
    """Counts by each column that the question left open."""
    lines = []
    for column in ("service", "host", "level"):
        counts = Counter(getattr(event, column) for event in events)
        if column in understood.arguments or len(counts) < 2:
            continue
        top = ", ".join(f"{one_line(name, 60)} {count}" for name, count in counts.most_common(_TOP))
        more = f" and {len(counts) - _TOP} more" if len(counts) > _TOP else ""
        lines.append(f"By {column}: {top}{more}.")
    return lines


def _groups(events: Sequence[Event]) -> list[list[Event]]:
    """Events of one kind together, by service, level and masked message; most frequent first."""
    from tools.masking import mask

    groups: dict[tuple[str, str, str], list[Event]] = {}
    for event in events:
        key = (event.service, event.level, mask(event.message))
        groups.setdefault(key, []).append(event)
    return sorted(groups.values(), key=len, reverse=True)


def _repeats(events: Sequence[Event]) -> list[str]:
    groups = [group for group in _groups(events)[:3] if len(group) > 1]
    if not groups:
        return []
    lines = ["Most frequent:"]
    for group in groups:
        sample = group[0]
        text = one_line(sample.message, 140)
        lines.append(f"  x{len(group)} {one_line(sample.service, 60)}: {text} #{sample.id}")
    return lines


def _first_of_each(events: Sequence[Event]) -> list[int]:
    return [group[0].id for group in _groups(events)[:3] if len(group) > 1]


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
        cited += [newest.id] if newest else []
        where = ", ".join(one_line(host, 60) for host in found.hosts[:_TOP])
        lines.append(
            f"  {found.score:.2f} x{found.count} on {where}, first "
            f"{moment_text(found.first_seen)}, last {moment_text(found.last_seen)}: "
            f"{one_line(f'{found.service}: {found.pattern}', 140)}{mark}"
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
    if not page.points:
        return Facts(f"No point of {one_line(page.name, 80)}. {page.hint or ''}".strip(), [])
    values = [point.value for point in page.points]
    text = (
        f"{len(values)} {_noun(len(values), 'point')} of {one_line(page.name, 80)} "
        f"{range_text(page.range)}: newest {values[0]:g} at "
        f"{moment_text(page.points[0].timestamp)}, lowest {min(values):g}, highest {max(values):g}."
    )
    return Facts(text, [])
