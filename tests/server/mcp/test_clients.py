"""Clients of other makes list the tools and call every one of them."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tools.catalogue import TOOLS

Run = Callable[..., Awaitable[tuple[int, str, str]]]
Venv = Callable[[str], Path]
Calls = dict[str, dict[str, Any]]
CLIENTS = Path(__file__).with_name("clients")

TOLD = {
    "query_logs": "no space left on device",
    "similar_logs": "no space left on device",
    "log_stats": "ERROR",
    "log_patterns": "no space left on device",
    "log_context": "no space left on device",
    "query_metrics": "21.5",
    "ingest_logs": "accepted",
    "ingest_metrics": "accepted",
}
"""What each tool's answer must contain."""


@pytest.fixture
async def calls(client: httpx2.AsyncClient) -> Calls:
    """A call of each tool, on a store with one event and one point."""
    event = {"service": "backup", "level": "ERROR", "message": "no space left on device"}
    await client.post("/ingest/logs", json=[event])
    await client.post("/ingest/metrics", json={"points": [{"name": "temp", "value": 21.5}]})
    [row] = (await client.get("/query/logs")).json()["events"]
    made: Calls = {
        "query_logs": {"service": "backup", "limit": 1},
        "similar_logs": {"text": "disk full: no space left"},
        "log_stats": {"group_by": "level"},
        "log_patterns": {"min_level": "ERROR"},
        "log_context": {"event_id": row["id"]},
        "query_metrics": {"name": "temp"},
        "ingest_logs": {"events": [{"message": "sent by a client"}]},
        "ingest_metrics": {"points": [{"name": "rain", "value": 1.5}]},
    }
    assert made.keys() == {tool.name for tool in TOOLS} == TOLD.keys()
    return made


@pytest.mark.parametrize("name", ["pydantic-ai", "langchain"])
async def test_a_library_calls_every_tool(
    venv: Venv, ran: Run, client: httpx2.AsyncClient, calls: Calls, name: str
) -> None:
    """An agent of pydantic-ai on the new SDK, and LangChain's adapters on an old one."""
    script = str(CLIENTS / f"with_{name.replace('-', '_')}.py")
    url = str(client.base_url.join("/mcp"))
    status, told, errors = await ran(venv(name) / "python", script, url, json.dumps(calls))
    assert status == 0, errors[-3000:]
    answers = json.loads(told)
    assert answers.keys() == calls.keys()
    for tool, words in TOLD.items():
        assert words in json.dumps(answers[tool]), (tool, answers[tool])


async def test_the_command_line_of_fastmcp_calls_every_tool(
    venv: Venv, ran: Run, client: httpx2.AsyncClient, calls: Calls
) -> None:
    """It lists the tools with their arguments, calls each, reads a resource and gets a prompt."""
    program, url = venv("fastmcp") / "fastmcp", str(client.base_url.join("/mcp"))
    status, listed, errors = await ran(program, "list", url, "--json")
    assert status == 0, errors
    assert all(f'"{tool}"' in listed for tool in calls)
    more = {"devmesh://hosts": {}, "what_changed": {"start_time": "1d"}}
    for name, arguments in (calls | more).items():
        flags = ["--prompt"] if name in more and "://" not in name else []
        asked = ("call", url, name, "--input-json", json.dumps(arguments), "--json", *flags)
        status, told, errors = await ran(program, *asked)
        assert status == 0, (name, told, errors)
        assert TOLD.get(name, "") in told, (name, told)


async def test_mcporter_calls_every_tool(
    node_programs: Path, ran: Run, client: httpx2.AsyncClient, calls: Calls, tmp_path: Path
) -> None:
    """A client in TypeScript reads each tool's arguments from its schema."""
    program, url = node_programs / "mcporter", str(client.base_url.join("/mcp"))
    config = tmp_path / "mcporter.json"
    config.write_text(json.dumps({"mcpServers": {"devmesh": {"url": url}}}))
    given = ("--config", str(config))
    status, listed, errors = await ran(
        program, *given, "list", "devmesh", "--json", HOME=str(tmp_path)
    )
    assert status == 0, listed + errors
    assert all(tool in listed for tool in calls)
    for name, arguments in calls.items():
        asked = ("call", f"devmesh.{name}", "--args", json.dumps(arguments), "--output", "json")
        status, told, errors = await ran(program, *given, *asked, HOME=str(tmp_path))
        assert status == 0, (name, told, errors)
        assert TOLD[name] in told, (name, told)
