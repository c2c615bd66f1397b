"""A client's file with our entry in it: all else kept, a copy of the old one beside it."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from server.clients.entry import NAME, Entry
from server.clients.jsonc import NotJson, append, parse, put
from server.clients.known import Client
from server.clients.settings import PREFIX
from shipper.checkpoint import sync_folder
from tools.errors import BadArguments

_OURS = {"type", "command", "args", "env", "url", "headers", "source"}
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done to a file; `backup` is the copy of the old one, None where there was none."""

    changed: bool
    backup: Path | None = None


def whole(client: Client, entry: Entry) -> dict[str, Any]:
    """A file of a client that knows nothing but us."""
    asked = {"inputs": list(entry.asked)} if entry.asked else {}
    return asked | {client.key: {NAME: entry.value}}


def write(path: Path, client: Client, entry: Entry, clock: Callable[[], datetime]) -> Outcome:
    """Put the entry into the file.

    Raises:
        BadArguments: when the file is no JSON or holds something else in our place.
    """
    path = path.resolve()  # behind a link, so that the link stays
    old = _read(path)
    try:
        new = merged(old or "{}\n", client, entry)
    except NotJson as error:
        rule = f"is not what {client.title} reads ({error}); nothing was changed"
        raise BadArguments.one(str(path), rule) from error
    if new == old:
        return Outcome(changed=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    backup = _copy(path, clock()) if old is not None else None
    _replace(path, new)
    return Outcome(changed=True, backup=backup)


def merged(text: str, client: Client, entry: Entry) -> str:
    """A file's text with the entry, the same text where it says so already. Raises NotJson."""
    if not text.strip("\ufeff \t\r\n"):
        text += "{}\n"
    mark = text[: len(text) - len(text.lstrip("\ufeff"))]
    text = text[len(mark) :]
    held = parse(text).value
    there = held.get(client.key) if isinstance(held, dict) else None
    before = there.get(NAME) if isinstance(there, dict) else None
    wanted = _joined(before, entry.value) if isinstance(before, dict) else entry.value
    if wanted != before:
        text = put(text, [client.key, NAME], wanted)
    known = held.get("inputs", []) if isinstance(held, dict) else []
    ids = {one.get("id") for one in known if isinstance(one, dict)}
    for question in entry.asked:
        if question["id"] not in ids:
            text = append(text, "inputs", question)
    return mark + text


def _joined(before: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """Our entry with what a client or its user added to the old one: what is allowed without
    asking, say, or variables that are not ours.
    """
    kept = {key: old for key, old in before.items() if key not in _OURS}
    variables = before.get("env")
    if "command" not in value or not isinstance(variables, dict):
        return kept | value
    theirs = {name: old for name, old in variables.items() if not name.startswith(PREFIX)}
    environment = theirs | value.get("env", {})
    return kept | value | ({"env": environment} if environment else {})


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadArguments.one(str(path), f"cannot be read: {error}") from error


def _copy(path: Path, now: datetime) -> Path:
    backup = path.with_name(f"{path.name}.{now:%Y%m%dT%H%M%S.%f}Z.bak")
    os.close(os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE))  # it may hold secrets
    shutil.copy2(path, backup)
    return backup


def _replace(path: Path, text: str) -> None:
    """Put a text in place of a file at once, with the same owner and permissions."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    try:
        with open(descriptor, "wb") as file:
            if path.exists():
                shutil.copymode(path, draft)
                with suppress(PermissionError):  # it stays ours, as any editor would leave it
                    os.chown(draft, path.stat().st_uid, path.stat().st_gid)
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
