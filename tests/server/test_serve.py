"""`devmesh serve` at its start: an address that is taken or is none, and the word that it is ready."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

SERVE = [sys.executable, "-c", "from server.cli import main; main()", "serve"]


def environ(folder: Path, **settings: str) -> dict[str, str]:
    """A state folder of its own, and no other settings of this machine."""
    return {**os.environ, "DEVMESH_STATE_DIR": str(folder / "state"), **settings}


def test_a_port_that_is_taken_is_told_in_words(tmp_path: Path) -> None:
    """With what to set, without a traceback, and before a database is made."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            SERVE, env=environ(tmp_path, DEVMESH_PORT=port), capture_output=True, text=True,
            check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"devmesh: port {port} is in use by another program, or by DevMesh itself; "
        "set DEVMESH_PORT to a free one"
    ]
    assert not (tmp_path / "state/mariadb").exists()


def test_an_address_that_is_not_ours_is_told_in_words(tmp_path: Path) -> None:
    """As for a taken port."""
    given = environ(tmp_path, DEVMESH_HOST="192.0.2.1", DEVMESH_TOKEN="t")
    done = subprocess.run(SERVE, env=given, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("devmesh: cannot listen at 192.0.2.1, port 8000: ")
    assert "Traceback" not in done.stderr and "DEVMESH_HOST" in done.stderr


def test_it_says_when_it_is_ready_and_where(tmp_path: Path) -> None:
    """One line of the log, at the moment from which on it answers, be the database away or not."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path / "log"
    with log.open("w") as writing:
        away = {"DEVMESH_DATABASE_URL": "mysql://nobody@127.0.0.1:1/devmesh"}
        given = environ(tmp_path, DEVMESH_PORT=str(port), **away)
        server = subprocess.Popen(SERVE, env=given, stderr=writing)
    try:
        deadline = time.monotonic() + 60
        while f"ready: http://127.0.0.1:{port}/docs" not in log.read_text():
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        socket.create_connection(("127.0.0.1", port)).close()
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
