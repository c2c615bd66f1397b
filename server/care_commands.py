"""Commands that look after the store: upkeep and doctor."""

from typing import Annotated, Any

import typer

from server.command import run_command

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
FAILED = 1


def upkeep(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be dropped; change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Drop what the retention no longer keeps and make days ahead; the server does it hourly."""

    async def work(settings: Any) -> None:
        from dataclasses import asdict

        from server.app import home
        from server.show import Screen

        async with home(settings) as parts:
            outcome = await parts.keep_up(dry_run)
        screen = Screen()
        if as_json:
            screen.json(asdict(outcome) | {"did": outcome.text})
        else:
            screen.say(outcome.text)

    run_command(work)


def doctor(as_json: Json = False) -> None:
    """How the store is, and each setting with where it comes from; status 1 when a check fails."""
    well = True

    async def work(settings: Any) -> None:
        from server.doctor import examine

        nonlocal well
        well = await examine(settings, as_json)

    run_command(work)
    if not well:
        raise typer.Exit(FAILED)


def add_care_commands(app: typer.Typer) -> None:
    """Give the terminal the commands that look after the store."""
    for command in (upkeep, doctor):
        app.command()(command)
