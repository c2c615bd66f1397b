"""similar_logs: patterns near a text in meaning, with when and where they occurred."""

from itertools import takewhile
from typing import Annotated, Any

from pydantic import BaseModel, Field

from tools.answers import (
    NAME_CHARS,
    PATTERN_CHARS,
    coverage_lines,
    coverage_of,
    event_line,
    fitting,
    guard_notes,
    moment_text,
    raised,
    range_text,
    shown_pattern,
    shown_to,
)
from tools.empty import empty_hint
from tools.episodes import Episodes, episode_lines, episodes_of
from tools.filters import LevelScope, range_of, resolve
from tools.plain import one_line
from tools.ports import Deps, PatternCount, Ranked
from tools.records import Coverage, Event, Moment, Range
from tools.tool import Tool

NOISE = 0.30
"""Below this score an unrelated text is as near as a related one."""

WEAK = 0.54
"""Below this confidence a match is said to be weak: as nine in ten are to questions about what was
never logged, and one in twenty of the right answers (docs/similarity.md)."""

_SAMPLES = 3
_SAMPLE_CHARS = 200
_HOSTS = 5
_REASON_CHARS = 150
_EPISODES = 3
"""Of how many patterns, the nearest that are not weak, the occasions are told."""


class SimilarLogs(LevelScope):
    """The text to compare with, and where to look."""

    text: Annotated[str, Field(min_length=1, max_length=8000)] = Field(
        description="An error message, or words for what happened."
    )
    limit: Annotated[int, Field(ge=1, le=100)] = Field(10, description="Rows.")
    min_score: Annotated[float, Field(ge=0, le=2)] = Field(0.0, description="Likeness.")


class SimilarPattern(BaseModel):
    """One pattern: how near, how often in the range, when, where, and its newest events."""

    pattern_id: int
    score: float
    cosine: float
    weak: bool
    service: str
    pattern: str
    count: int
    first_seen: Moment
    last_seen: Moment
    hosts: list[str]
    more_hosts: int = Field(
        0, description="Hosts that are not listed.", exclude_if=lambda count: count == 0
    )
    samples: list[Event]
    episodes: Episodes | None = Field(
        None,
        description="Of the nearest patterns: when it happened, and what came next.",
        exclude_if=lambda episodes: episodes is None,
    )


class SimilarPage(BaseModel):
    """Patterns, nearest first."""

    patterns: list[SimilarPattern]
    range: Range
    complete: bool = Field(description="True when no match above the noise is left out.")
    left_out: int = 0
    hint: str | None = None
    notes: list[str] = Field([], exclude_if=lambda notes: not notes)
    index: dict[str, Any] = Field(description="Model, patterns indexed and pending.")
    coverage: Coverage


async def similar_logs(asked: SimilarLogs, deps: Deps) -> SimilarPage:
    """Patterns of the filter ranked by meaning. Filters are exact: ranking comes after them.

    Raises:
        EmbedderUnavailable: when there is nothing to rank with.
    """
    wanted = resolve(asked, deps)
    counts = {pattern.id: pattern for pattern in await deps.store.pattern_counts(wanted)}
    lowest = max(NOISE, asked.min_score)
    every = await deps.index.rank(asked.text) if counts else ()
    near = takewhile(lambda one: one.score >= lowest, every)
    ranked = [one for one in near if one.pattern_id in counts]
    best = ranked[: asked.limit]
    ids = [one.pattern_id for one in best]
    samples = await deps.store.newest_of(wanted, ids, _SAMPLES)
    hosts = await deps.store.pattern_hosts(wanted, ids)
    found = [_pattern(one, counts[one.pattern_id], samples, hosts, deps) for one in best]
    for one in [one for one in found if not one.weak][:_EPISODES]:
        one.episodes = await episodes_of(wanted, counts[one.pattern_id], deps)
    hint = None if found else await _nothing(bool(counts), asked, deps)
    notes = await guard_notes({one.service for one in counts.values()}, deps)
    coverage = await coverage_of(wanted, deps)

    def built(count: int) -> SimilarPage:
        left = len(ranked) - count
        more = f"{left:,} more: narrow by service or time, or {raised(deps.caller)}"
        return SimilarPage(
            patterns=found[:count],
            range=range_of(wanted, deps),
            complete=left == 0,
            left_out=left,
            hint=more if left else hint,
            notes=notes,
            index=deps.index.state(),
            coverage=coverage,
        )

    return fitting(built, len(found), similar_lines, deps.caller)


def _pattern(
    one: Ranked,
    counted: PatternCount,
    samples: dict[int, list[Event]],
    hosts: dict[int, list[str]],
    deps: Deps,
) -> SimilarPattern:
    where, newest = hosts.get(one.pattern_id, []), samples.get(one.pattern_id, [])
    if deps.caller.max_chars is not None:  # a page for models has what its text has
        where, newest = where[:_HOSTS], newest[:1]
    return SimilarPattern(
        pattern_id=one.pattern_id,
        score=round(one.score, 4),
        cosine=round(one.cosine, 4),
        weak=one.confidence < WEAK,
        service=counted.service,
        pattern=shown_pattern(counted.text, deps.caller),
        count=counted.count,
        first_seen=counted.first_seen,
        last_seen=counted.last_seen,
        hosts=where,
        more_hosts=len(hosts.get(one.pattern_id, [])) - len(where),
        samples=[shown_to(event, deps.caller, _SAMPLE_CHARS) for event in newest],
    )


async def _nothing(any_events: bool, asked: SimilarLogs, deps: Deps) -> str:
    if any_events:
        return "Nothing similar: no pattern in scope comes near this text."
    return await empty_hint(resolve(asked, deps), deps)


def pattern_lines(rank: int, found: SimilarPattern) -> list[str]:
    """One pattern as text: how near, how often, when and where, its newest event, its occasions."""
    weak = " weak" if found.weak else ""
    span = f"{moment_text(found.first_seen)} to {moment_text(found.last_seen)}"
    where = ", ".join(one_line(host, NAME_CHARS) for host in found.hosts[:_HOSTS])
    hidden = len(found.hosts[_HOSTS:]) + found.more_hosts
    where += f" and {hidden} more" if hidden else ""
    head = f"{rank}. score {found.score:.2f}{weak}, x{found.count:,}, {span}, on {where}: "
    named = f"{one_line(found.service, NAME_CHARS)}: {one_line(found.pattern, PATTERN_CHARS)}"
    samples = [f"   {event_line(event, _SAMPLE_CHARS)}" for event in found.samples[:1]]
    return [f"{head}{named}", *samples, *(episode_lines(found.episodes) if found.episodes else ())]


def similar_lines(page: SimilarPage) -> list[str]:
    """The page as text: a line a pattern, its newest event and its occasions below it."""
    lines = [head_line(page)]
    for rank, found in enumerate(page.patterns, 1):
        lines.extend(pattern_lines(rank, found))
    return lines + foot_lines(page)


def head_line(page: SimilarPage) -> str:
    """How many there are, and in which range."""
    return f"{len(page.patterns)} similar patterns, {range_text(page.range)}"


def foot_lines(page: SimilarPage) -> list[str]:
    """What is left out, what is out of order, and who was heard."""
    lines = []
    if page.hint:
        lines.append(page.hint)
    lines.extend(page.notes)
    return lines + _index_lines(page.index) + coverage_lines(page.coverage)


def _index_lines(index: dict[str, Any]) -> list[str]:
    lines = []
    if reason := index.get("degraded"):
        lines.append(f"ranked by words only: {one_line(reason, _REASON_CHARS)}")
    if index.get("pending"):
        age = index.get("oldest_pending_seconds")
        since = f", the oldest for {age:.0f} s" if age is not None else ""
        lines.append(f"{index['pending']} new patterns are not indexed yet{since}")
    if following := index.get("next"):
        reason = following.get("degraded")
        waiting = f"{following['pending']} patterns to embed"
        left = one_line(reason, _REASON_CHARS) if reason else waiting
        model = one_line(str(following["model"]), 100)
        lines.append(f"ranked with the model before; {model} takes over when it is ready: {left}")
    return lines


SIMILAR_LOGS = Tool(
    name="similar_logs",
    title="Find similar logs",
    purpose=(
        "Find what was logged before that is alike in meaning to a text: how near, how often, "
        "when, where. By exact filters: query_logs."
    ),
    takes=SimilarLogs,
    gives=SimilarPage,
    run=similar_logs,
    lines=similar_lines,
)
