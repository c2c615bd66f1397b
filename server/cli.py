"""The `devmesh` command. Heavy parts are imported by the commands that need them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from server.care_commands import add_care_commands
from server.clients.commands import mcp_app
from server.command import run_command, warn_of_slips
from server.eval_commands import eval_app
from server.move_commands import add_move_commands
from server.token_commands import token_app
from server.tool_commands import add_tool_commands

app = typer.Typer(
    name="devmesh",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Rows = Annotated[int, typer.Option("--rows", min=0, help="Rows to print.")]


Answers = Annotated[bool, typer.Option("--json", help="Print one JSON object an answer.")]


def _tell_version(wanted: bool) -> None:
    if wanted:
        from server.version import VERSION

        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def devmesh(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="The version."),
    ] = False,
) -> None:
    """Ask your machines' logs: journald to MariaDB, searched by meaning, answered locally."""


def main() -> None:
    """Entry point of the `devmesh` command."""
    app()


@app.command()
def up() -> None:
    """Everything on this machine: database, server, embedder, and the journal's shipper."""

    async def work(settings: Any) -> None:
        from server.serve import serve
        from shipper.errand import Errand

        await serve(settings, Errand())

    run_command(work, quiet=False)


@app.command()
def serve() -> None:
    """The HTTP server alone: REST, and MCP at /mcp."""

    async def work(settings: Any) -> None:
        from server.serve import serve as run_server

        await run_server(settings)

    run_command(work, quiet=False)


@mcp_app.callback(invoke_without_command=True)
def mcp(context: typer.Context) -> None:
    """MCP over stdio, for Claude Desktop and IDEs; `mcp config` tells one of us."""
    if context.invoked_subcommand is not None:
        return

    async def work(settings: Any) -> None:
        from server.stdio import serve_stdio
        from server.version import VERSION

        await serve_stdio(settings, VERSION)

    run_command(work)


@app.command()
def ship(
    directory: Annotated[Path | None, typer.Option(help="A directory of journal files.")] = None,
    export: Annotated[
        str | None, typer.Option(help="A file in journal export format (.zst, .gz), or -.")
    ] = None,
    file: Annotated[
        list[str] | None, typer.Option(help="A log file, or a glob (** too). Repeatable.")
    ] = None,
    syslog: Annotated[
        list[str] | None,
        typer.Option(help="Receive syslog at an address, e.g. udp://0.0.0.0:5514. Repeatable."),
    ] = None,
    journal: Annotated[
        bool, typer.Option("--journal", help="This machine's journal, also beside the others.")
    ] = False,
    once: Annotated[
        bool,
        typer.Option("--once", help="Stop where the source ends now, or when the server refuses."),
    ] = False,
    give_up_after: Annotated[
        float,
        typer.Option(
            min=0, help="With --once or --replay-dead: seconds to try a server that is away."
        ),
    ] = 60.0,
    shift_to_now: Annotated[
        bool, typer.Option(help="Move an export's times so that its newest entry is now.")
    ] = False,
    server: Annotated[str | None, typer.Option(help="The server's address.")] = None,
    status: Annotated[bool, typer.Option("--status", help="Say how shipping goes.")] = False,
    replay_dead: Annotated[
        bool, typer.Option("--replay-dead", help="Send refused entries again.")
    ] = False,
    install_units: Annotated[
        bool, typer.Option("--install-units", help="Write the systemd services to /etc.")
    ] = False,
    root: Annotated[
        Path | None, typer.Option(help="With --install-units: write below this folder, an image's.")
    ] = None,
) -> None:
    """Ship this machine's journal, log files, received syslog, or journals from elsewhere."""
    from shipper.cli import Action, install_command, ship_command
    from shipper.errand import Errand
    from shipper.settings import ShipperSettings, unknown_names

    if root is not None and not install_units:
        raise typer.BadParameter("--root goes with --install-units alone")
    if install_units:
        raise typer.Exit(install_command(root))
    warn_of_slips(unknown_names(), ShipperSettings.model_fields)
    action = Action.STATUS if status else Action.REPLAY_DEAD if replay_dead else Action.SHIP
    errand = Errand(
        directory,
        export,
        files=tuple(file or ()),
        syslog=tuple(syslog or ()),
        journal=journal,
        follow=not once,
        give_up_after=give_up_after,
        shift_to_now=shift_to_now,
    )
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

    run_command(work)


@app.command()
def chat(rows: Rows = 10, as_json: Answers = False) -> None:
    """Question after question; /help tells more. Also reads questions from a pipe, one a line."""

    async def work(settings: Any) -> None:
        from server.chat import chat as converse

        status = await converse(settings, rows, as_json)
        if status:
            raise typer.Exit(status)

    run_command(work)


add_tool_commands(app)
add_move_commands(app)
add_care_commands(app)
app.add_typer(eval_app, name="eval")
app.add_typer(mcp_app, name="mcp")
app.add_typer(token_app, name="token")


@app.command()
def migrate() -> None:
    """Bring the database's schema up to date."""

    async def work(settings: Any) -> None:
        from server.app import home

        async with home(settings) as parts:
            applied = await parts.store.open()
        typer.echo("\n".join(applied) or "nothing to do")

    run_command(work)


@app.command()
def demo() -> None:
    """The main job on real input: ship, embed, ask three questions, stop."""

    async def work(settings: Any) -> None:
        from server.demo import run_demo

        await run_demo(settings)

    run_command(work)


@app.command()
def version() -> None:
    """The version."""
    _tell_version(wanted=True)
