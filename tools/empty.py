"""Why an answer is empty: the filter that leaves nothing over, and what exists instead."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tools.answers import moment_text, some
from tools.plain import one_line
from tools.ports import Deps, Filter, Page

_VALUES = 10
_COLUMNS = ("source", "contains", "trace_id", "error_code", "event_type", "host")


async def empty_hint(wanted: Filter, deps: Deps) -> str:
    """That nothing is stored, or a name not known, or the filter without which some would match."""
    known = await deps.store.catalogue()
    if not (known.services or known.hosts):
        return "No events are stored yet: `devmesh up` or `devmesh ship` brings them in."
    lower = {name.lower() for name in known.services}
    if wanted.services and not any(name.lower() in lower for name in wanted.services):
        return f"No service named {_quoted(wanted.services[0])}. Known: {some(known.services)}"
    if wanted.host and wanted.host.lower() not in {name.lower() for name in known.hosts}:
        return f"No host named {_quoted(wanted.host)}. Known: {some(known.hosts)}"
    for name, told, wider in _wider(wanted):
        # What is not counted beforehand would be searched for, row by row.
        count = await deps.store.count_events(wider) if wider.is_counted else None
        if count:
            instead = await _instead(name, wider, deps)
            return f"{told} excludes everything: without it {count:,} match{instead}"
    return "Nothing matches. Widen the time range or drop a filter."


def _wider(wanted: Filter) -> Iterator[tuple[str, str, Filter]]:
    """Each filter that is set, by its name and in words, and the question without it."""
    for name in _COLUMNS:
        if (value := getattr(wanted, name)) is not None:
            without: dict[str, Any] = {name: None}
            yield name, f"{name} {_quoted(value)}", replace(wanted, **without)
    if wanted.levels:
        yield "level", f"level {', '.join(wanted.levels)}", replace(wanted, levels=())
    if wanted.services:
        told = f"service {_quoted(wanted.services[0])}"
        yield "service", told, replace(wanted, services=())
    if wanted.start or wanted.end:
        yield "time", "the time range", replace(wanted, start=None, end=None)


async def _instead(name: str, wider: Filter, deps: Deps) -> str:
    """Which values the filter could have, as far as they are few; of times, the newest."""
    if name == "time":
        found = await deps.store.find_events(wider, Page(1))
        return "".join(f", the newest at {moment_text(event.timestamp)} UTC" for event, _ in found)
    if name in {"contains", "trace_id"}:
        return ""
    rows = await deps.store.count_by(wider, name, None, _VALUES + 1)
    names = [row.name for row in rows if row.name is not None]
    return f"; {name} may be {some(names, _VALUES)}" if names else f"; {name} is never set"


def _quoted(text: str) -> str:
    return repr(one_line(text, 100))
