"""Parts that answers share: rows as lines of text, coverage in words, where to go on."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel

from tools.plain import clean, one_line, unsigned
from tools.ports import Caller, Deps, Filter
from tools.records import Coverage, Event, Range

LINE_CHARS = 400
"""Characters of a message shown in a line; the rest is a link away."""

NAME_CHARS = 60
PATTERN_CHARS = 200
STRUCTURED_TIMES = 2
"""A page as JSON has keys and whole names, so it may be twice as long as its text."""

_MARKER = 20
"""Characters of the mark that says how much of a text is left out."""

_HOSTS_SHOWN = 8
_GAPS_SHOWN = 4
_NOTES_SHOWN = 3
_MARKS = ("source", "trace_id", "error_code", "event_type")
_USUAL = {None, "", "unknown", "journald"}
"""Values of marks that a line goes without."""

Page = TypeVar("Page", bound=BaseModel)


def moment_text(moment: datetime) -> str:
    """A moment in UTC to the millisecond, without a zone letter on every line."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "milliseconds")


def minute_text(moment: datetime) -> str:
    """The same to the minute."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def event_line(event: Event, limit: int = LINE_CHARS) -> str:
    """One event as one line: time, level, host, service, message, what else is known, #id."""
    times = f" (x{event.count:,})" if event.count and event.count > 1 else ""
    where = f"{one_line(event.host, NAME_CHARS)} {one_line(event.service, NAME_CHARS)}"
    message = one_line(event.message, limit) or "(no message)"
    rest = f"… [{event.clipped}]" if event.clipped else ""
    marks = "".join(
        f" {name}={one_line(value, NAME_CHARS)}"
        for name in _MARKS
        if (value := getattr(event, name)) not in _USUAL
    )
    head = f"{moment_text(event.timestamp)} {event.level} {where}: {message}{rest}"
    return f"{head}{times}{marks} #{event.id}"


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
        f"{unsigned(host.host, NAME_CHARS)} (last event {moment_text(host.last_event)})"
        if host.last_event
        else f"{unsigned(host.host, NAME_CHARS)} (no event yet)"
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


async def coverage_of(wanted: Filter, deps: Deps) -> Coverage:
    """Who was heard in scope; a page with a budget lists a few hosts and gaps, and counts all."""
    coverage = await deps.store.coverage(wanted)
    if deps.caller.max_chars is None:
        return coverage
    hosts, gaps = coverage.hosts[:_HOSTS_SHOWN], coverage.gaps[:_GAPS_SHOWN]
    shown = {
        "hosts": hosts,
        "more_hosts": coverage.more_hosts + len(coverage.hosts) - len(hosts),
        "gaps": gaps,
        "more_gaps": coverage.more_gaps + len(coverage.gaps) - len(gaps),
    }
    return coverage.model_copy(update=shown)


async def guard_notes(services: Iterable[str], deps: Deps) -> list[str]:
    """That services' patterns are coarser than usual, for those of which that is so."""
    guarded = await deps.store.guarded_services()
    names = sorted(guarded.keys() & set(services))
    shown = names if deps.caller.max_chars is None else names[:_NOTES_SHOWN]
    notes = [
        f"{one_line(name, NAME_CHARS)} has too many kinds of messages: what is new since "
        f"{moment_text(guarded[name])} UTC is masked coarser, so that kinds may share a pattern"
        for name in shown
    ]
    hidden = len(names) - len(shown)
    return [*notes, f"the same holds for {hidden} more services"] if hidden else notes


def some(names: Sequence[str], most: int = 30) -> str:
    """The first of the names, and how many more there are."""
    shown = ", ".join(one_line(name, NAME_CHARS) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown or "none yet"


def fitting(
    build: Callable[[int], Page], most: int, lines: Callable[[Page], list[str]], caller: Caller
) -> Page:
    """The page of as many rows, up to `most`, as the caller's budget holds; at least of one.

    `build` makes the page of so many rows. Measured is the whole page, with its head, hints and
    coverage: its text has at most `max_chars` characters, and as JSON twice as many.
    """
    page, fits = build(most), 1
    if most <= 1 or _fits(page, lines, caller):
        return page
    while fits < most - 1:
        middle = (fits + most) // 2
        if _fits(build(middle), lines, caller):
            fits = middle
        else:
            most = middle
    return build(fits)


def _fits(page: Page, lines: Callable[[Page], list[str]], caller: Caller) -> bool:
    if caller.max_chars is None:
        return True
    text = sum(len(line) + 1 for line in lines(page)) - 1
    structured = len(page.model_dump_json(exclude_none=True))
    return text <= caller.max_chars and structured <= caller.max_chars * STRUCTURED_TIMES


def shown_to(event: Event, caller: Caller, most: int | None = None) -> Event:
    """The event as this caller may see it.

    Doors to models get the message without control codes, clipped to the caller's `max_message`
    or to `most`, and no meta_json; the whole event is a `devmesh://logs/{id}` away.
    """
    limit = caller.max_message
    if limit is None:
        return event
    message = clean(event.message)
    kept = _head(message, min(limit, most or limit))
    hidden = len(message) - len(kept)
    clipped = f"+{hidden} chars: devmesh://logs/{event.id}" if hidden else None
    return event.model_copy(update={"message": kept, "meta_json": None, "clipped": clipped})


def _head(message: str, limit: int) -> str:
    """The start of a message that takes at most `limit` characters on one line."""
    if len(message) + len(" ⏎ ") * message.count("\n") <= limit:
        return message
    left = limit
    for place, char in enumerate(message):
        left -= len(" ⏎ ") if char == "\n" else 1
        if left < 0:
            return message[:place]
    return message


def shown_pattern(text: str, caller: Caller) -> str:
    """A pattern's text as this caller may see it: in pages for models, as much as in its line."""
    return text if caller.max_message is None else one_line(text, PATTERN_CHARS - _MARKER)


def whole_steps(moments: Sequence[object], count: int) -> int:
    """So many rows, or fewer, that none with the moment of the last are left out, if it can be.

    Then who asks for what is before that moment gets each of the others, and none again.
    """
    cut = count
    while 0 < cut < len(moments) and moments[cut - 1] == moments[cut]:
        cut -= 1
    return cut or count


def raised(caller: Caller) -> str:
    """Which arguments give this caller a longer page."""
    return "raise limit" if caller.max_chars is None else "raise limit or max_chars"
