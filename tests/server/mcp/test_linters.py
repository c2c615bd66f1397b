"""Checkers and a fuzzer that others wrote for MCP servers find nothing against ours."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from mcp import Client

from tools.catalogue import TOOLS

Run = Callable[..., Awaitable[tuple[int, str, str]]]
Venv = Callable[[str], Path]


async def test_pytest_mcp_tools_finds_nothing(
    venv: Venv, ran: Run, client: httpx2.AsyncClient, tmp_path: Path
) -> None:
    """Titles, descriptions, types, hints, and bad arguments of every kind refused in words."""
    base = str(client.base_url).rstrip("/")
    arguments = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--mcp-tools", base)
    status, told, errors = await ran(venv("pytest-mcp-tools") / "python", *arguments, cwd=tmp_path)
    assert status == 0, told[-3000:] + errors
    assert " passed" in told


async def test_mcp_schema_audit_finds_nothing(
    venv: Venv, ran: Run, client: httpx2.AsyncClient, tmp_path: Path
) -> None:
    """No client would refuse the shapes of what is listed."""
    async with Client(str(client.base_url.join("/mcp")), mode="legacy") as models:
        listed = await models.list_tools()
    info = {"name": "devmesh", "version": "1"}
    lines: list[dict[str, Any]] = [
        {"direction": "request", "id": 1, "method": "initialize", "params": {}},
        {"direction": "response", "id": 1,
         "result": {"protocolVersion": "2025-11-25", "serverInfo": info, "capabilities": {}}},
        {"direction": "request", "id": 2, "method": "tools/list", "params": {}},
        {"direction": "response", "id": 2,
         "result": listed.model_dump(mode="json", by_alias=True, exclude_none=True)},
    ]  # fmt: skip
    recorded = tmp_path / "recorded.jsonl"
    recorded.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    status, told, errors = await ran(venv("mcp-schema-audit") / "mcp-schema-audit", str(recorded))
    assert status == 0, told + errors


@pytest.mark.parametrize("phase", ["realistic", "aggressive"])
async def test_a_fuzzer_is_answered_each_time(
    venv: Venv, ran: Run, client: httpx2.AsyncClient, tmp_path: Path, phase: str
) -> None:
    """Readers refuse what was made up; writers may store hostile text, for that is what logs have.

    Nothing crashes, hangs or answers out of the protocol. What it counts as exceptions are numbers
    that it cannot write as JSON itself.
    """
    url = str(client.base_url.join("/mcp"))
    status, told, errors = await ran(
        venv("mcp-fuzzer") / "mcp-fuzzer",
        "--mode", "tools", "--phase", phase, "--runs", "8", "--protocol", "streamablehttp",
        "--endpoint", url, "--no-corpus", "--seed", "7", "--output-dir", str(tmp_path / "out"),
        cwd=tmp_path, HOME=str(tmp_path),
    )  # fmt: skip
    assert status == 0, told[-3000:] + errors[-3000:]
    tools = orjson.loads((tmp_path / "out/run_summary.json").read_bytes())["tools"]["by_name"]
    assert tools.keys() == {tool.name for tool in TOOLS}
    for tool in TOOLS:
        outcomes = tools[tool.name]["outcomes"]
        assert outcomes["crashed"] == outcomes["anomaly"] == 0, told
        if not tool.writes:
            assert outcomes["server_rejected"] == tools[tool.name]["total_runs"] == 8, told
    assert (await client.get("/health")).status_code == 200
