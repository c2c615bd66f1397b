"""The tools as commands of the terminal: query, context, similar, stats, patterns."""

from typing import Annotated, Any

import typer

from server.command import run_command
from server.typed import RENAMED, options_of

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

Service = Annotated[str | None, typer.Option(help="Service, e.g. nginx.")]
HostName = Annotated[str | None, typer.Option("--host", help="Host.")]
Since = Annotated[
    str | None, typer.Option("--since", help="Age (1h, 7d), ISO 8601, today or yesterday.")
]
Until = Annotated[str | None, typer.Option("--until", help="As --since; exclusive.")]
Level = Annotated[str | None, typer.Option(help="Exactly this level, or several with commas.")]
MinLevel = Annotated[str | None, typer.Option(help="This level and those above it.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="Rows at most.")]

SCORES = "Leave out what is less near. 0.3: noise; 0.55: good; 1 and more: nearly the same words."


def query(
    context: typer.Context,
    service: Service = None,
    host: HostName = None,
    level: Level = None,
    min_level: MinLevel = None,
    contains: Annotated[str | None, typer.Option(help="Text within the message.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 20,
    cursor: Annotated[
        str | None, typer.Option(help="Go on where a page ended, with the same options.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Rows by exact filters, newest first."""
    _call("query_logs", context)


def around(
    context: typer.Context,
    event_id: Annotated[int, typer.Argument(help="The #id of an answer.")],
    before: Annotated[int, typer.Option(min=0, max=500, help="Rows before it.")] = 10,
    after: Annotated[int, typer.Option(min=0, max=500, help="Rows after it.")] = 10,
    scope: Annotated[
        str, typer.Option(help="service (on the same host), host or everywhere.")
    ] = "service",
    as_json: Json = False,
) -> None:
    """The rows around one event."""
    _call("log_context", context)


def similar(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="An error, a log line, or words for it.")],
    service: Service = None,
    host: HostName = None,
    level: Level = None,
    min_level: MinLevel = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    min_score: Annotated[float | None, typer.Option(min=0, max=2, help=SCORES)] = None,
    as_json: Json = False,
) -> None:
    """What was logged before that is alike in meaning, on which occasions, and what followed.

    A score below 0.3 is noise and not shown; what hardly meets the text is marked weak.
    """
    _call("similar_logs", context)


def stats(
    context: typer.Context,
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
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Exact counts, by a column or as a timeline."""
    _call("log_stats", context)


def patterns(
    context: typer.Context,
    service: Service = None,
    host: HostName = None,
    level: Level = None,
    min_level: MinLevel = None,
    since: Since = None,
    until: Until = None,
    new: Annotated[bool, typer.Option("--new", help="Only what was never seen before.")] = False,
    compare_to: Annotated[str | None, typer.Option(help="Start of an earlier window.")] = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """Kinds of messages with counts: what is there, what is new, what changed."""
    _call("log_patterns", context)


def _call(name: str, context: typer.Context) -> None:
    """Call a tool with the options that were given; most are named as its arguments are."""
    given = {RENAMED.get(key, key): value for key, value in context.params.items()}
    as_json = given.pop("as_json")
    arguments = {
        key: value for key, value in given.items() if value is not None and value is not False
    }
    options = options_of(context.command.params)

    async def work(settings: Any) -> None:
        from server.asking import Typed, call_once

        await call_once(settings, name, Typed(arguments, options), as_json)

    run_command(work)


def add_tool_commands(app: typer.Typer) -> None:
    """Give the terminal a command for each tool that people use by hand."""
    for command in (query, similar, stats, patterns):
        app.command()(command)
    app.command("context")(around)
