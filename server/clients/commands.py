"""`devmesh mcp config`: tells an MCP client of us."""

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.command import run_command

if TYPE_CHECKING:
    from server.clients.entry import Entry
    from server.clients.known import Client

mcp_app = typer.Typer(help="MCP over stdio; `mcp config` tells a client of us.")


@mcp_app.command()
def config(
    name: Annotated[
        str, typer.Argument(metavar="CLIENT", help="claude, claude-code, vscode, cursor or zed.")
    ],
    url: Annotated[
        str | None, typer.Argument(help="With --http: the server's address, if not this one's.")
    ] = None,
    http: Annotated[
        bool,
        typer.Option(
            "--http", help="The running server, not one of the client's own; not for claude."
        ),
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Put it into the client's file, and keep the rest.")
    ] = False,
    file: Annotated[Path | None, typer.Option(help="Another file than the client's usual.")] = None,
) -> None:
    """What an MCP client's file must say for it to find DevMesh; --write puts it there."""
    if url is not None and not http:
        raise typer.BadParameter("a URL goes with --http alone")

    async def work(settings: Any) -> None:
        client = _client(name)
        place = file or client.file()
        entry = _entry(client, settings, url, http)
        if write:
            _write(place, client, entry)
        else:
            _print(place, client, entry)
        if name == "claude-code":
            from server.clients.entry import claude_line

            _note(f"or, for yourself in every folder: {claude_line(entry, 'user')}")

    run_command(work)


def _client(name: str) -> "Client":
    from server.clients.known import CLIENTS
    from tools.errors import BadArguments

    if name not in CLIENTS:
        raise BadArguments.one("CLIENT", f"must be one of {', '.join(CLIENTS)}", name)
    return CLIENTS[name]


def _entry(client: "Client", settings: Any, url: str | None, http: bool) -> "Entry":
    from server.clients.entry import http_entry, installed_command, stdio_entry
    from server.clients.settings import given
    from server.own_address import address_of
    from tools.errors import BadArguments

    if not http:
        return stdio_entry(client, installed_command(), given())
    if not client.http:
        rule = f"{client.title} reads no address from its file; leave --http out"
        raise BadArguments.one("--http", rule)
    return http_entry(client, url or address_of(settings), settings.bearer_token)


def _print(place: Path, client: "Client", entry: "Entry") -> None:
    _block(client, entry)
    _note(f"for {place}; --write puts it there")
    _secrets(client, entry, place)


def _write(place: Path, client: "Client", entry: "Entry") -> None:
    from server.app import utc_now
    from server.clients.written import write
    from tools.errors import BadArguments

    try:
        done = write(place, client, entry, utc_now)
    except BadArguments:
        _block(client, entry)
        raise
    if not done.changed:
        _note(f"{place} says so already; nothing to do")
        return
    kept = f"; the old one is {done.backup}" if done.backup else ""
    _note(f"{place} is written{kept}")
    _secrets(client, entry, place)
    _note(client.then)


def _block(client: "Client", entry: "Entry") -> None:
    import json

    from server.clients.written import whole

    typer.echo(json.dumps(whole(client, entry), indent=2, ensure_ascii=False))


def _secrets(client: "Client", entry: "Entry", place: Path) -> None:
    """Which secrets stand in the file, and where those come from that do not."""
    if entry.written:
        _note(f"holds {', '.join(entry.written)} as it is: keep the file to yourself")
        if place.exists() and stat.S_IMODE(place.stat().st_mode) & 0o077:
            _note(f"others may read it: chmod 600 {place}")
    if entry.referred:
        names = ", ".join(entry.referred)
        where = "asks for" if client.asks else "takes from the environment it is started in"
        _note(f"not in the file, but what {client.title} {where}: {names}")


def _note(text: str) -> None:
    typer.echo(text, err=True)
