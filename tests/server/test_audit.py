"""The audit log: a line for each call, at whichever door, bounded and fit for a terminal."""

import asyncio
import fcntl
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
from hypothesis import settings as rules
from hypothesis import strategies as st
from pydantic import SecretStr

from server.audit import AuditLog
from server.audit_lines import audit_line
from server.settings import ServerSettings
from tools.access import Access
from tools.audited import ToolCall

Serving = Callable[[ServerSettings], AbstractAsyncContextManager[httpx2.AsyncClient]]
BIN = Path(sys.executable).parent
AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def call(**changed: Any) -> ToolCall:
    """A call that went well."""
    given = {"arguments": {}, "access": Access(), "outcome": "ok", "rows": 1, "seconds": 0.0123}
    return ToolCall(**{"at": AT, "tool": "query_logs", **given, **changed})


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of an audit log."""
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_every_door_has_its_calls_noted(
    settings: ServerSettings, serving: Serving, environment: dict[str, str]
) -> None:
    """REST, MCP over HTTP and stdio, /ask and the terminal: who, what, how it went."""
    from mcp import Client, StdioServerParameters

    locked = settings.model_copy(update={"token": SecretStr("sesame")})
    known = {"authorization": "Bearer sesame"}
    async with serving(locked) as client:
        client.headers.update(known)
        events = [{"message": "a secret word"}, {"message": "x", "service": "web"}]
        await client.post("/ingest/logs", json=events)
        await client.get("/query/logs", params={"contains": "wo\x1b[31mrd"})
        await client.get("/query/logs", params={"limit": "many"})
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
        body["params"] = {"name": "log_stats", "arguments": {"group_by": "service"}}
        accept = {"accept": "application/json, text/event-stream"}
        await client.post("/mcp", json=body, headers=accept)
    stdio = StdioServerParameters(command=str(BIN / "devmesh"), args=["mcp"], env=environment)
    async with Client(stdio) as models:
        await models.call_tool("log_patterns", {})
    process = await asyncio.create_subprocess_exec(
        BIN / "devmesh", "stats", env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0
    told = [
        (one["door"], one["token"], one["tool"], one["outcome"], one["rows"])
        for one in read(settings.state_dir / "audit.jsonl")
    ]
    assert told == [
        ("rest", "DEVMESH_TOKEN", "ingest_logs", "ok", 2),
        ("rest", "DEVMESH_TOKEN", "query_logs", "ok", 0),
        ("rest", "DEVMESH_TOKEN", "query_logs", "bad_arguments", None),
        ("mcp-http", "DEVMESH_TOKEN", "log_stats", "ok", 2),
        ("mcp-stdio", None, "log_patterns", "ok", 2),
        ("cli", None, "log_stats", "ok", 0),
    ]
    text = (settings.state_dir / "audit.jsonl").read_text()
    assert "sesame" not in text and "secret word" not in text and "\x1b" not in text
    first, second, *_ = read(settings.state_dir / "audit.jsonl")
    assert first["arguments"] == {"events": 2}
    assert first["address"] == "127.0.0.1"
    assert second["arguments"] == {"contains": "wo\x1b[31mrd"}
    assert second["ms"] > 0 and second["time"].endswith("Z")


async def test_a_refused_call_is_noted_too(settings: ServerSettings, tmp_path: Path) -> None:
    """Who lacks the scope is on record with what it tried."""
    from server.app import Home
    from tools.errors import Forbidden
    from tools.ports import Caller
    from tools.query_logs import QUERY_LOGS

    parts = Home(settings.model_copy(update={"audit": str(tmp_path / "elsewhere.jsonl")}))
    nobody = Access(door="rest", scopes=frozenset(), token="sends", request_id="r-1")
    with pytest.raises(Forbidden):
        await QUERY_LOGS.call({"service": "web"}, parts.unopened(Caller(access=nobody)))
    await parts.close()
    [line] = read(tmp_path / "elsewhere.jsonl")
    assert (line["outcome"], line["token"], line["request_id"]) == (
        "insufficient_scope", "sends", "r-1",
    )  # fmt: skip
    assert line["arguments"] == {"service": "web"}


async def test_the_audit_can_be_off(settings: ServerSettings, serving: Serving) -> None:
    """Then there is no file."""
    async with serving(settings.model_copy(update={"audit": "off"})) as client:
        assert (await client.get("/query/logs")).status_code == 200
    assert not (settings.state_dir / "audit.jsonl").exists()


def test_no_line_is_lost_at_a_stop_however_many_write(tmp_path: Path) -> None:
    """Two logs on one file, as two processes have them: every line is there, whole, and once."""
    path = tmp_path / "deep" / "audit.jsonl"
    logs = [AuditLog(path) for _ in range(2)]
    for number in range(2_000):
        logs[number % 2].note(call(arguments={"n": number}))
    for log in logs:
        log.close()
    assert sorted(line["arguments"]["n"] for line in read(path)) == list(range(2_000))


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """0600, whatever the umask."""
    mask = os.umask(0)
    try:
        log = AuditLog(tmp_path / "audit.jsonl")
        log.note(call())
        log.close()
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "audit.jsonl").stat().st_mode) == 0o600


def test_what_root_writes_a_service_can_write_on(
    tmp_path: Path, need: Callable[[bool, str], None]
) -> None:
    """Root's `devmesh ask` in a service's folder leaves no file that locks the service out."""
    need(os.geteuid() == 0, "root")
    os.chown(tmp_path, 12_345, 12_345)
    log = AuditLog(tmp_path / "audit.jsonl")
    log.note(call())
    log.close()
    assert {file.stat().st_uid for file in tmp_path.iterdir()} == {12_345}


def test_no_link_is_followed(tmp_path: Path) -> None:
    """Whoever owns the folder cannot have root write into another file."""
    other = tmp_path / "other"
    other.touch()
    (tmp_path / "audit.jsonl").symlink_to(other)
    log = AuditLog(tmp_path / "audit.jsonl")
    log.note(call())
    log.close()
    assert other.read_bytes() == b""


def test_the_files_are_bounded_and_the_newest_lines_kept(tmp_path: Path) -> None:
    """At its size a file is put aside; of those the four newest stay."""
    path = tmp_path / "audit.jsonl"
    log = AuditLog(path, most_bytes=4_000)
    for number in range(400):
        log.note(call(arguments={"n": number}))
        if number % 10 == 9:
            log.close()  # written in small pieces, as over days
    files = sorted(tmp_path.glob("audit.jsonl*"))
    names = [file.name for file in files if file.suffix != ".lock"]
    assert names == ["audit.jsonl", *(f"audit.jsonl.{number}" for number in range(1, 5))]
    kept = [line["arguments"]["n"] for name in reversed(names) for line in read(tmp_path / name)]
    assert kept == list(range(400 - len(kept), 400))
    assert all((tmp_path / name).stat().st_size <= 4_000 for name in names)
    assert not (tmp_path / "audit.jsonl.5").exists()


def test_what_the_disk_does_not_take_is_written_later(tmp_path: Path) -> None:
    """Lines wait in memory while the file cannot be written."""
    path = tmp_path / "audit.jsonl"
    path.mkdir()
    log = AuditLog(path)
    log.note(call(arguments={"n": 1}))
    log.close()
    path.rmdir()
    log.note(call(arguments={"n": 2}))
    log.close()
    assert [line["arguments"]["n"] for line in read(path)] == [1, 2]


def test_a_file_that_is_locked_for_long_does_not_fill_the_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Calls wait for the disk up to a number; of those after it the server's log tells."""
    log = AuditLog(tmp_path / "audit.jsonl")
    log.note(call())
    log.close()
    with (tmp_path / "audit.jsonl.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for _ in range(25_000):  # up to as many are on their way to the disk, and as many wait
            log.note(call())
    log.close()
    assert "a line is lost" in caplog.text
    assert 10_000 < len(read(tmp_path / "audit.jsonl")) < 25_000


def test_a_line_cut_by_a_crash_spoils_no_other(tmp_path: Path) -> None:
    """What follows a torn line begins on a line of its own."""
    path = tmp_path / "audit.jsonl"
    path.write_text('{"time": "2026-11')
    log = AuditLog(path)
    log.note(call())
    log.close()
    assert len(path.read_text().splitlines()) == 2
    assert json.loads(path.read_text().splitlines()[1])["tool"] == "query_logs"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@rules(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(), ANYTHING))
def test_whatever_is_called_makes_one_plain_line(arguments: dict[str, Any]) -> None:
    """Valid JSON in printable ASCII, never longer than 12 KB."""
    line = audit_line(call(arguments=arguments))
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert all(32 <= byte < 127 for byte in line[:-1])
    assert json.loads(line)["tool"] == "query_logs"


@pytest.mark.parametrize(
    "arguments",
    [
        {"contains": "x" * 10**6},
        {"levels": ["ERROR"] * 10**5},
        {f"name {n}": "y" * 299 for n in range(10**4)},
        {"deep": [[[[[[[[["x"] * 50] * 50] * 50] * 50]]]]]},
        {"n": 10**400},
        {"contains": "\u202e\x7f\x9b31m\ud800"},
    ],
)
def test_huge_and_hostile_arguments_are_clipped(arguments: dict[str, Any]) -> None:
    """The line stays small, and says that something is left out."""
    line = audit_line(call(arguments=arguments))
    assert len(line) < 12_000
    assert all(32 <= byte < 127 for byte in line[:-1])
    json.loads(line)


def test_what_is_left_out_of_a_line_is_counted() -> None:
    """Fifty of sixty, in a list and in an object."""
    line = audit_line(call(arguments={f"name {n}": n for n in range(60)} | {"name 0": [1] * 60}))
    said = json.loads(line)["arguments"]
    assert said["…"] == "and 10 more"
    assert said["name 0"][-1] == "and 10 more"
