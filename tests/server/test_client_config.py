"""`devmesh mcp config`: what clients are told, and their files that are added to."""

import asyncio
import json
import os
import stat
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from pydantic import SecretStr
from typer.testing import CliRunner

from server.cli import app
from server.clients.entry import Entry, claude_line, http_entry, stdio_entry
from server.clients.jsonc import NotJson, parse
from server.clients.known import CLIENTS
from server.clients.written import Outcome, merged, whole, write
from server.settings import ServerSettings
from tools.errors import BadArguments

DEVMESH = Path(sys.executable).with_name("devmesh")
NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
SECRET = "mysql://me:s3cret@db/devmesh"
GIVEN = {"DEVMESH_DATABASE_URL": SECRET, "DEVMESH_STATE_DIR": "state", "DEVMESH_PORT": "1"}
ENTRY = stdio_entry(CLIENTS["claude"], Path("/opt/bin/devmesh"), {"DEVMESH_STATE_DIR": "/s"})


def put_in(path: Path, client: str = "claude", entry: Entry = ENTRY) -> Outcome:
    """The entry written into a client's file."""
    return write(path, CLIENTS[client], entry, lambda: NOW)


def told(*arguments: str) -> Any:
    """What the command does."""
    return CliRunner().invoke(app, ["mcp", "config", *arguments])


@pytest.mark.parametrize(
    ("client", "key", "secret"),
    [
        ("claude", "mcpServers", SECRET),
        ("claude-code", "mcpServers", "${DEVMESH_DATABASE_URL}"),
        ("vscode", "servers", "${input:DEVMESH_DATABASE_URL}"),
        ("cursor", "mcpServers", "${env:DEVMESH_DATABASE_URL}"),
        ("zed", "context_servers", SECRET),
    ],
)
def test_a_secret_stands_in_the_file_only_where_the_client_takes_no_reference(
    client: str, key: str, secret: str
) -> None:
    """Each client has its key and its way to a secret; what concerns HTTP alone is left out."""
    entry = stdio_entry(CLIENTS[client], DEVMESH, GIVEN)
    block = whole(CLIENTS[client], entry)
    assert block[key]["devmesh"]["env"] == {
        "DEVMESH_DATABASE_URL": secret,
        "DEVMESH_STATE_DIR": str(Path("state").absolute()),
    }
    assert bool(entry.written) == (SECRET in json.dumps(block))
    assert ("type" in block[key]["devmesh"]) == (client in {"claude-code", "vscode"})
    assert [one["id"] for one in block.get("inputs", [])] == list(
        entry.referred if client == "vscode" else ()
    )


def test_an_address_without_a_password_is_no_secret() -> None:
    """A socket's address is written as it is, also where a secret would not be."""
    url = "mysql://root@localhost/devmesh?unix_socket=/run/m.sock"
    entry = stdio_entry(CLIENTS["cursor"], DEVMESH, {"DEVMESH_DATABASE_URL": url})
    assert entry.value["env"] == {"DEVMESH_DATABASE_URL": url}


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://nas:8000", "http://nas:8000/mcp"),
        ("https://nas/", "https://nas/mcp"),
        ("https://nas/logs/mcp", "https://nas/logs/mcp"),
    ],
)
def test_an_address_gets_the_path_of_the_door(url: str, address: str) -> None:
    """A path that is given stays."""
    assert http_entry(CLIENTS["zed"], url, None).value == {"url": address}


@pytest.mark.parametrize("url", ["nas:8000", "ftp://nas", "http://", "http://me:pw@nas"])
def test_what_is_no_address_is_refused(url: str) -> None:
    """The rule is told; a password is not repeated."""
    with pytest.raises(BadArguments) as refused:
        http_entry(CLIENTS["zed"], url, None)
    assert "pw" not in str(refused.value)


async def test_the_entry_starts_a_server_that_answers(environment: dict[str, str]) -> None:
    """A client that gives us nothing but what the entry says lists the tools and calls one."""
    done = await _printed("claude", environment)
    entry = json.loads(done)["mcpServers"]["devmesh"]
    assert set(entry["env"]) == {name for name in environment if name.startswith("DEVMESH_")}
    variables = [f"{name}={value}" for name, value in entry["env"].items()]
    bare = ["-i", *variables, entry["command"], *entry["args"]]
    async with Client(StdioServerParameters(command="/usr/bin/env", args=bare)) as client:
        assert client.server_info is not None and client.server_info.name == "devmesh"
        counted = await client.call_tool("log_stats", {"group_by": "level"})
    assert counted.structured_content is not None
    assert counted.structured_content["total"] == 0


async def _printed(client: str, environment: dict[str, str]) -> str:
    child = await asyncio.create_subprocess_exec(
        DEVMESH, "mcp", "config", client, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, error = await child.communicate()
    assert child.returncode == 0, error
    return out.decode()


async def test_the_address_and_header_open_a_locked_server(
    settings: ServerSettings,
    serving: Callable[[ServerSettings], AbstractAsyncContextManager[httpx2.AsyncClient]],
) -> None:
    """What the HTTP entry says, taken by a client word for word, gets past the token."""
    locked = settings.model_copy(update={"token": SecretStr("sesame")})
    async with serving(locked) as known:
        entry = http_entry(CLIENTS["zed"], str(known.base_url), locked.bearer_token)
        assert entry.written == ("DEVMESH_TOKEN",)
        async with httpx2.AsyncClient(headers=entry.value["headers"], timeout=30) as http:
            door = streamable_http_client(entry.value["url"], http_client=http)
            async with Client(door) as client:
                assert (await client.list_tools()).tools


KEYS = st.sampled_from(["a", "b c", '"', "é", "//", "/*"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "//", "/* é", '"', "\n"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
OTHERS = st.dictionaries(KEYS, VALUES, max_size=3)
SERVERS = st.dictionaries(st.sampled_from(["devmesh", "other", "x"]), VALUES, max_size=3)
FILES = st.builds(
    lambda rest, servers: rest | ({} if servers is None else {"mcpServers": servers}),
    OTHERS,
    st.none() | SERVERS,
)


@given(FILES, st.sampled_from([None, 1, 2, 4, "\t"]), st.sampled_from(["\n", "\r\n"]))
def test_what_else_a_file_says_survives(held: dict[str, Any], indent: Any, end: str) -> None:
    """However it is laid out, only our entry differs afterwards, and a second time nothing does."""
    text = json.dumps(held, indent=indent, ensure_ascii=False).replace("\n", end) + end
    new = merged(text, CLIENTS["claude"], ENTRY)
    said = json.loads(new)
    ours = said["mcpServers"].pop("devmesh")
    assert ours.items() >= ENTRY.value.items()
    held.setdefault("mcpServers", {}).pop("devmesh", None)
    assert said == held
    assert list(said) == list(held)
    assert merged(new, CLIENTS["claude"], ENTRY) == new
    if end == "\r\n":
        assert "\n" not in new.replace("\r\n", "")


COMMENTED = """// my settings
{
    /* what I like */
    "theme": "One Dark", // dark
    "context_servers": {
        // a server of mine
        "mine": { "command": "x", "args": ["//", "/*"] }, // the best
        // none yet
    },
    "tabs": 2, // two
}
"""


@pytest.mark.parametrize(
    "text",
    [
        COMMENTED,
        COMMENTED.replace("context_servers", "others"),
        COMMENTED.replace('"mine"', '"devmesh"'),
        "{ // nothing yet\n}\n",
        "\ufeff{}",
        "{}",
        '{"context_servers": {}}',
    ],
)
def test_comments_stay_where_they_are(text: str) -> None:
    """Each line that was there is there, in the same order; what is said besides is the same."""
    entry = stdio_entry(CLIENTS["zed"], DEVMESH, {})
    new = merged(text, CLIENTS["zed"], entry)
    rest = iter(new.splitlines())
    lines = [line for line in text.splitlines() if '"devmesh"' not in line]
    if len(lines) > 2:
        assert all(any(line.rstrip(",") == one.rstrip(",") for one in rest) for line in lines)
    before, after = parse(text.lstrip("\ufeff")).value, parse(new.lstrip("\ufeff")).value
    assert after["context_servers"].pop("devmesh").items() >= entry.value.items()
    before.setdefault("context_servers", {}).pop("devmesh", None)
    assert after == before
    assert text.startswith("\ufeff") == new.startswith("\ufeff")
    assert merged(new, CLIENTS["zed"], entry) == new


@given(st.text(alphabet='{}[]:,"/*ab1\n \\', max_size=30) | st.text(max_size=20))
def test_what_python_reads_as_json_is_read_alike(text: str) -> None:
    """Valid JSON means the same here; what is refused says where."""
    try:
        expected = json.loads(text, parse_constant=lambda name: 1 / 0)
    except (ValueError, ZeroDivisionError):
        expected = NotJson
    try:
        value = parse(text).value
    except NotJson as error:
        assert str(error).startswith("line ")
        value = NotJson
    if expected is not NotJson and not _repeats(text):
        assert value == expected


def _repeats(text: str) -> bool:
    """Whether an object has a key twice, which we refuse and Python does not."""
    seen: list[bool] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        seen.append(len({key for key, _ in found}) < len(found))
        return dict(found)

    json.loads(text, object_pairs_hook=pairs)
    return any(seen)


@pytest.mark.parametrize(
    "text",
    [
        '{"mcpServers": {',
        '{"mcpServers": []}',
        "[]",
        '{"mcpServers": {}, "mcpServers": {}}',
        "{'a': 1}",
        '{"a": NaN}',
        "/* open",
        "{" * 3 + '"a":' * 3,
        '{"a":' * 200 + "1" + "}" * 200,
    ],
)
def test_a_file_that_is_no_json_is_left_alone(text: str, tmp_path: Path) -> None:
    """It is refused by name, nothing is written, and the block is shown for a person to place."""
    path = tmp_path / "settings.json"
    path.write_text(text)
    done = told("claude", "--write", "--file", str(path))
    assert done.exit_code == 2
    assert str(path) in done.stderr
    assert json.loads(done.stdout)["mcpServers"]["devmesh"]["args"] == ["mcp"]
    assert path.read_text() == text
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_no_text_is_left_alone(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are not decoded by guess."""
    path = tmp_path / "settings.json"
    path.write_bytes(b'{"a": "\xff"}')
    assert told("claude", "--write", "--file", str(path)).exit_code == 2
    assert path.read_bytes() == b'{"a": "\xff"}'


def test_the_old_file_is_kept_beside_the_new(tmp_path: Path) -> None:
    """A copy with the time in its name; permissions and links stay; a second time does nothing."""
    real = tmp_path / "dotfiles.json"
    real.write_text('{"mcpServers": {"other": {"command": "x"}}}')
    real.chmod(0o640)
    link = tmp_path / "client" / "config.json"
    link.parent.mkdir()
    link.symlink_to(real)
    first = put_in(link)
    assert first.changed and first.backup is not None
    assert first.backup.read_text() == '{"mcpServers": {"other": {"command": "x"}}}'
    assert link.is_symlink()
    assert {stat.S_IMODE(path.stat().st_mode) for path in (real, first.backup)} == {0o640}
    names = sorted(tmp_path.iterdir())
    assert put_in(link) == Outcome(changed=False)
    assert sorted(tmp_path.iterdir()) == names


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Folders on the way are made; nobody else may read what may hold a secret."""
    path = tmp_path / "a" / "b.json"
    assert put_in(path) == Outcome(changed=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_added_to_our_entry_by_hand_stays(tmp_path: Path) -> None:
    """Variables of others and a client's own keys stay; our old variables and transport go."""
    path = tmp_path / "config.json"
    old = {"url": "http://x", "alwaysAllow": ["query_logs"], "env": {"LANG": "C", "DEVMESH_X": "1"}}
    path.write_text(json.dumps({"mcpServers": {"devmesh": old}}))
    put_in(path)
    entry = json.loads(path.read_text())["mcpServers"]["devmesh"]
    assert entry == {
        "alwaysAllow": ["query_logs"],
        "command": "/opt/bin/devmesh",
        "args": ["mcp"],
        "env": {"LANG": "C", "DEVMESH_STATE_DIR": "/s"},
    }


def test_questions_of_an_editor_are_asked_once(tmp_path: Path) -> None:
    """The list of inputs grows by ours, and only once."""
    path = tmp_path / "mcp.json"
    path.write_text('{\n  "inputs": [\n    {"id": "mine"}\n  ]\n}\n')
    entry = stdio_entry(CLIENTS["vscode"], DEVMESH, {"DEVMESH_DATABASE_URL": SECRET})
    put_in(path, "vscode", entry)
    said = json.loads(path.read_text())
    assert [one["id"] for one in said["inputs"]] == ["mine", "DEVMESH_DATABASE_URL"]
    assert not put_in(path, "vscode", entry).changed
    assert SECRET not in path.read_text()


def test_every_client_can_be_written_for(tmp_path: Path) -> None:
    """The command writes each file, says where, and does nothing the second time."""
    for client in CLIENTS:
        path = tmp_path / client
        first = told(client, "--write", "--file", str(path))
        assert first.exit_code == 0 and str(path) in first.stderr
        assert DEVMESH.name in path.read_text()
        assert "nothing to do" in told(client, "--write", "--file", str(path)).stderr


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (["notepad"], "claude, claude-code, vscode, cursor, zed"),
        (["claude", "--http"], "leave --http out"),
        (["cursor", "http://nas"], "--http"),
        (["cursor", "nas", "--http"], "http://127.0.0.1:8000"),
    ],
)
def test_what_cannot_be_told_is_refused(arguments: list[str], rule: str) -> None:
    """The error names what is allowed."""
    done = told(*arguments)
    assert done.exit_code == 2
    assert rule in done.stderr


def test_claude_code_takes_a_command_as_well() -> None:
    """The line for the shell names secrets by variable and keeps options from eating the name."""
    with_secret = stdio_entry(CLIENTS["claude-code"], Path("/opt/my tools/devmesh"), GIVEN)
    assert told("claude-code").exit_code == 0
    line = claude_line(with_secret, "user")
    assert '--env DEVMESH_DATABASE_URL="$DEVMESH_DATABASE_URL"' in line
    assert line.endswith("--transport stdio devmesh -- '/opt/my tools/devmesh' mcp")
    assert "s3cret" not in line
    http = http_entry(CLIENTS["claude-code"], "http://nas:8000", "sesame")
    line = claude_line(http, "user")
    assert '--header "Authorization: Bearer $DEVMESH_TOKEN" --transport http devmesh' in line
    assert "sesame" not in line


def test_nothing_is_written_where_nothing_may_be(tmp_path: Path) -> None:
    """A folder in the file's place is an error in a line."""
    done = told("claude", "--write", "--file", str(tmp_path))
    assert done.exit_code == 2
    assert os.listdir(tmp_path) == []
