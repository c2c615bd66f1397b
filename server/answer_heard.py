"""Whether anybody was listening: who was heard in the range of an answer, who was not, and gaps."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from server.answer_scope import name, noun, number
from tools.answers import coverage_lines, moment_text
from tools.filters import service_names
from tools.ports import Deps, Filter, StatRow
from tools.records import Coverage, HostCoverage, Range

_HOSTS = 8
_RECENT = timedelta(hours=1)
_MOST = 1_000


async def heard_lines(
    coverage: Coverage, span: Range, arguments: Mapping[str, Any], deps: Deps
) -> list[str]:
    """Hosts in scope that sent anything at all in the range, those that did not, known losses."""
    if not coverage.hosts:
        return coverage_lines(coverage)
    scope = _scope(span, arguments)
    counts = await deps.store.count_by(scope, "host", None, _MOST)
    by_host = {row.name: row for row in counts}
    heard = [host for host in coverage.hosts if host.host in by_host]
    silent = [host for host in coverage.hosts if host.host not in by_host]
    end = span.end or deps.now()
    words = [_heard(host, by_host, end) for host in heard[:_HOSTS]]
    hidden = len(by_host) - len(words)
    more = f" and {hidden} more" if hidden else ""
    told = f"heard in this range: {', '.join(words)}{more}" if words else "nobody was heard then"
    lines = [f"coverage: {told}"]
    if silent:
        names = ", ".join(_silent(host) for host in silent[:_HOSTS])
        rest = f" and {len(silent) - _HOSTS} more" if len(silent) > _HOSTS else ""
        lines.append(f"not heard in this range, which is no sign of health: {names}{rest}")
    if coverage.more_hosts:
        lines.append(f"of more than {len(coverage.hosts)} hosts only those heard last are named")
    return lines + _known_losses(coverage)


def _scope(span: Range, arguments: Mapping[str, Any]) -> Filter:
    return Filter(start=span.start, end=span.end, host=arguments.get("host"))


def _heard(host: HostCoverage, counts: Mapping[str | None, StatRow], end: datetime) -> str:
    count = counts[host.host].count
    words = f"{name(host.host)} {number(count)} {noun(count, 'event')}"
    if host.last_event and host.last_event < end - _RECENT:
        words += f", none since {moment_text(host.last_event)}"
    return words


def _silent(host: HostCoverage) -> str:
    if host.last_event is None:
        return f"{name(host.host)} (no event ever)"
    beat = f", shipper heard {moment_text(host.last_heartbeat)}" if host.last_heartbeat else ""
    return f"{name(host.host)} (last event {moment_text(host.last_event)}{beat})"


def _known_losses(coverage: Coverage) -> list[str]:
    lines = [
        f"known gap: {number(gap.missing)} {noun(gap.missing, 'entry', 'entries')} of "
        f"{name(gap.host)} ({name(gap.source)}) from {moment_text(gap.start)} to "
        f"{moment_text(gap.end)} lost before they could be sent"
        for gap in coverage.gaps[:_HOSTS]
    ]
    if len(coverage.gaps) > _HOSTS:
        lines.append(f"known gaps in all: {number(coverage.missing)} entries were lost")
    if coverage.kept_since is not None:
        lines.append(f"retention: events before {moment_text(coverage.kept_since)} were dropped")
    return lines


async def nothing_lines(
    span: Range, arguments: Mapping[str, Any], hint: str | None, deps: Deps
) -> list[str]:
    """Why there is nothing: what the same place logged besides, or that a name is unknown."""
    widest = _scope(span, arguments)
    if not arguments.get("service"):
        return [hint] if hint and hint.startswith("No ") else []
    wanted = replace(widest, services=service_names(str(arguments["service"])))
    count = await deps.store.count_events(wanted)
    if not count:
        return [hint] if hint else []
    who = name(str(arguments["service"]))
    on = f" on {name(str(arguments['host']))}" if arguments.get("host") else ""
    return [
        f"{who}{on} logged {number(count)} {noun(count, 'event')} of other kinds in this range."
    ]
