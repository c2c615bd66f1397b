"""The MCP door through the SDK's own client: over HTTP and stdio, in both protocol eras."""

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Literal

import httpx2
import orjson
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, CallToolResult
from pydantic import SecretStr

from server.settings import ServerSettings
from tools.catalogue import TOOLS

Era = Literal["legacy", "auto"]
Known = Callable[[], list[dict[str, Any]]]
Connect = Callable[[], AbstractAsyncContextManager[Client]]

DEVMESH = str(Path(sys.executable).parent / "devmesh")
WRITERS = {"ingest_logs", "ingest_metrics"}


def _text(result: CallToolResult) -> str:
    return "\n".join(getattr(part, "text", "") for part in result.content)


def _facts(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error, _text(result)
    assert isinstance(result.structured_content, dict)
    return result.structured_content


async def test_tools_are_listed_and_called(connect: Connect, known_events: Known) -> None:
    """Over either transport and in either era, each tool is listed, and works when called."""
    async with connect() as models:
        listed = (await models.list_tools()).tools
        assert [tool.name for tool in listed] == [tool.name for tool in TOOLS]
        stored = await models.call_tool("ingest_logs", {"events": known_events()})
        assert _facts(stored)["accepted"] == 300
        assert "accepted 300" in _text(stored)
        found = await models.call_tool(
            "query_logs", {"service": "nginx", "level": "ERROR", "limit": 5}
        )
        assert _facts(found)["total"] == 60
        for event in _facts(found)["events"]:
            assert f"#{event['id']}" in _text(found)
        assert _facts(found)["next_cursor"] in _text(found)
        near = await models.call_tool("similar_logs", {"text": "upstream refused the connection"})
        best = _facts(near)["patterns"][0]
        assert (best["service"], best["count"]) == ("nginx", 60)
        assert f"x{best['count']}" in _text(near)
        point = {"name": "temp", "value": 21.5, "unit": "C"}
        counted = await models.call_tool("ingest_metrics", {"points": [point]})
        assert _facts(counted)["accepted"] == 1
        points = await models.call_tool("query_metrics", {"name": "temp"})
        assert _facts(points)["points"][0]["value"] == 21.5
        assert "21.5 C" in _text(points)


async def test_definitions_are_strict_and_hinted(over_http: Connect) -> None:
    """Each definition has words, hints that tell readers from writers, and a closed schema."""
    async with over_http() as models:
        for tool in (await models.list_tools()).tools:
            assert tool.description
            assert tool.annotations is not None
            assert tool.annotations.title
            assert tool.annotations.read_only_hint is (tool.name not in WRITERS)
            destructive = False if tool.name in WRITERS else None
            assert tool.annotations.destructive_hint is destructive
            assert tool.annotations.open_world_hint is False
            schema = tool.input_schema
            assert schema["type"] == "object"
            assert schema["additionalProperties"] is False
            assert '"title":"' not in orjson.dumps(schema).decode()
            assert schema["properties"].get("limit", {"maximum": 0})["maximum"] <= 200
            assert "offset" not in schema["properties"]


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("query_logs", {"sevice": "nginx"}, ["sevice", "unknown name", "service"]),
        ("query_logs", {"limit": 201}, ["limit", "200", "given: 201"]),
        ("query_logs", {"offset": 5}, ["offset", "unknown name"]),
        ("query_logs", {"limit": 0}, ["limit", "1"]),
        ("query_logs", {"start_time": "\x1b[31mnever"}, ["start_time", "ISO 8601"]),
        ("query_logs", {"cursor": "made up"}, ["cursor"]),
        ("similar_logs", {}, ["text", "required"]),
        ("query_metrics", {}, ["name", "required"]),
        ("ingest_logs", {"events": "none"}, ["events"]),
        ("ingest_logs", {"events": [{"level": "LOUD", "message": "x"}]}, ["events.0.level"]),
    ],
)
async def test_bad_arguments_come_back_in_words(
    over_http: Connect, name: str, arguments: dict[str, Any], words: list[str]
) -> None:
    """A bad or misspelt argument is an error result that names it and its rule."""
    async with over_http() as models:
        result = await models.call_tool(name, arguments)
        assert result.is_error
        for word in words:
            assert word in _text(result)
        assert "\x1b" not in _text(result)
        assert "Traceback" not in _text(result)


async def test_an_unknown_tool_is_a_protocol_error(connect: Connect) -> None:
    """A tool that does not exist is JSON-RPC -32602, listing those that do."""
    async with connect() as models:
        with pytest.raises(MCPError) as caught:
            await models.call_tool("drop_logs", {})
        assert caught.value.code == INVALID_PARAMS
        assert "query_logs" in str(caught.value)
        assert (await models.list_tools()).tools


async def test_pages_stay_short_and_cursors_go_on(
    over_http: Connect, client: httpx2.AsyncClient
) -> None:
    """200 long rows come in pages of at most 8,000 characters that visit each row once."""
    events = [{"message": f"row {n} " + "long " * 2000, "service": "s" * 255} for n in range(200)]
    await client.post("/ingest/logs", json=events)
    async with over_http() as models:
        seen: list[int] = []
        arguments: dict[str, Any] = {"limit": 200}
        while True:
            result = await models.call_tool("query_logs", arguments)
            page, text = _facts(result), _text(result)
            assert len(text) <= 8000
            shown = [row["id"] for row in page["events"]]
            assert all(f"#{key}" in text for key in shown)
            assert all(len(row["message"]) < 2200 for row in page["events"])
            seen += shown
            if "next_cursor" not in page:
                break
            assert f"cursor={page['next_cursor']} " in text
            arguments = {"limit": 200, "cursor": page["next_cursor"]}
        assert len(seen) == len(set(seen)) == 200


async def test_other_tools_keep_to_a_page_too(
    over_http: Connect, client: httpx2.AsyncClient
) -> None:
    """Similar patterns and metric points are bounded as well, and say what is left."""
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"]
    lines = [
        f"upstream {a} {b} refused connection " + f"because {b} {a} failed " * 20
        for a in words for b in words
    ]  # fmt: skip
    await client.post("/ingest/logs", json=[{"message": line, "host": "h" * 200} for line in lines])
    points = [
        {
            "name": "n" * 255,
            "value": n,
            "host": "h" * 255,
            "timestamp": f"2026-11-20T00:{n // 60:02}:{n % 60:02}Z",
        }
        for n in range(200)
    ]
    await client.post("/ingest/metrics", json=points)
    async with over_http() as models:
        near = await models.call_tool("similar_logs", {"text": "upstream refused", "limit": 100})
        assert len(_text(near)) <= 8000
        assert _facts(near)["left_out"] > 0
        read = await models.call_tool("query_metrics", {"name": "n" * 255, "limit": 200})
        assert len(_text(read)) <= 8000
        assert _facts(read)["complete"] is False


async def test_receipts_keep_to_a_page(over_http: Connect) -> None:
    """A receipt or a refusal of 500 bad events is no longer than a page either."""
    async with over_http() as models:
        bad = [{"message": "good"}, *({"message": "x", "level": "LOUD " * 50} for _ in range(500))]
        receipt = await models.call_tool("ingest_logs", {"events": bad})
        assert _facts(receipt)["accepted"] == 1
        assert len(_text(receipt)) <= 8000
        refused = await models.call_tool("ingest_logs", {"events": bad[1:]})
        assert refused.is_error
        assert len(_text(refused)) <= 8000


async def test_empty_answers_say_what_exists(
    over_http: Connect, client: httpx2.AsyncClient, known_events: Known
) -> None:
    """An empty page names the filter at fault, what exists, and who was heard."""
    await client.post("/ingest/logs", json=known_events())
    async with over_http() as models:
        text = _text(await models.call_tool("query_logs", {"service": "ngnix"}))
        assert "ngnix" in text
        assert "nginx" in text
        assert "coverage:" in text


async def test_a_missing_store_is_an_error_result(
    serving: Any, settings: ServerSettings, era: Era
) -> None:
    """While the database is away a call fails in words; listing goes on."""
    away = settings.model_copy(
        update={"database_url": SecretStr("mysql://root@127.0.0.1:1/devmesh")}
    )
    async with (
        serving(away) as client,
        Client(str(client.base_url.join("/mcp")), mode=era) as models,
    ):
        assert len((await models.list_tools()).tools) == len(TOOLS)
        result = await models.call_tool("query_logs", {})
        assert result.is_error
        assert "store_unavailable" in _text(result)


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


async def _spoken(
    environment: dict[str, str], *calls: dict[str, Any]
) -> tuple[asyncio.subprocess.Process, list[Any]]:
    """A `devmesh mcp` with its answers to `initialize` and the calls."""
    child = await asyncio.create_subprocess_exec(
        DEVMESH, "mcp", env=environment,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    answers = []
    for call in (INITIALIZE, *calls):
        child.stdin.write(orjson.dumps(call) + b"\n")
        await child.stdin.drain()
        answers.append(orjson.loads(await asyncio.wait_for(child.stdout.readline(), 60)))
    return child, answers


def _call(number: int, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    params = {"name": name, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


@pytest.mark.parametrize("end", ["EOF", "SIGINT", "SIGTERM"])
async def test_stdio_ends_cleanly_with_its_private_database(
    environment: dict[str, str], mariadb_prefix: Path, end: str
) -> None:
    """EOF, SIGINT and SIGTERM each end the process with status 0 and take its MariaDB along."""
    own = {key: value for key, value in environment.items() if key != "DEVMESH_DATABASE_URL"}
    own |= {"DEVMESH_MARIADB_PREFIX": str(mariadb_prefix), "DEVMESH_MARIADB_BUFFER_MIB": "32"}
    child, answers = await _spoken(own, _call(2, "ingest_logs", {"events": [{"message": "x"}]}))
    assert answers[0]["result"]["serverInfo"]["name"] == "devmesh"
    assert answers[1]["result"]["structuredContent"]["accepted"] == 1
    pid = int((Path(own["DEVMESH_STATE_DIR"]) / "mariadb/mariadb.pid").read_text())
    assert _alive(pid)
    if end == "EOF":
        assert child.stdin is not None
        child.stdin.close()
    else:
        child.send_signal(getattr(signal, end))
    out, errors = await asyncio.wait_for(child.communicate(), 30)
    assert child.returncode == 0, errors.decode()
    assert out == b""
    assert b"Traceback" not in errors
    async with asyncio.timeout(5):
        while _alive(pid):
            await asyncio.sleep(0.05)


def _alive(pid: int) -> bool:
    """Whether a process runs, not counting one that only waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_stdio_ends_before_any_call(
    environment: dict[str, str], number: signal.Signals
) -> None:
    """A signal right after `initialize` ends the process cleanly."""
    child, _ = await _spoken(environment)
    child.send_signal(number)
    _, errors = await asyncio.wait_for(child.communicate(), 30)
    assert child.returncode == 0, errors.decode()


async def test_nothing_but_protocol_is_on_stdout(environment: dict[str, str]) -> None:
    """Every line of standard output is a JSON-RPC answer, though models load and calls fail."""
    calls = [
        _call(2, "ingest_logs", {"events": [{"message": "pump 3 lost pressure"}]}),
        _call(3, "similar_logs", {"text": "no pressure"}),
        _call(4, "query_logs", {"sevice": "x"}),
        _call(5, "nothing", {}),
    ]
    environment = environment | {"DEVMESH_LOG_LEVEL": "DEBUG"}
    child, answers = await _spoken(environment, *calls)
    assert [answer["id"] for answer in answers] == [1, 2, 3, 4, 5]
    assert all(answer["jsonrpc"] == "2.0" for answer in answers)
    assert child.stdin is not None
    child.stdin.write(b"this is no JSON\n")
    child.stdin.write(orjson.dumps(_call(6, "query_logs", {})) + b"\n")
    child.stdin.close()
    out, _ = await asyncio.wait_for(child.communicate(), 30)
    rest = [orjson.loads(line) for line in out.splitlines()]
    assert all(line["jsonrpc"] == "2.0" for line in rest)
    assert child.returncode == 0
