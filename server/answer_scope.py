"""What an answer speaks of, in words: the filter of its call, counts, names and moments."""

from collections.abc import Mapping, Sequence
from typing import Any

from tools.answers import moment_text, range_text
from tools.plain import quoted, unsigned
from tools.records import Event, Range

LINE = 140
"""Characters of a message quoted in an answer."""

TOP = 5
_NAME = 60


def number(count: int) -> str:
    """A count as people read it: 12,345."""
    return f"{count:,}"


def noun(count: int, word: str, many: str | None = None) -> str:
    """The word for so many of it."""
    return word if count == 1 else many or f"{word}{'es' if word.endswith('s') else 's'}"


def name(text: str) -> str:
    """A service, a host or another name from the store, fit to stand in a sentence."""
    return unsigned(text, _NAME) or "(no name)"


def share(part: int, whole: int) -> str:
    """A part in percent, as ` (63 %)`; nothing where there is no whole."""
    return f" ({100 * part / whole:.0f} %)" if whole else ""


def counted(total: int | None, arguments: Mapping[str, Any]) -> str:
    """How many events of what: `12 ERROR events of nginx on web-01`."""
    levels = _levels(arguments)
    count = "an uncounted number of" if total is None else number(total)
    word = noun(2 if total is None else total, "event")
    return " ".join(filter(None, [count, levels, word, place(arguments)]))


def searched(arguments: Mapping[str, Any], span: Range) -> str:
    """What was looked for, and when: `ERROR events of nginx, from … until now UTC`."""
    words = [_levels(arguments), "events", place(arguments)]
    return f"{' '.join(filter(None, words))}, {range_text(span)}"


def place(arguments: Mapping[str, Any]) -> str:
    """Where, and with which text: ` of nginx on web-01 with “refused”`."""
    parts = [
        f"{word} {name(str(arguments[key]))}"
        for word, key in (("of", "service"), ("on", "host"), ("from", "source"))
        if arguments.get(key)
    ]
    if arguments.get("contains"):
        parts.append(f"with {quoted(str(arguments['contains']), LINE)}")
    for key in ("trace_id", "error_code", "event_type"):
        if arguments.get(key):
            parts.append(f"with {key} {name(str(arguments[key]))}")
    return " ".join(parts)


def _levels(arguments: Mapping[str, Any]) -> str:
    level, lowest = arguments.get("level"), arguments.get("min_level")
    if lowest:
        return f"{str(lowest).upper()}-or-worse"
    given = level if isinstance(level, list) else str(level or "").split(",")
    return " or ".join(str(one).strip().upper() for one in given if str(one).strip())


def cited(event: Event) -> str:
    """One event as evidence: when, where, how bad, its text as data, and its #id."""
    where = f"{name(event.service)} on {name(event.host)}"
    when = moment_text(event.timestamp)
    return f"{when} {event.level} {where}: {quoted(event.message, LINE)} #{event.id}"


def ends(events: Sequence[Event]) -> tuple[Event, Event]:
    """The oldest and the newest of some events."""
    ordered = sorted(events, key=lambda event: (event.timestamp, event.id))
    return ordered[0], ordered[-1]
