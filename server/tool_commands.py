"""The tools as commands of the terminal: query, similar, stats, patterns."""

from typing import Annotated, Any

import typer

from server.command import run_command

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Service = Annotated[str | None, typer.Option(help="Service, e.g. nginx.")]
HostName = Annotated[str | None, typer.Option("--host", help="Host.")]
Since = Annotated[
    str | None, typer.Option("--since", help="Age (1h, 7d), ISO 8601, today or yesterday.")
]
Until = Annotated[str | None, typer.Option("--until", help="As --since; exclusive.")]
Level = Annotated[str | None, typer.Option(help="Exactly this level, or several with commas.")]
MinLevel = Annotated[str | None, typer.Option(help="This level and those above it.")]


def query(
    service: Service = None,
    host: HostName = None,
    level: Level = None,
    min_level: MinLevel = None,
    contains: Annotated[str | None, typer.Option(help="Text within the message.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    as_json: Json = False,
) -> None:
    """Rows by exact filters, newest first."""
    arguments = {
        "service": service,
        "host": host,
        "level": level,
        "min_level": min_level,
        "contains": contains,
        "start_time": since,
        "end_time": until,
        "limit": limit,
    }
    _call("query_logs", arguments, as_json)


def similar(
    text: Annotated[str, typer.Argument(help="An error, a log line, or words for it.")],
    service: Service = None,
    host: HostName = None,
    level: Level = None,
    min_level: MinLevel = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    as_json: Json = False,
) -> None:
    """What was logged before that is alike in meaning."""
    arguments = {
        "text": text,
        "service": service,
        "host": host,
        "level": level,
        "min_level": min_level,
        "start_time": since,
        "end_time": until,
        "limit": limit,
    }
    _call("similar_logs", arguments, as_json)


def stats(
    group_by: Annotated[
        str | None,
        typer.Option("--by", help="service, host, level, pattern, source, error_code, event_type."),
    ] = None,
    interval: Annotated[str | None, typer.Option("--each", help="Timeline: 5m, 1h, 1d.")] = None,
    service: Service = None,
    host: HostName = None,
    level: Level = None,
    min_level: MinLevel = None,
    contains: Annotated[str | None, typer.Option(help="Text within the message.")] = None,
    since: Since = None,
    until: Until = None,
    as_json: Json = False,
) -> None:
    """Exact counts, by a column or as a timeline."""
    arguments = {
        "group_by": group_by,
        "interval": interval,
        "service": service,
        "host": host,
        "level": level,
        "min_level": min_level,
        "contains": contains,
        "start_time": since,
        "end_time": until,
    }
    _call("log_stats", arguments, as_json)


def patterns(
    service: Service = None,
    host: HostName = None,
    level: Level = None,
    min_level: MinLevel = None,
    since: Since = None,
    until: Until = None,
    new: Annotated[bool, typer.Option("--new", help="Only what was never seen before.")] = False,
    compare_to: Annotated[str | None, typer.Option(help="Start of an earlier window.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    as_json: Json = False,
) -> None:
    """Kinds of messages with counts: what is there, what is new, what changed."""
    arguments = {
        "service": service,
        "host": host,
        "level": level,
        "min_level": min_level,
        "start_time": since,
        "end_time": until,
        "new_only": new or None,
        "compare_to": compare_to,
        "limit": limit,
    }
    _call("log_patterns", arguments, as_json)


def _call(name: str, arguments: dict[str, Any], as_json: bool) -> None:
    async def work(settings: Any) -> None:
        from server.asking import call_once

        given = {key: value for key, value in arguments.items() if value is not None}
        await call_once(settings, name, given, as_json)

    run_command(work)


def add_tool_commands(app: typer.Typer) -> None:
    """Give the terminal a command for each tool that people use by hand."""
    for command in (query, similar, stats, patterns):
        app.command()(command)
