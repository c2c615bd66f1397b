"""Parts that answers share: rows as lines of text, coverage in words, where to go on."""

from collections.abc import Iterable
from datetime import UTC, datetime

from tools.plain import clean, one_line, unsigned
from tools.ports import Caller, Deps, Filter
from tools.records import Coverage, Event, Range

LINE_CHARS = 400
"""Characters of a message shown in a line; the rest is a link away."""

_HOSTS_SHOWN = 10
_FRAME = 1_500
"""Characters of a page set aside for its head, hints and coverage."""


def moment_text(moment: datetime) -> str:
    """A moment in UTC to the millisecond, without a zone letter on every line."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def minute_text(moment: datetime) -> str:
    """The same to the minute."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def event_line(event: Event, limit: int = LINE_CHARS) -> str:
    """One event as one line: time, level, host, service, message, #id."""
    times = f" (x{event.count})" if event.count and event.count > 1 else ""
    where = f"{one_line(event.host, 60)} {one_line(event.service, 60)}"
    message = one_line(event.message, limit) or "(no message)"
    return f"{moment_text(event.timestamp)} {event.level} {where}: {message}{times} #{event.id}"


def range_text(span: Range) -> str:
    """The resolved range in words."""
    start = f"from {moment_text(span.start)}" if span.start else "from the beginning"
    end = f"to {moment_text(span.end)}" if span.end else "until now"
    return f"{start} {end} UTC"


def coverage_lines(coverage: Coverage) -> list[str]:
    """Who was heard, in one line, and one more for what is known to be missing."""
    if not coverage.hosts:
        return ["coverage: no host in scope has ever sent an event", *_kept_line(coverage)]
    heard = [
        f"{unsigned(host.host, 60)} (last event {moment_text(host.last_event)})"
        if host.last_event
        else f"{unsigned(host.host, 60)} (no event yet)"
        for host in coverage.hosts[:_HOSTS_SHOWN]
    ]
    hidden = len(coverage.hosts) - len(heard) + coverage.more_hosts
    more = f" and {hidden} more" if hidden else ""
    lines = [f"coverage: {', '.join(heard)}{more}"]
    if coverage.missing:
        lines.append(f"known gaps: {coverage.missing} entries were lost before they could be sent")
    return lines + _kept_line(coverage)


def _kept_line(coverage: Coverage) -> list[str]:
    if coverage.kept_since is None:
        return []
    return [f"retention: events before {moment_text(coverage.kept_since)} were dropped"]


async def guard_notes(services: Iterable[str], deps: Deps) -> list[str]:
    """That services' patterns are coarser than usual, for those of which that is so."""
    guarded = await deps.store.guarded_services()
    return [
        f"{one_line(name, 60)} has too many kinds of messages: what is new since "
        f"{moment_text(guarded[name])} UTC is masked coarser, so that kinds may share a pattern"
        for name in sorted(guarded.keys() & set(services))
    ]


async def empty_hint(wanted: Filter, deps: Deps) -> str:
    """Why an answer is empty, as far as the names can tell, and what exists instead."""
    known = await deps.store.catalogue()
    lower = {name.lower() for name in known.services}
    if wanted.services and not any(name.lower() in lower for name in wanted.services):
        return f"No service named {wanted.services[0]!r}. Known: {_some(known.services)}"
    if wanted.host and wanted.host.lower() not in {name.lower() for name in known.hosts}:
        return f"No host named {wanted.host!r}. Known: {_some(known.hosts)}"
    return "Nothing matches. Widen the time range or drop a filter."


def _some(names: tuple[str, ...], most: int = 30) -> str:
    shown = ", ".join(one_line(name, 60) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown or "none yet"


def within_budget(lines: Iterable[str], caller: Caller) -> int:
    """How many of the lines fit the caller's page, at least one; room is left for the rest."""
    left = caller.max_chars - _FRAME if caller.max_chars else None
    kept = 0
    for line in lines:
        if left is not None:
            left -= len(line) + 1
            if left < 0 and kept:
                break
        kept += 1
    return kept


def shown_to(event: Event, caller: Caller) -> Event:
    """The event as this caller may see it.

    Doors to models get the message without control codes and clipped, and no meta_json; the
    whole event is a `devmesh://logs/{id}` away.
    """
    limit = caller.max_message
    if limit is None:
        return event
    message = clean(event.message)
    if len(message) > limit:
        message = f"{message[:limit]}… [+{len(message) - limit} chars: devmesh://logs/{event.id}]"
    return event.model_copy(update={"message": message, "meta_json": None})
