"""The MCP inspector's command line, an independent client, lists and calls the tools."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from server.settings import ServerSettings

PACKAGES = ("node@22.23.3", "@modelcontextprotocol/inspector@2.12.0")
TOOL_ERROR = 5
"""The inspector's exit status for a call that the tool refused."""

Inspect = Callable[..., Any]


@pytest.fixture(scope="session")
def tools_of_node(need: Callable[[bool, str], None]) -> Iterator[Path]:
    """The folder with node 22 and the inspector, installed by npm once a machine."""
    need(shutil.which("npm") is not None, "npm")
    folder = Path.home() / ".cache" / "devmesh-tests" / "npm"
    programs = folder / "node_modules" / ".bin"
    if not (programs / "mcp-inspector").exists() or not (programs / "node").exists():
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["npm", "install", "--silent", "--no-fund", "--no-audit", *PACKAGES],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        need(done.returncode == 0, f"the inspector from npm ({done.stderr[-300:]})")
    yield programs


@pytest.fixture
def inspect(tools_of_node: Path) -> Inspect:
    """Runs the inspector; gives its exit status and the JSON it printed."""

    async def run(*arguments: str, environment: dict[str, str] | None = None) -> tuple[int, Any]:
        child = await asyncio.create_subprocess_exec(
            str(tools_of_node / "mcp-inspector"), "--cli", *arguments,
            env={**os.environ, **(environment or {}),
                 "PATH": f"{tools_of_node}:{os.environ['PATH']}"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await asyncio.wait_for(child.communicate(), 60)
        assert child.returncode is not None
        return child.returncode, orjson.loads(out)

    return run


@pytest.mark.parametrize("era", [[], ["--protocol-era", "modern"]], ids=["legacy", "modern"])
async def test_the_inspector_over_http(
    inspect: Inspect, serving: Any, settings: ServerSettings, era: list[str]
) -> None:
    """Strict listing, a call, and a misspelt argument refused by its name, in both eras."""
    async with serving(settings) as client:
        where = [*era, "--server-url", f"{client.base_url}/mcp", "--transport", "http"]
        status, listed = await inspect(*where, "--method", "tools/list", "--strict")
        assert status == 0
        assert "similar_logs" in {tool["name"] for tool in listed["tools"]}
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
