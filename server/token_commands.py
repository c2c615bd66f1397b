"""`devmesh token`: making, listing and revoking tokens."""

import re
import sys
from typing import Annotated, Any

import typer

from server.command import run_command

token_app = typer.Typer(help="Tokens that callers of the server send.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Name = Annotated[str, typer.Argument(help="Whose it is, e.g. grafana.")]
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@token_app.command()
def new(
    name: Name,
    scope: Annotated[list[str], typer.Option(help="read, ingest; repeat it for both.")],
    expires: Annotated[
        str | None, typer.Option(help="From now, e.g. 90d or 12h; without it: never.")
    ] = None,
) -> None:
    """Make a token and print it, this once: it is kept as a hash alone."""

    async def work(settings: Any) -> None:
        from server.app import home
        from server.show import Screen
        from server.token_secrets import hash_of, new_token
        from sql.tokens import StoredToken

        scopes, token = _scopes(scope), new_token()
        async with home(settings) as parts:
            now = parts.now()
            ends = now + _duration(expires) if expires else None
            await parts.open()
            kept = StoredToken(_checked(name), hash_of(token), scopes, now, ends)
            await parts.tokens.add(kept)
        sys.stdout.write(f"{token}\n")
        until = f"until {ends:%Y-%m-%d %H:%M} UTC" if ends else "until it is revoked"
        Screen().note(f"{name} may {' and '.join(sorted(scopes))}, {until}. It is shown this once.")

    run_command(work)


@token_app.command("list")
def list_tokens(as_json: Json = False) -> None:
    """The tokens there are, without the tokens themselves."""

    async def work(settings: Any) -> None:
        from server.app import home
        from server.show import Screen

        async with home(settings) as parts:
            await parts.open()
            found = await parts.tokens.all()
        screen = Screen()
        if as_json:
            screen.json({"tokens": [_told(token) for token in found]})
        for token in () if as_json else found:
            screen.say(
                f"{token.name:24} {','.join(sorted(token.scopes)):12} "
                f"made {_moment(token.made_at)}, last used {_moment(token.last_used_at)}, "
                f"expires {_moment(token.expires_at)}"
            )
        if not found and not as_json:
            screen.note("there are no tokens beside the one that DEVMESH_TOKEN may set")

    run_command(work)


@token_app.command()
def revoke(name: Name) -> None:
    """Let a token open nothing any more; running servers know within seconds."""

    async def work(settings: Any) -> None:
        from server.app import home
        from server.show import Screen

        async with home(settings) as parts:
            await parts.open()
            await parts.tokens.revoke(name)
            last = not await parts.tokens.all()
        Screen().note(f"{name} is revoked")
        if last and not settings.bearer_token:
            Screen().note("no token is left: a server on loopback lets everybody of its machine in")

    run_command(work)


def _checked(name: str) -> str:
    from tools.errors import BadArguments

    if not _NAME.fullmatch(name):
        rule = "must be 1 to 64 of a-z, 0-9, dot, dash and underscore, the first a letter or digit"
        raise BadArguments.one("NAME", rule, name)
    return name


def _scopes(given: list[str]) -> frozenset[str]:
    from tools.access import SCOPES
    from tools.errors import BadArguments

    for scope in given:
        if scope not in SCOPES:
            raise BadArguments.one("--scope", "must be read or ingest", scope)
    return frozenset(given)


def _duration(text: str) -> Any:
    from datetime import timedelta

    from tools.timespan import parse_interval

    return timedelta(seconds=parse_interval(text, "--expires"))


def _moment(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"


def _told(token: Any) -> dict[str, Any]:
    return {
        "name": token.name,
        "scopes": sorted(token.scopes),
        "made_at": token.made_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
    }
