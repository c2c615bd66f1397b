"""log_patterns: what kinds of lines there are, which are new, and what changed."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from tools.answers import (
    NAME_CHARS,
    PATTERN_CHARS,
    coverage_lines,
    coverage_of,
    fitting,
    guard_notes,
    moment_text,
    raised,
    range_text,
    shown_pattern,
)
from tools.empty import empty_hint
from tools.errors import BadArguments
from tools.filters import LevelScope, When, range_of, resolve
from tools.plain import one_line
from tools.ports import Deps, Filter, PatternCount
from tools.records import Coverage, Moment, Range
from tools.timespan import parse_time
from tools.tool import Tool


class LogPatterns(LevelScope):
    """The filter, and what to compare with."""

    new_only: bool = Field(False, description="Never seen before start_time.")
    compare_to: When | None = Field(
        None, description="Start of an earlier window as long, e.g. 2d."
    )
    limit: Annotated[int, Field(ge=1, le=1000)] = Field(20, description="Rows.")


class Pattern(BaseModel):
    """One pattern in the range."""

    pattern_id: int
    service: str
    pattern: str
    count: int
    share: float = Field(description="Part of the range's events, 0 to 1.")
    first_seen: Moment = Field(description="In the range.")
    last_seen: Moment = Field(description="In the range.")
    new: bool | None = Field(None, description="Never seen before start_time.")
    before: int | None = Field(None, description="Count in the window compared with.")
    change: int | None = Field(None, description="Count less the count before.")


class PatternsPage(BaseModel):
    """Patterns, the most frequent first; compared, the greatest change first."""

    patterns: list[Pattern]
    range: Range
    compared: Range | None = None
    total: int = Field(description="Events in the range.")
    left_out: int
    complete: bool
    hint: str | None = None
    notes: list[str] = Field([], exclude_if=lambda notes: not notes)
    coverage: Coverage


async def log_patterns(asked: LogPatterns, deps: Deps) -> PatternsPage:
    """Patterns with exact counts.

    Raises:
        BadArguments: for a bad time; new_only or compare_to without start_time.
    """
    wanted = resolve(asked, deps)
    earlier = _earlier(asked, wanted, deps)
    since = wanted.start if asked.new_only else None
    counts = await deps.store.pattern_counts(wanted, since)
    total = await _total(wanted, counts, asked, deps)
    patterns = [_pattern(counted, total, deps) for counted in counts]
    if wanted.start is not None:
        await _mark_new(patterns, wanted.start, deps)
    if earlier is not None:
        patterns = _compared(patterns, await deps.store.pattern_counts(earlier, since), deps)
    patterns.sort(key=lambda one: (-abs(one.change or 0), -one.count, one.pattern_id))
    hint = await _hint(bool(patterns), total, wanted, deps)
    notes = await guard_notes(await _services(wanted, counts, asked, deps), deps)
    notes += await _forgotten_note(asked, deps)
    coverage = await coverage_of(replace(wanted, start=earlier.start) if earlier else wanted, deps)

    def built(count: int) -> PatternsPage:
        left = len(patterns) - count
        more = f"{left:,} more patterns: narrow the filter, or {raised(deps.caller)}"
        return PatternsPage(
            patterns=patterns[:count],
            range=range_of(wanted, deps),
            compared=range_of(earlier, deps) if earlier else None,
            total=total,
            left_out=left,
            complete=left == 0,
            hint=more if left else hint,
            notes=notes,
            coverage=coverage,
        )

    return fitting(built, min(asked.limit, len(patterns)), patterns_lines, deps.caller)


def _earlier(asked: LogPatterns, wanted: Filter, deps: Deps) -> Filter | None:
    """The window to compare with, as long as the range asked for."""
    for name, given in (("new_only", asked.new_only), ("compare_to", asked.compare_to)):
        if given and wanted.start is None:
            raise BadArguments.one(name, "needs start_time", given)
    if asked.compare_to is None or wanted.start is None:
        return None
    now = deps.now()
    start = parse_time(asked.compare_to, now, deps.zone, "compare_to")
    end = start + ((wanted.end or now) - wanted.start)
    if start >= wanted.start:
        raise BadArguments.one("compare_to", "must be earlier than start_time", asked.compare_to)
    return replace(wanted, start=start, end=end)


async def _total(wanted: Filter, counts: list[PatternCount], asked: LogPatterns, deps: Deps) -> int:
    """Events in the range, those of patterns that are not asked for as well."""
    if asked.new_only:
        counted = await deps.store.count_events(wanted) or 0
        return max(counted, sum(pattern.count for pattern in counts))  # days may go meanwhile
    return sum(pattern.count for pattern in counts)


async def _services(
    wanted: Filter, counts: list[PatternCount], asked: LogPatterns, deps: Deps
) -> Iterable[str]:
    """Services in scope: what is new of one that is masked coarser may not look new."""
    if asked.new_only:
        return wanted.services or await deps.store.guarded_services()
    return {one.service for one in counts}


async def _forgotten_note(asked: LogPatterns, deps: Deps) -> list[str]:
    """What "new" cannot know: a pattern goes with the last of its events."""
    since = await deps.store.kept_since() if asked.new_only else None
    if since is None:
        return []
    return [f"Last seen before {moment_text(since)}, where the retention ends, counts as new."]


def _pattern(counted: PatternCount, total: int, deps: Deps) -> Pattern:
    return Pattern(
        pattern_id=counted.id,
        service=counted.service,
        pattern=shown_pattern(counted.text, deps.caller),
        count=counted.count,
        share=round(counted.count / total, 4),
        first_seen=counted.first_seen,
        last_seen=counted.last_seen,
    )


async def _mark_new(patterns: list[Pattern], start: datetime, deps: Deps) -> None:
    """Whether a pattern's first event ever, on any host and level, lies in the range."""
    ever = await deps.store.pattern_texts([pattern.pattern_id for pattern in patterns])
    for pattern in patterns:
        known = ever.get(pattern.pattern_id)
        pattern.new = known is not None and known[2] >= start  # else it was dropped meanwhile


def _compared(patterns: list[Pattern], earlier: list[PatternCount], deps: Deps) -> list[Pattern]:
    """The patterns with their counts before, and those that have fallen silent."""
    before = {counted.id: counted for counted in earlier}
    for pattern in patterns:
        counted = before.pop(pattern.pattern_id, None)
        pattern.before = counted.count if counted else 0
        pattern.change = pattern.count - pattern.before
    gone = [_pattern(counted, 1, deps) for counted in before.values()]
    for pattern in gone:
        pattern.before, pattern.change = pattern.count, -pattern.count
        pattern.count, pattern.share, pattern.new = 0, 0.0, False
    return patterns + gone


async def _hint(any_shown: bool, total: int, wanted: Filter, deps: Deps) -> str | None:
    if any_shown:
        return None
    return "No new pattern: all were seen before." if total else await empty_hint(wanted, deps)


def pattern_line(found: Pattern) -> str:
    """One pattern as a line."""
    change = f" ({found.before:,} before)" if found.before is not None else ""
    share = f"{found.share:.0%}" if found.share >= 0.005 or not found.count else "<1%"
    new = ", new" if found.new else ""
    span = f"{moment_text(found.first_seen)} to {moment_text(found.last_seen)}"
    named = f"{one_line(found.service, NAME_CHARS)}: {one_line(found.pattern, PATTERN_CHARS)}"
    return f"x{found.count:,} {share} of events{change}{new}, {span}: {named}"


def patterns_lines(page: PatternsPage) -> list[str]:
    """The page as text: one line a pattern."""
    compared = f", compared with {range_text(page.compared)}" if page.compared else ""
    head = (
        f"{len(page.patterns)} patterns of {page.total} events, {range_text(page.range)}{compared}"
    )
    lines = [head, *map(pattern_line, page.patterns)]
    if page.hint:
        lines.append(page.hint)
    lines.extend(page.notes)
    return lines + coverage_lines(page.coverage)


LOG_PATTERNS = Tool(
    name="log_patterns",
    title="Log patterns",
    purpose=(
        "List the kinds of messages (variables masked) with counts: what there is, what is new "
        "since start_time, what changed against an earlier window."
    ),
    takes=LogPatterns,
    gives=PatternsPage,
    run=log_patterns,
    lines=patterns_lines,
)
