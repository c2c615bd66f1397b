"""What a client's file says of us: the command with its environment, or the address."""

import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from server.clients.known import Client
from server.clients.settings import PREFIX
from server.settings import ServerSettings
from sql.address import nodes_from_urls
from tools.errors import BadArguments

NAME = "devmesh"
_TOKEN = f"{PREFIX}TOKEN"
_OF_HTTP = {f"{PREFIX}{name}" for name in ("HOST", "PORT", "ALLOWED_HOSTS", "TOKEN", "TOKEN_FILE")}
_MAY_BE_A_PATH = {f"{PREFIX}EMBEDDING_MODEL"}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry named NAME, the secrets that stand in it as they are, and those that it refers to.

    `asked` are the questions by which a client gets the latter, where it asks.
    """

    value: dict[str, Any]
    written: tuple[str, ...] = ()
    referred: tuple[str, ...] = ()
    asked: tuple[dict[str, Any], ...] = ()


@dataclass(slots=True)
class _Secrets:
    """Takes secrets in, each as a reference where the client knows one."""

    client: Client
    written: list[str] = field(default_factory=list)
    referred: list[str] = field(default_factory=list)

    def take(self, name: str, value: str) -> str:
        """What stands in the file for a secret."""
        if self.client.reference is None:
            self.written.append(name)
            return value
        self.referred.append(name)
        return self.client.reference % name

    def entry(self, value: dict[str, Any]) -> Entry:
        """An entry with these secrets."""
        asked = [
            {
                "type": "promptString",
                "id": name,
                "description": f"DevMesh: {name}",
                "password": True,
            }
            for name in self.referred
            if self.client.asks
        ]
        return Entry(value, tuple(self.written), tuple(self.referred), tuple(asked))


def installed_command() -> Path:
    """The absolute path of this installation's `devmesh`.

    Raises:
        BadArguments: when it has none, as when it runs from a bare checkout.
    """
    beside = Path(sys.executable).with_name("devmesh")
    found = str(beside) if beside.exists() else shutil.which("devmesh")
    if found is None:
        rule = f"is neither beside {sys.executable} nor on PATH; install the package first"
        raise BadArguments.one("devmesh", rule)
    return Path(found).absolute()


def stdio_entry(client: Client, command: Path, given: Mapping[str, str]) -> Entry:
    """How to start us over stdio. `given` are this process's variables: a client starts us with
    next to none, so those that matter go into the entry, with absolute paths.

    Raises:
        BadArguments: for a database's address that is none.
    """
    secrets = _Secrets(client)
    environment = {
        name: secrets.take(name, value) if _is_secret(name, value) else _absolute(name, value)
        for name, value in given.items()
        if _matters(name)
    }
    value: dict[str, Any] = {"type": "stdio"} if client.typed else {}
    value |= {"command": str(command), "args": ["mcp"]}
    return secrets.entry(value | ({"env": environment} if environment else {}))


def http_entry(client: Client, url: str, token: str | None) -> Entry:
    """Where we answer over Streamable HTTP, and the header with the token if one is needed.

    Raises:
        BadArguments: for an address that is none.
    """
    secrets = _Secrets(client)
    value: dict[str, Any] = {"type": "http"} if client.typed else {}
    value["url"] = _mcp_address(url)
    if token is not None:
        value["headers"] = {"Authorization": f"Bearer {secrets.take(_TOKEN, token)}"}
    return secrets.entry(value)


def claude_line(entry: Entry, scope: str) -> str:
    """The `claude mcp add` that says the same; secrets come from the shell's variables.

    A name right after `--env` or `--header` would be taken for one more of them, so another
    option stands between.
    """
    value = entry.value
    if "url" in value:
        header = [f'--header "Authorization: Bearer ${_TOKEN}"'] if "headers" in value else []
        words = [*header, "--transport http", NAME, shlex.quote(value["url"])]
    else:
        said = value.get("env", {}).items()
        given = [
            f'{name}="${name}"' if name in entry.referred else f"{name}={shlex.quote(text)}"
            for name, text in said
        ]
        words = [*(f"--env {one}" for one in given), "--transport stdio", NAME, "--"]
        words += [shlex.quote(value["command"]), *value["args"]]
    return " ".join([f"claude mcp add --scope {scope}", *words])


def _matters(name: str) -> bool:
    known = name == f"{PREFIX}CONFIG" or _field(name) in ServerSettings.model_fields
    return known and name not in _OF_HTTP


def _field(name: str) -> str:
    return name.removeprefix(PREFIX).lower()


def _is_secret(name: str, value: str) -> bool:
    """Whether a variable's value must not be read by others; an address without a password may."""
    if name == f"{PREFIX}DATABASE_URL":
        return any(node.password for node in nodes_from_urls(value))
    kept = ServerSettings.model_fields.get(_field(name))
    return kept is not None and "SecretStr" in str(kept.annotation)


def _absolute(name: str, value: str) -> str:
    """A path is made absolute: a client starts us in a folder of its own."""
    kept = ServerSettings.model_fields.get(_field(name))
    is_path = name == f"{PREFIX}CONFIG" or (kept is not None and "Path" in str(kept.annotation))
    if is_path or (name in _MAY_BE_A_PATH and Path(value).exists()):
        return str(Path(value).absolute())
    return value


def _mcp_address(url: str) -> str:
    """The address with the door's path, if it names none."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadArguments.one("URL", "must be like http://127.0.0.1:8000", url)
    if parts.username is not None:
        raise BadArguments.one("URL", "must not hold a user or password; set DEVMESH_TOKEN")
    return url if parts.path.strip("/") else parts._replace(path="/mcp").geturl()
