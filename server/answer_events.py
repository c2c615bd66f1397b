"""Answers from rows: the events that match, and those around one event."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from server.answer_scope import LINE, TOP, cited, counted, ends, name, noun, number, share
from tools.answers import moment_text, range_text
from tools.levels import Level
from tools.log_context import ContextPage
from tools.log_stats import LOG_STATS
from tools.masking import mask
from tools.plain import quoted
from tools.ports import Deps
from tools.query_logs import QUERY_LOGS, LogPage
from tools.records import Event

_KINDS = 3
_PAGING = {"limit", "cursor", "offset", "order", "fold"}


async def events_lines(
    page: LogPage, arguments: Mapping[str, Any], deps: Deps
) -> tuple[list[str], list[Event]]:
    """How many, the first and the last, counts by what was left open, the most frequent kinds.

    Of the rows, the newest of the most frequent kind comes first: it stands for the answer.
    """
    oldest, newest = ends(page.events)
    total = len(page.events) if page.total is None and page.complete else page.total
    forwards = arguments.get("order") == "oldest"
    partly = _partly(page, total, "oldest" if forwards else "newest")
    head = f"{counted(total, arguments)}, {range_text(page.range)}{partly}."
    if len(page.events) == 1 and page.complete:
        return [head, cited(newest)], [newest]
    if "limit" in arguments:
        return _shown_ends(head, oldest, newest, forwards)
    wanted = {key: value for key, value in arguments.items() if key not in _PAGING}
    first = oldest if page.complete or forwards else await _end(wanted, "oldest", oldest, deps)
    last = await _end(wanted, "newest", newest, deps) if forwards and not page.complete else newest
    kinds = _kinds(page.events)[:_KINDS]
    lines = [head, f"First: {cited(first)}", f"Last: {cited(last)}"]
    lines += await _shares(page, wanted, deps)
    lines.append("Most frequent:" if page.complete else "Most frequent among those read:")
    lines += [_kind(kind, page) for kind in kinds]
    return lines, [*(ends(kind)[1] for kind in kinds), first, last]


def _shown_ends(
    head: str, oldest: Event, newest: Event, forwards: bool
) -> tuple[list[str], list[Event]]:
    """The two ends of a page, of which only the one it begins with is an end of all."""
    if oldest is newest:
        return [head, f"{'Oldest' if forwards else 'Newest'}: {cited(newest)}"], [newest]
    if forwards:
        lines = [head, f"Oldest: {cited(oldest)}", f"Newest shown: {cited(newest)}"]
        return lines, [oldest, newest]
    return [head, f"Newest: {cited(newest)}", f"Oldest shown: {cited(oldest)}"], [newest, oldest]


def _partly(page: LogPage, total: int | None, end: str) -> str:
    shown = len(page.events)
    if page.complete and shown == total:
        return ""
    return f"; the {end} {number(shown)} were read, counts without a remark are of all"


async def _end(wanted: Mapping[str, Any], order: str, found: Event, deps: Deps) -> Event:
    """The first or the last event of all when not all were read; `found` is that of those read."""
    page = await QUERY_LOGS.call({**wanted, "order": order, "limit": 1}, deps)
    return page.events[0] if page.events else found


async def _shares(page: LogPage, wanted: Mapping[str, Any], deps: Deps) -> list[str]:
    """Counts by each column that the question left open, exact also when not all was read."""
    lines = []
    for column in ("service", "host", "level"):
        if column in wanted:
            continue
        counts = await _counts(page, column, wanted, deps)
        if len(counts) < 2:
            continue
        top = ", ".join(f"{name(key)} {number(count)}" for key, count in counts[:TOP])
        more = f" and {len(counts) - TOP} more" if len(counts) > TOP else ""
        lines.append(f"By {column}: {top}{more}.")
    return lines


async def _counts(
    page: LogPage, column: str, wanted: Mapping[str, Any], deps: Deps
) -> list[tuple[str, int]]:
    if page.complete:
        return Counter(getattr(event, column) for event in page.events).most_common()
    stats = await LOG_STATS.call({**wanted, "group_by": column, "limit": 1000}, deps)
    return [(group.name or "(none)", group.count) for group in stats.groups]


def _kinds(events: Sequence[Event]) -> list[list[Event]]:
    """Events of one kind together, by service, level and masked message; most frequent first."""
    kinds: dict[tuple[str, str, str], list[Event]] = {}
    for event in events:
        kinds.setdefault((event.service, event.level, mask(event.message)), []).append(event)
    return sorted(kinds.values(), key=len, reverse=True)


def _kind(kind: Sequence[Event], page: LogPage) -> str:
    newest = ends(kind)[1]
    hosts = Counter(event.host for event in kind)
    where = ", ".join(name(host) for host, _ in hosts.most_common(2))
    more = f" and {len(hosts) - 2} more" if len(hosts) > 2 else ""
    part = share(len(kind), len(page.events))
    return (
        f"  {number(len(kind))} {noun(len(kind), 'time')}{part} {name(newest.service)} on "
        f"{where}{more} {newest.level}: {quoted(newest.message, LINE)} #{newest.id}"
    )


def around_lines(page: ContextPage, arguments: Mapping[str, Any]) -> tuple[list[str], list[Event]]:
    """The event, how much there is around it, and what of that is out of the ordinary."""
    middle = next(event for event in page.events if event.id == page.event_id)
    at = page.events.index(middle)
    before, after = page.events[:at], page.events[at + 1 :]
    lines = [cited(middle)]
    rows = [middle]
    for word, events in (("before", before), ("after", after)):
        if not events and arguments.get(word) == 0:
            continue  # nobody asked what is on that side
        if not events:
            lines.append(f"Nothing was logged {word} it there.")
            continue
        lines.append(_span(word, events))
        bad = [event for event in events if Level(event.level).rank >= Level.WARN.rank]
        near = (bad[-_KINDS:] if word == "before" else bad[:_KINDS]) or [
            events[-1] if word == "before" else events[0]
        ]
        lines += [f"  {cited(event)}" for event in near]
        rows += near
    return lines + ([page.hint] if page.hint else []), rows


def _span(word: str, events: Sequence[Event]) -> str:
    bad = sum(Level(event.level).rank >= Level.WARN.rank for event in events)
    told = f"{number(bad)} of them WARN or worse" if bad else "none of them WARN or worse"
    return (
        f"{number(len(events))} {noun(len(events), 'event')} {word} it, from "
        f"{moment_text(events[0].timestamp)} to {moment_text(events[-1].timestamp)}, {told}:"
    )
