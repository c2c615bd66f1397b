"""Answers from counts: by a column, along time, by kind of message; each with a row behind it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from server.answer_scope import TOP, cited, counted, name, noun, number, share
from tools.answers import moment_text, range_text
from tools.filters import LevelScope, resolve
from tools.log_patterns import Pattern, PatternsPage
from tools.log_stats import Group, StatsPage, group_line
from tools.plain import quoted
from tools.ports import Deps
from tools.query_logs import QUERY_LOGS
from tools.records import Event, utc_text
from tools.timespan import parse_interval

_CITED = 3
_STEPS = 50
"""Intervals that a timeline shows."""

_NAMED = {"service", "host", "level", "source", "event_type", "error_code"}
_COUNTING = {"group_by", "interval", "limit"}
_KIND_ARGUMENTS = {"service", "host", "level", "min_level", "start_time", "end_time"}


async def stats_lines(
    page: StatsPage, arguments: Mapping[str, Any], deps: Deps
) -> tuple[list[str], list[Event]]:
    """The exact total, the largest groups or the timeline, and the newest event of the largest."""
    by = f" by {page.group_by.replace('_', ' ')}" if page.group_by else ""
    each = f" each {page.interval}" if page.interval else ""
    lines = [f"{counted(page.total, arguments)}{by}{each}, {range_text(page.range)}."]
    if not page.groups:
        return await _with_newest(lines, "Newest", {}, arguments, deps)
    top = max(page.groups, key=lambda group: group.count)
    if page.interval:
        lines += _timeline(page, top)
        narrowed = _moments(top, page)
        return await _with_newest(lines, "Newest of the busiest", narrowed, arguments, deps)
    lines += _groups(page, int(arguments.get("limit", TOP)))
    if page.group_by == "pattern":
        return lines, []
    of = f"Newest of {name(top.name or '(none)')}"
    return await _with_newest(lines, of, {str(page.group_by): top.name}, arguments, deps)


def _groups(page: StatsPage, most: int) -> list[str]:
    whole = page.total or 0
    shown = [
        f"{name(group.name or '(none)')} {number(group.count)}{share(group.count, whole)}"
        for group in page.groups[:most]
    ]
    hidden = len(page.groups) - len(shown)
    more = f" and {hidden} more" if hidden else ""
    cut = "" if page.complete else ", and smaller ones that were not read"
    return [f"{', '.join(shown)}{more}{cut}."]


def _timeline(page: StatsPage, top: Group) -> list[str]:
    """The busiest interval of those read, then the latest of them."""
    begin = moment_text(top.start) if top.start else ""
    who = f" {name(top.name)}" if top.name else ""
    of = "" if page.complete else " of those read"
    lines = [
        f"Busiest{of} {begin} with {number(top.count)}{who}; intervals without events left out:"
    ]
    lines += [f"  {group_line(group)}" for group in page.groups[:_STEPS]]
    hidden = len(page.groups) - _STEPS
    lines += [f"  and {number(hidden)} earlier"] if hidden > 0 else []
    return lines if page.complete else [*lines, "  earlier intervals were not read"]


def _moments(top: Group, page: StatsPage) -> dict[str, str]:
    """The busiest interval, as far as it is in the range, as arguments of a query."""
    if top.start is None or page.interval is None:
        return {}
    end = top.start + timedelta(seconds=parse_interval(page.interval))
    start = max(top.start, page.range.start or top.start)
    found = {"start_time": utc_text(start), "end_time": utc_text(min(end, page.range.end or end))}
    return found | ({page.group_by: top.name} if page.group_by in _NAMED and top.name else {})


async def _with_newest(
    lines: list[str],
    label: str,
    narrowed: Mapping[str, Any],
    arguments: Mapping[str, Any],
    deps: Deps,
) -> tuple[list[str], list[Event]]:
    """The lines and the newest event of what was counted, or of a part of it, as evidence."""
    wanted = {key: value for key, value in arguments.items() if key not in _COUNTING}
    if None in narrowed.values():
        return lines, []
    if "level" in narrowed:
        wanted.pop("min_level", None)
    page = await QUERY_LOGS.call({**wanted, **narrowed, "limit": 1}, deps)
    return [*lines, *(f"{label}: {cited(event)}" for event in page.events)], page.events


async def kinds_lines(
    page: PatternsPage, arguments: Mapping[str, Any], deps: Deps
) -> tuple[list[str], list[Event]]:
    """Kinds of messages: the most frequent, what is new, what changed; the newest of the first."""
    kinds = len(page.patterns) + page.left_out
    only = " never seen before" if arguments.get("new_only") else ""
    than = f", compared with {range_text(page.compared)}" if page.compared else ""
    of = counted(page.total, arguments)
    head = f"{number(kinds)} {noun(kinds, 'kind')} of message{only} in {of}, "
    lines = [f"{head}{range_text(page.range)}{than}."]
    narrowed = {key: value for key, value in arguments.items() if key in _KIND_ARGUMENTS}
    wanted = resolve(LevelScope.model_validate(narrowed), deps)
    ids = [found.pattern_id for found in page.patterns[:_CITED] if found.count]
    newest = await deps.store.newest_of(wanted, ids, 1)
    rows: list[Event] = []
    most = int(arguments.get("limit", TOP))
    for found in page.patterns[:most]:
        samples = newest.get(found.pattern_id, [])
        lines.append(_kind(found, samples))
        rows += samples
    hidden = kinds - min(len(page.patterns), most)
    return lines + ([f"  and {number(hidden)} more"] if hidden else []), rows


def _kind(found: Pattern, samples: Sequence[Event]) -> str:
    before = f", {number(found.before)} before" if found.before is not None else ""
    new = ", new" if found.new else ""
    text = quoted(samples[0].message if samples else found.pattern, 140)
    mark = f" #{samples[0].id}" if samples else ""
    return (
        f"  {number(found.count)} {noun(found.count, 'time')} "
        f"({100 * found.share:.0f} %{before}{new}) {name(found.service)}, "
        f"last {moment_text(found.last_seen)}: {text}{mark}"
    )
