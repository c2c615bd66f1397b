"""Archives as commands of the terminal: export and import."""

from typing import Annotated, Any

import typer

from server.command import run_command
from server.tool_commands import HostName, Level, MinLevel, Service, Since, Until
from server.typed import RENAMED, error_in_options, options_of
from tools.errors import BadArguments


def export(
    context: typer.Context,
    target: Annotated[
        str, typer.Argument(metavar="FILE", help="A file, a folder, or - for standard output.")
    ],
    service: Service = None,
    host: HostName = None,
    source: Annotated[str | None, typer.Option(help="Source, e.g. journald.")] = None,
    level: Level = None,
    min_level: MinLevel = None,
    contains: Annotated[str | None, typer.Option(help="Text within the message.")] = None,
    trace_id: Annotated[str | None, typer.Option(help="Trace.")] = None,
    error_code: Annotated[str | None, typer.Option(help="Error code.")] = None,
    event_type: Annotated[str | None, typer.Option(help="Event type.")] = None,
    since: Since = None,
    until: Until = None,
    metrics: Annotated[bool, typer.Option("--metrics", help="Metric points as well.")] = False,
) -> None:
    """Write events to an archive (NDJSON, zstd); run again after an interruption, it goes on."""
    given = {RENAMED.get(key, key): value for key, value in context.params.items()}
    arguments = {
        key: value
        for key, value in given.items()
        if value is not None and key not in {"target", "metrics"}
    }

    async def work(settings: Any) -> None:
        from server.export import export_once

        try:
            await export_once(settings, target, arguments, metrics)
        except BadArguments as error:
            raise error_in_options(error, options_of(context.command.params)) from error

    run_command(work)


def import_(
    source: Annotated[
        str, typer.Argument(metavar="FILE", help="An archive, NDJSON of events, or - for a pipe.")
    ],
) -> None:
    """Store what an archive holds; what is stored already stays as it is."""

    async def work(settings: Any) -> None:
        from server.restore import import_once

        await import_once(settings, source)

    run_command(work)


def add_move_commands(app: typer.Typer) -> None:
    """Give the terminal the commands that move what is stored."""
    app.command()(export)
    app.command("import")(import_)
