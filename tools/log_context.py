"""log_context: the events around one event."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from tools.answers import event_line, fitting, moment_text, shown_to
from tools.errors import NotFound
from tools.ports import Deps, Filter, Page
from tools.records import Event, Strict
from tools.tool import Tool


class LogContext(Strict):
    """Which event, and how much around it."""

    event_id: Annotated[int, Field(ge=1, le=2**63 - 1)] = Field(description="The #id of an answer.")
    before: Annotated[int, Field(ge=0, le=500)] = Field(10, description="Rows.")
    after: Annotated[int, Field(ge=0, le=500)] = Field(10, description="Rows.")
    scope: Literal["service", "host", "everywhere"] = Field(
        "service", description="service: on the same host."
    )


class ContextPage(BaseModel):
    """Events in order of time, the one asked for among them."""

    event_id: int
    events: list[Event]
    complete: bool = Field(description="False when the page was cut to its budget.")
    hint: str | None = None


async def log_context(asked: LogContext, deps: Deps) -> ContextPage:
    """The event with its neighbours.

    Raises:
        NotFound: when there is no such event.
    """
    event = await deps.store.event(asked.event_id)
    if event is None:
        raise NotFound(f"no event #{asked.event_id}{await _dropped(deps)}")
    scope = _scope(event, asked.scope)
    place = (event.timestamp, event.id)
    older = await deps.store.find_events(scope, Page(asked.before, True, place))
    newer = await deps.store.find_events(scope, Page(asked.after, False, place))
    # Nearest first, so that a page too small for all keeps what is closest to the event.
    pairs = [event, *_interleaved([row[0] for row in older], [row[0] for row in newer])]
    shown = [shown_to(one, deps.caller) for one in pairs]

    def built(count: int) -> ContextPage:
        events = sorted(shown[:count], key=_order)
        return ContextPage(
            event_id=event.id,
            events=events,
            complete=count == len(pairs),
            hint=_go_on(events, pairs[count:], place),
        )

    return fitting(built, len(shown), context_lines, deps.caller)


def _go_on(events: list[Event], rest: list[Event], place: tuple[datetime, int]) -> str | None:
    """Which calls read what the page has no room for."""
    earlier = sum(_order(one) < place for one in rest)
    calls = (
        (earlier, f"earlier: event_id={events[0].id} after=0"),
        (len(rest) - earlier, f"later: event_id={events[-1].id} before=0"),
    )
    return "; ".join(f"{count:,} more {words}" for count, words in calls if count) or None


async def _dropped(deps: Deps) -> str:
    since = await deps.store.kept_since()
    return f"; events before {moment_text(since)} UTC were dropped" if since else ""


def _scope(event: Event, scope: str) -> Filter:
    everywhere = Filter()
    if scope == "everywhere":
        return everywhere
    host = replace(everywhere, host=event.host)
    return host if scope == "host" else replace(host, services=(event.service,))


def _interleaved(older: list[Event], newer: list[Event]) -> list[Event]:
    both = [(n, event) for side in (older, newer) for n, event in enumerate(side)]
    return [event for _, event in sorted(both, key=lambda pair: pair[0])]


def _order(event: Event) -> tuple[datetime, int]:
    return event.timestamp, event.id


def context_lines(page: ContextPage) -> list[str]:
    """The page as text, the event asked for marked."""
    lines = [
        ("> " if event.id == page.event_id else "  ") + event_line(event) for event in page.events
    ]
    return [*lines, page.hint] if page.hint else lines


LOG_CONTEXT = Tool(
    name="log_context",
    title="Log context",
    purpose="Read the events just before and after one event, by its #id.",
    takes=LogContext,
    gives=ContextPage,
    run=log_context,
    lines=context_lines,
)
