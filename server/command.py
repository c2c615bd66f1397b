"""Running one command: its settings, its log, its exit status."""

import asyncio
import sys
from collections.abc import Callable, Collection, Coroutine, Iterable
from difflib import get_close_matches
from typing import Any

import typer

from tools.errors import BadArguments, DevMeshError, Unavailable
from tools.plain import clean

OK, PARTLY, WRONG, AWAY = 0, 1, 2, 3
"""Exit status: done; done in part; the request was wrong; something needed is away."""


def run_command(work: Callable[[Any], Coroutine[Any, Any, None]], quiet: bool = True) -> None:
    """Run one command over its settings; our errors become a line and an exit status.

    A quiet command logs warnings only, unless the settings ask for everything.
    """
    from pydantic import ValidationError

    from server.log_lines import configure_logging
    from server.settings import ServerSettings, known_names, unknown_names
    from shipper.settings import wrong_settings

    try:
        settings = ServerSettings()
        warn_of_slips(unknown_names(), known_names())
        level = "WARNING" if quiet and settings.log_level == "INFO" else settings.log_level
        configure_logging(level, settings.log_format)
        asyncio.run(work(settings))
    except ValidationError as error:
        sys.stderr.writelines(f"devmesh: {line}\n" for line in wrong_settings(error))
        raise typer.Exit(WRONG) from error
    except DevMeshError as error:
        sys.stderr.write(f"devmesh: {clean(error_words(error))}\n")
        raise typer.Exit(status_of(error)) from error


def warn_of_slips(slips: Iterable[str], known: Collection[str]) -> None:
    """A line on standard error for each setting that nothing reads, with the one it is like."""
    for name in slips:
        near = get_close_matches(name.lower().removeprefix("devmesh_"), known, 1)
        meant = f"; did you mean {_like(name, near[0])}?" if near else ""
        sys.stderr.write(f"devmesh: the setting {clean(name)} means nothing{meant}\n")


def _like(name: str, known: str) -> str:
    """The name of a setting, as one writes it where the other name stands."""
    return f"DEVMESH_{known.upper()}" if name.upper().startswith("DEVMESH_") else known


def status_of(error: DevMeshError) -> int:
    """The exit status that an error means."""
    return AWAY if isinstance(error, Unavailable) else WRONG


def error_words(error: DevMeshError) -> str:
    """An error in one line, with the values that were refused."""
    if not isinstance(error, BadArguments):
        return str(error)
    return "; ".join(
        f"{entry['field']}: {entry['rule']}"
        + (f", not {entry['value']!r}" if entry["value"] is not None else "")
        for entry in error.problems
    )
