"""Clients of our own MCP server, and the programs of others: node's from npm, Python's in a venv
each, installed once a machine.
"""

import asyncio
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Literal

import httpx2
import pytest
from mcp import Client, StdioServerParameters

CACHE = Path.home() / ".cache" / "devmesh-tests"
NODE = (
    "node@22.23.3",
    "@modelcontextprotocol/inspector@2.12.0",
    "@modelcontextprotocol/conformance@0.2.0-alpha.12",
    "mcporter@0.12.3",
)
NODE_PROGRAMS = ("node", "mcp-inspector", "conformance", "mcporter")
VENVS = {
    "pytest-mcp-tools": ("pytest-mcp-tools==0.3.0", "pytest"),
    "mcp-fuzzer": ("mcp-fuzzer==0.7.0",),
    "mcp-schema-audit": ("mcp-schema-audit==0.1.0",),
    "pydantic-ai": ("pydantic-ai-slim[mcp]==2.68.0",),
    "langchain": ("langchain-mcp-adapters==0.3.2",),
    "fastmcp": ("fastmcp==4.1.2",),
}
"""Each in a venv of its own: they stand on different versions of the SDK."""

DEVMESH = str(Path(sys.executable).parent / "devmesh")

Era = Literal["legacy", "auto"]
Connect = Callable[[], AbstractAsyncContextManager[Client]]
Need = Callable[[bool, str], None]
Ran = tuple[int, str, str]
Run = Callable[..., Awaitable[Ran]]


@pytest.fixture(scope="session")
def node_programs(need: Need) -> Path:
    """The folder of programs from npm, among them a node that is new enough for the others."""
    need(shutil.which("npm") is not None, "npm")
    folder = CACHE / "npm"
    programs = folder / "node_modules" / ".bin"
    folder.mkdir(parents=True, exist_ok=True)
    with (CACHE / "npm.lock").open("w") as lock:  # of several test processes one installs
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not all((programs / name).exists() for name in NODE_PROGRAMS):
            done = subprocess.run(
                ["npm", "install", "--silent", "--no-fund", "--no-audit", *NODE],
                cwd=folder, capture_output=True, text=True, check=False,
            )  # fmt: skip
            need(done.returncode == 0, f"node's programs from npm ({done.stderr[-300:]})")
    return programs


@pytest.fixture(scope="session")
def venv(need: Need) -> Callable[[str], Path]:
    """The folder of programs of a venv, by its name in VENVS."""

    def made(name: str) -> Path:
        folder = CACHE / name
        marker = folder / "installed"
        wanted = "\n".join(VENVS[name])
        if not marker.exists() or marker.read_text() != wanted:
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            done = subprocess.run(
                [folder / "bin/python", "-m", "pip", "install", "-q", *VENVS[name]],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            need(done.returncode == 0, f"{name} from PyPI ({done.stderr[-300:]})")
            marker.write_text(wanted)
        return folder / "bin"

    return made


@pytest.fixture(scope="session")
def ran() -> Run:
    """Runs a program to its end: its status, what it printed, and what it complained of."""

    async def run(
        program: Path, *arguments: str, cwd: Path | None = None, **environment: str
    ) -> Ran:
        child = await asyncio.create_subprocess_exec(
            str(program), *arguments, cwd=cwd,
            env={**os.environ, **environment, "PATH": f"{program.parent}:{os.environ['PATH']}"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, errors = await asyncio.wait_for(child.communicate(), 120)
        assert child.returncode is not None
        return child.returncode, out.decode(), errors.decode()

    return run


@pytest.fixture(params=["legacy", "auto"])
def era(request: pytest.FixtureRequest) -> Era:
    """The handshake era and the stateless one."""
    chosen: Era = request.param
    return chosen


@pytest.fixture
def over_http(client: httpx2.AsyncClient, era: Era) -> Connect:
    """Opens a client of the running HTTP app."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[Client]:
        async with Client(str(client.base_url.join("/mcp")), mode=era) as models:
            yield models

    return connect


@pytest.fixture
def over_stdio(environment: dict[str, str], era: Era) -> Connect:
    """Opens a client of a `devmesh mcp` of its own."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[Client]:
        server = StdioServerParameters(command=DEVMESH, args=["mcp"], env=environment)
        async with Client(server, mode=era) as models:
            yield models

    return connect


@pytest.fixture(params=["http", "stdio"])
def connect(request: pytest.FixtureRequest, over_http: Connect, over_stdio: Connect) -> Connect:
    """Both transports."""
    return over_http if request.param == "http" else over_stdio
