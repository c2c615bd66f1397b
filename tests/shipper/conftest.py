"""Fixtures of the shipper's tests. Their modules are imported by bare name from this folder."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parent))

from journals import JOURNAL_REMOTE, PRIVATE_JOURNALD, build
from stub_server import StubServer


def need(present: bool, what: str) -> None:
    """Skip at a desk where something is missing; in CI that is a failure."""
    if present:
        return
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing")
    pytest.skip(f"{what} is missing")


@pytest_asyncio.fixture
async def server() -> AsyncIterator[StubServer]:
    """A real HTTP server that keeps events in memory and can misbehave."""
    stub = StubServer()
    await stub.start()
    yield stub
    await stub.stop()


@pytest.fixture
def make_journal(tmp_path: Path) -> Callable[[bytes, str], Path]:
    """Makes a directory with real journal files from export text: `make_journal(text, name)`."""
    need(JOURNAL_REMOTE.exists(), "systemd-journal-remote")

    def make(text: bytes, name: str = "journal") -> Path:
        return build(tmp_path / name, text)

    return make


@pytest.fixture
def private_journald(tmp_path: Path) -> list[str]:
    """The start of a command line that runs the rest under a journald of its own."""
    need(Path("/lib/systemd/systemd-journald").exists(), "systemd-journald")
    need(shutil.which("unshare") is not None and os.geteuid() == 0, "root with unshare")
    return [str(PRIVATE_JOURNALD), str(tmp_path / "journald")]


@pytest.fixture
def analyze() -> Callable[..., tuple[int, str]]:
    """Runs systemd-analyze: exit status and everything it says."""
    need(shutil.which("systemd-analyze") is not None, "systemd-analyze")

    def run(*words: str | Path) -> tuple[int, str]:
        done = subprocess.run(
            ["systemd-analyze", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    return run


@pytest.fixture
def stop() -> asyncio.Event:
    """What asks a shipper to stop."""
    return asyncio.Event()
