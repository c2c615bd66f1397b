"""The MCP inspector's command line, an independent client, lists and calls the tools."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest

TOOL_ERROR = 5
"""The inspector's exit status for a call that the tool refused."""

Inspect = Callable[..., Any]
Run = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def inspect(node_programs: Path, ran: Run) -> Inspect:
    """Runs the inspector; gives its exit status and the JSON it printed."""

    async def run(*arguments: str, environment: dict[str, str] | None = None) -> tuple[int, Any]:
        program = node_programs / "mcp-inspector"
        status, out, _ = await ran(program, "--cli", *arguments, **(environment or {}))
        return status, orjson.loads(out)

    return run


@pytest.mark.parametrize("era", [[], ["--protocol-era", "modern"]], ids=["legacy", "modern"])
async def test_the_inspector_over_http(
    inspect: Inspect, node_programs: Path, ran: Run, client: httpx2.AsyncClient, era: list[str]
) -> None:
    """Strict listing, a call, and a misspelt argument refused by its name, in both eras."""
    where = [*era, "--server-url", str(client.base_url.join("/mcp")), "--transport", "http"]
    program = node_programs / "mcp-inspector"
    asked = ("--cli", *where, "--method", "tools/list", "--strict")
    status, told, warnings = await ran(program, *asked)
    assert (status, warnings) == (0, "")
    listed = orjson.loads(told)
    assert "similar_logs" in {tool["name"] for tool in listed["tools"]}
    for kind in ("resources", "resources/templates", "prompts"):
        status, _ = await inspect(*where, "--method", f"{kind}/list")
        assert status == 0, kind
    await client.post("/ingest/logs", json=[{"message": "seen by the inspector"}])
    call = [*where, "--method", "tools/call", "--tool-name", "query_logs"]
    status, found = await inspect(*call, "--tool-args-json", '{"limit": 2}')
    assert status == 0
    assert found["structuredContent"]["events"][0]["message"] == "seen by the inspector"
    status, refused = await inspect(*call, "--tool-args-json", '{"limt": 2}')
    assert status == TOOL_ERROR
    assert "limt" in refused["content"][0]["text"]


async def test_the_inspector_over_stdio(inspect: Inspect, environment: dict[str, str]) -> None:
    """The child process lists and calls the tools and ends by itself."""
    devmesh = [str(Path(sys.executable).with_name("devmesh")), "mcp"]
    status, listed = await inspect(*devmesh, "--method", "tools/list", environment=environment)
    assert status == 0
    assert len(listed["tools"]) == 8
    call = [*devmesh, "--method", "tools/call", "--tool-name", "log_stats"]
    status, counted = await inspect(
        *call, "--tool-args-json", '{"group_by": "level"}', environment=environment
    )
    assert status == 0
    assert counted["structuredContent"]["total"] == 0
