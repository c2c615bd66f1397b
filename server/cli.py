"""The `devmesh` command. Heavy parts are imported by the commands that need them."""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.errors import BadArguments, DevMeshError, Unavailable

OK, WRONG, AWAY = 0, 2, 3
"""Exit status: done; the request was wrong; something needed is away."""

app = typer.Typer(
    name="devmesh",
    help="Ask your machines' logs: journald to MariaDB, searched by meaning, answered locally.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Service = Annotated[str | None, typer.Option(help="Service, e.g. nginx.")]
HostName = Annotated[str | None, typer.Option("--host", help="Host.")]
Since = Annotated[
    str | None, typer.Option("--since", help="Age (1h, 7d), ISO 8601, today or yesterday.")
]
Until = Annotated[str | None, typer.Option("--until", help="As --since; exclusive.")]
Level = Annotated[str | None, typer.Option(help="Exactly this level, or several with commas.")]
MinLevel = Annotated[str | None, typer.Option(help="This level and those above it.")]
Rows = Annotated[int, typer.Option("--rows", min=0, help="Rows to print.")]


def main() -> None:
    """Entry point of the `devmesh` command."""
    app()


def _run(work: Callable[[Any], Awaitable[None]], quiet: bool = True) -> None:
    """Run one command over its settings; our errors become a line and an exit status.

    A quiet command logs warnings only, unless the settings ask for everything.
    """
    from pydantic import ValidationError

    from server.settings import ServerSettings

    try:
        settings = ServerSettings()
        _configure_logging(
            "WARNING" if quiet and settings.log_level == "INFO" else settings.log_level
        )
        asyncio.run(_awaited(work, settings))
    except ValidationError as error:
        for detail in error.errors():
            name = "_".join(str(part) for part in detail["loc"]).upper()
            sys.stderr.write(f"devmesh: DEVMESH_{name}: {detail['msg']}\n")
        raise typer.Exit(WRONG) from error
    except DevMeshError as error:
        sys.stderr.write(f"devmesh: {_words(error)}\n")
        raise typer.Exit(AWAY if isinstance(error, Unavailable) else WRONG) from error


async def _awaited(work: Callable[[Any], Awaitable[None]], settings: Any) -> None:
    await work(settings)


def _words(error: DevMeshError) -> str:
    if not isinstance(error, BadArguments):
        return str(error)
    return "; ".join(
        f"{entry['field']}: {entry['rule']}"
        + (f", not {entry['value']!r}" if entry["value"] is not None else "")
        for entry in error.problems
    )


def _configure_logging(level: str) -> None:
    """Log lines go to standard error; libraries speak only when something is wrong."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("httpx2", "sentence_transformers", "transformers", "asyncio", "mcp"):
        logging.getLogger(name).setLevel(logging.WARNING)


@app.command()
def up() -> None:
    """Everything on this machine: database, server, embedder, and the journal's shipper."""

    async def work(settings: Any) -> None:
        from server.serve import serve
        from shipper.run import Errand

        await serve(settings, Errand())

    _run(work, quiet=False)


@app.command()
def serve() -> None:
    """The HTTP server alone: REST, and MCP at /mcp."""

    async def work(settings: Any) -> None:
        from server.serve import serve as run_server

        await run_server(settings)

    _run(work, quiet=False)


@app.command()
def mcp() -> None:
    """MCP over stdio, for Claude Desktop and IDEs."""

    async def work(settings: Any) -> None:
        from server.stdio import serve_stdio
        from server.version import VERSION

        await serve_stdio(settings, VERSION)

    _run(work)


@app.command()
def ship(
    directory: Annotated[Path | None, typer.Option(help="A directory of journal files.")] = None,
    export: Annotated[
        str | None, typer.Option(help="A file in journal export format (.zst, .gz), or -.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop at the end of the journal.")] = False,
    shift_to_now: Annotated[
        bool, typer.Option(help="Move an export's times so that its newest entry is now.")
    ] = False,
    server: Annotated[str | None, typer.Option(help="The server's address.")] = None,
    status: Annotated[bool, typer.Option("--status", help="Say how shipping goes.")] = False,
    replay_dead: Annotated[
        bool, typer.Option("--replay-dead", help="Send refused entries again.")
    ] = False,
) -> None:
    """Ship the journal of this machine, a directory of journals, or an export, to the server."""
    from shipper.cli import Action, ship_command
    from shipper.run import Errand

    action = Action.STATUS if status else Action.REPLAY_DEAD if replay_dead else Action.SHIP
    errand = Errand(directory, export, follow=not once, shift_to_now=shift_to_now)
    raise typer.Exit(ship_command(action, errand, server))


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="A question in plain words.")],
    rows: Rows = 20,
    as_json: Json = False,
) -> None:
    """Answer a question about the logs, with the local model."""

    async def work(settings: Any) -> None:
        from server.asking import ask_once

        await ask_once(settings, question, rows, as_json)

    _run(work)


@app.command()
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


@app.command()
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


def _call(name: str, arguments: dict[str, Any], as_json: bool) -> None:
    async def work(settings: Any) -> None:
        from server.asking import call_once

        given = {key: value for key, value in arguments.items() if value is not None}
        await call_once(settings, name, given, as_json)

    _run(work)


@app.command()
def migrate() -> None:
    """Bring the database's schema up to date."""

    async def work(settings: Any) -> None:
        from server.app import home

        async with home(settings) as parts:
            applied = await parts.store.open()
        typer.echo("\n".join(applied) or "nothing to do")

    _run(work)


@app.command()
def demo() -> None:
    """The main job on real input: ship, embed, ask three questions, stop."""

    async def work(settings: Any) -> None:
        from server.demo import run_demo

        await run_demo(settings)

    _run(work)


@app.command()
def version() -> None:
    """The version."""
    from server.version import VERSION

    typer.echo(VERSION)
