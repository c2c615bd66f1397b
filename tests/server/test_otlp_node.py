"""OpenTelemetry's SDK for Node, an independent sender of OTLP in JSON, is understood."""

import asyncio
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

SENDER = Path(__file__).with_name("otlp_send.mjs")
PACKAGES = (
    "node@22.23.3",
    "@opentelemetry/api@1",
    "@opentelemetry/exporter-logs-otlp-http@0.301.0",
    "@opentelemetry/exporter-metrics-otlp-http@0.301.0",
    "@opentelemetry/resources@3.1.1",
    "@opentelemetry/sdk-logs@3.1.1",
    "@opentelemetry/sdk-metrics@3.1.1",
)


@pytest.fixture(scope="session")
def sender(need: Callable[[bool, str], None]) -> list[str]:
    """The command that sends, its packages installed by npm once a machine."""
    need(shutil.which("npm") is not None, "npm")
    folder = Path.home() / ".cache" / "devmesh-tests" / "npm-otlp"
    node = folder / "node_modules" / ".bin" / "node"
    if not (node.exists() and (folder / "node_modules" / "@opentelemetry" / "sdk-logs").exists()):
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["npm", "install", "--silent", "--no-fund", "--no-audit", *PACKAGES],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        need(done.returncode == 0, f"OpenTelemetry for Node from npm ({done.stderr[-300:]})")
    return [str(node), str(shutil.copy(str(SENDER), folder))]


async def test_what_a_node_program_sends_is_found(
    client: httpx2.AsyncClient, sender: list[str]
) -> None:
    """Its records and measurements are stored, and its record of a known uid once."""
    for _ in range(2):
        child = await asyncio.create_subprocess_exec(
            *sender, str(client.base_url).rstrip("/"), stderr=asyncio.subprocess.PIPE
        )
        _, errors = await asyncio.wait_for(child.communicate(), 60)
        assert (child.returncode, errors) == (0, b"")
    [event] = (await client.get("/query/logs")).json()["events"]
    assert (event["service"], event["host"], event["level"]) == ("cart", "node-01", "WARN")
    assert event["message"] == '{"cart":7,"items":["tea","jam"]}'
    assert event["trace_id"] == "5b8efff798038103d269b633813fc60c"
    assert event["span_id"] == "eee19b7ec3c1b174"
    assert event["meta_json"]["big"] == 12345678901
    for name, value in (("items", 2), ("took_count", 1), ("took_sum", 12)):
        found = (await client.get("/query/metrics", params={"name": name})).json()["points"]
        assert [point["value"] for point in found] == [value, value], name
