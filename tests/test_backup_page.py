"""The promises of docs/backup.md: its commands, run in their order, bring everything back."""

import gzip
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/backup.md").read_text(encoding="utf-8")
EVENTS = "\n".join(
    f'{{"message": "line {n}", "service": "s{n % 3}", "timestamp": "2026-11-20T12:00:{n % 60:02}Z"}}'
    for n in range(700)
)


class Machine:
    """A state folder and the environment in which the page's commands run on it."""

    def __init__(self, folder: Path, backup: Path, prefix: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        path = f"{Path(sys.executable).parent}:{prefix / 'bin'}:{os.environ['PATH']}"
        self.environ = {
            **os.environ,
            "DEVMESH_STATE_DIR": str(folder),
            "DEVMESH_PORT": str(self.port),
            "BACKUP": str(backup),
            "PATH": path,
        }

    def run(self, script: str, given: str = "") -> str:
        """What a script prints; all of it must succeed."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=self.environ, input=given, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (script, done.stdout, done.stderr)
        return done.stdout

    def page(self, block: str) -> None:
        """Run a block of the page."""
        self.run(blocks()[0] + block)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """With the private MariaDB and the server running."""
        server = subprocess.Popen(["devmesh", "serve"], env=self.environ, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 60
            while not self._answers():
                assert server.poll() is None and time.monotonic() < deadline
                time.sleep(0.1)
            yield
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health") as reply:
                return bool(reply.status == 200)
        except (urllib.error.URLError, ConnectionError):
            return False

    def counts(self) -> list[tuple[str, int]]:
        """Events by service."""
        page = orjson.loads(self.run("devmesh stats --by service --json"))
        return sorted((group["name"], group["count"]) for group in page["groups"])


def blocks() -> list[str]:
    """What a reader may paste into a shell: set-up, archive, dump, load, backup, copy back."""
    found = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(found) == 6
    return found


@pytest.fixture
def machines(mariadb_prefix: Path, tmp_path: Path) -> tuple[Machine, Machine]:
    """A machine with 700 events, and an empty one that reaches the same backups."""
    old, new = (
        Machine(tmp_path / name, tmp_path / "backups", mariadb_prefix) for name in ("old", "new")
    )
    old.run("devmesh import -", EVENTS)
    return old, new


def _need(machine: Machine, program: str) -> None:
    """A missing program skips at a desk and fails in CI."""
    found = shutil.which(program, path=machine.environ["PATH"])
    done = found and subprocess.run([found, "--version"], capture_output=True, check=False)
    if done and not done.returncode:
        return
    if os.environ.get("CI"):
        pytest.fail(f"{program} is missing, and CI must have it")
    pytest.skip(f"{program} is missing")


def test_a_dump_of_a_stopped_database_is_no_backup(mariadb_prefix: Path, tmp_path: Path) -> None:
    """In a shell as people have it, where of a pipe's parts the last alone counts."""
    machine = Machine(tmp_path / "none", tmp_path / "backups", mariadb_prefix)
    _need(machine, "mariadb-dump")
    done = subprocess.run(
        ["bash", "-c", blocks()[0] + blocks()[2]], env=machine.environ, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0 and "connect" in done.stderr
    assert (tmp_path / "backups/devmesh.sql.gz").stat().st_mode & 0o077 == 0


def test_the_archive_commands(machines: tuple[Machine, Machine]) -> None:
    """Export and import bring everything to another machine."""
    old, new = machines
    old.page(blocks()[1])
    new.run('devmesh import "$BACKUP/all.ndjson.zst"')
    assert new.counts() == old.counts() == [("s0", 234), ("s1", 233), ("s2", 233)]


def test_the_dump_commands(machines: tuple[Machine, Machine]) -> None:
    """A dump of a running store, loaded into an empty one, is that store."""
    old, new = machines
    _need(old, "mariadb-dump")
    with old.serving():
        old.page(blocks()[2])
    with new.serving():
        new.page(blocks()[3])
    assert new.counts() == old.counts() == [("s0", 234), ("s1", 233), ("s2", 233)]


def test_a_dump_is_made_again(machines: tuple[Machine, Machine], tmp_path: Path) -> None:
    """When a table has changed meanwhile, and nothing is left of the first try."""
    old, _ = machines
    _need(old, "mariadb-dump")
    real = shutil.which("mariadb-dump", path=old.environ["PATH"])
    fails_once = tmp_path / "bin/mariadb-dump"
    fails_once.parent.mkdir()
    fails_once.write_text(
        f'#!/bin/sh\nmkdir "{tmp_path}/tried" 2>&- || exec {real} "$@"\n'
        "echo half a dump; echo 1412 >&2; exit 3\n"
    )
    fails_once.chmod(0o755)
    with old.serving():
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", blocks()[0] + blocks()[2]], cwd=tmp_path,
            env=old.environ | {"PATH": f"{fails_once.parent}:{old.environ['PATH']}"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0 and "1412" in done.stderr
    dump = gzip.decompress((tmp_path / "backups/devmesh.sql.gz").read_bytes())
    assert b"half a dump" not in dump and b"-- Dump completed" in dump[-200:]


def test_the_file_commands(machines: tuple[Machine, Machine]) -> None:
    """The files of a running store, copied back in place of others, are that store."""
    old, new = machines
    _need(old, "mariadb-backup")
    with old.serving():
        old.page(blocks()[4])
    new.run("devmesh migrate")
    new.page(blocks()[5])
    assert new.counts() == old.counts() == [("s0", 234), ("s1", 233), ("s2", 233)]
