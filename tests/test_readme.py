"""The README's promises: its commands run, its tables are complete."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from server.cli import app
from server.settings import ServerSettings
from shipper.settings import ShipperSettings

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def shell_blocks() -> list[str]:
    """Every block that a reader may paste into a shell."""
    return re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands(*starts: str) -> list[str]:
    """The pasteable commands that begin with one of the words, lines joined."""
    joined = "\n".join(shell_blocks()).replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.startswith(starts)]


@pytest.fixture(scope="module")
def running(
    mariadb_prefix: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """`devmesh up` on a port of its own; the environment in which its commands run."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {
        **os.environ,
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "DEVMESH_STATE_DIR": str(tmp_path_factory.mktemp("up")),
        "DEVMESH_PORT": str(port),
    }
    log = (tmp_path_factory.mktemp("log") / "up.log").open("w+")
    up = subprocess.Popen(["devmesh", "up"], env=environ, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while not answers(port):
            log.seek(0)
            assert up.poll() is None and time.monotonic() < deadline, log.read()
            time.sleep(0.2)
        yield environ
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait(60)
        log.close()
    assert up.returncode == 0
    assert not running_in(environ["DEVMESH_STATE_DIR"]), "the private MariaDB was left running"


def running_in(folder: str) -> list[str]:
    """The processes whose command line names a folder."""
    done = subprocess.run(
        ["pgrep", "-f", "-a", folder], capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines()


def answers(port: int) -> bool:
    """Whether the server is healthy."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False


def run(command: str, environ: dict[str, str]) -> str:
    """What a command prints; it must succeed."""
    command = command.replace("localhost:8000", f"localhost:{environ['DEVMESH_PORT']}")
    done = subprocess.run(
        command, shell=True, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def test_every_curl_line_answers(running: dict[str, str]) -> None:
    """The curl lines work in the order in which they stand, and none is refused."""
    lines = commands("curl")
    assert len(lines) == 8
    replies = [run(line, running) for line in lines]
    assert not [reply for reply in replies if '"code"' in reply]
    assert '"accepted":1' in replies[1]
    assert "no space left on device" in replies[2]
    assert "no space left on device" in replies[3]
    assert "no space left on device" in replies[4]
    assert "12.5" in replies[6]
    assert replies[7] == "{}"


@pytest.mark.parametrize(
    "command", commands("devmesh a", "devmesh q", "devmesh si", "devmesh st", "devmesh pa")
)
def test_every_devmesh_line_runs(command: str, running: dict[str, str]) -> None:
    """The commands for people succeed against the running server's database."""
    assert "coverage" in run(command, running)


def test_every_command_is_in_the_table() -> None:
    """The table of commands names each command that exists, and no other."""
    listed = set(re.findall(r"`devmesh (\w+)", "\n".join(re.findall(r"^\| `.*", README, re.M))))
    there = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    assert listed == there - {"version"}


def test_every_setting_is_in_the_table() -> None:
    """The table of settings names each variable that users may need."""
    documented = {name.lower() for name in re.findall(r"`DEVMESH_(\w+)`", README)}
    rows = "\n".join(re.findall(r"^\| `DEVMESH_.*", README, re.MULTILINE))
    tabled = {name.lower() for name in re.findall(r"`DEVMESH_(\w+)`", rows)}
    known = {*ServerSettings.model_fields, *ShipperSettings.model_fields}
    assert known - {"notify_socket", "watchdog_usec"} == tabled  # those are systemd's own
    assert documented <= known


def test_the_oldest_mariadb_is_one_number() -> None:
    """The one that the code insists on."""
    needed = re.search(r"MariaDB (\S+) or newer is needed", (ROOT / "sql/migrate.py").read_text())
    assert needed
    told = re.findall(r"MariaDB\*? ?(?:≥ ?)?(\d+\.\d+)(?: or newer|\*)", README)
    assert len(told) == 2 and set(told) == {needed[1]}


def test_every_make_target_exists() -> None:
    """The make commands name targets of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"make ([a-z-]+)", README)
    assert {"demo", "test", "check"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
