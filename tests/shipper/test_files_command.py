"""`devmesh ship --file` from the command line: options, settings, status, exit status."""

import asyncio
import os
import shutil
import signal
import sys
from pathlib import Path

import orjson
import pytest
from files_lab import add, lines, numbers
from journals import ROOT
from lab import until
from stub_server import StubServer

SHIP = [sys.executable, "-c", "from server.cli import main; main()", "ship"]


class Command:
    """`devmesh ship` with a state folder and settings of its own."""

    def __init__(self, server: StubServer, folder: Path) -> None:
        self.environment = {
            **os.environ,
            "DEVMESH_SERVER_URL": server.url,
            "DEVMESH_STATE_DIR": str(folder / "state"),
            "PYTHONPATH": str(ROOT),
        }

    async def start(self, *options: str, **settings: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *SHIP,
            *options,
            env={**self.environment, **settings},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def run(self, *options: str, **settings: str) -> tuple[int | None, str]:
        process = await self.start(*options, **settings)
        output, _ = await asyncio.wait_for(process.communicate(), 15)
        return process.returncode, output.decode()


@pytest.fixture
def command(server: StubServer, tmp_path: Path) -> Command:
    return Command(server, tmp_path)


async def test_files_are_shipped_and_the_status_tells_of_them(
    server: StubServer, command: Command, tmp_path: Path
) -> None:
    for name in ("a.log", "b.log"):
        add(tmp_path / name, lines(0, 30))
    options = ["--file", f"{tmp_path}/a.log", "--file", f"{tmp_path}/b*", "--once"]
    status, output = await command.run(*options)
    _, told = await command.run("--status")

    assert status == 0, output
    assert numbers(server, "a.log") == numbers(server, "b.log") == list(range(30))
    assert {(beat["source"], beat["host"]) for beat in server.beats} == {
        ("file", os.uname().nodename)
    }
    assert "files: sent 60 events of service a, b" in output
    assert "files on " in told
    assert "(finished, " in told
    assert "sent        60" in told
    assert "0 bytes behind" in told


async def test_files_may_be_named_by_a_setting(
    server: StubServer, command: Command, tmp_path: Path
) -> None:
    add(tmp_path / "a.log", lines(0, 3))
    settings = {
        "DEVMESH_SHIP_JOURNAL": "false",
        "DEVMESH_SHIP_FILES": orjson.dumps([f"{tmp_path}/a.log"]).decode(),
        "DEVMESH_SHIP_FILE_SERVICES": orjson.dumps({f"{tmp_path}/*": "shop"}).decode(),
    }
    process = await command.start(**settings)
    await until(lambda: len(server.rows) == 3)
    process.send_signal(signal.SIGTERM)

    assert await asyncio.wait_for(process.wait(), 10) == 0
    assert {row["service"] for row in server.rows.values()} == {"shop"}


async def test_files_and_the_journal_go_together(
    server: StubServer, command: Command, private_journald: list[str], tmp_path: Path
) -> None:
    add(tmp_path / "a.log", lines(0, 3))
    script = (
        "import subprocess, sys; from systemd import journal; journal.send('from the journal');"
        "subprocess.run(['journalctl', '--sync'], check=True);"
        "sys.exit(subprocess.run(sys.argv[1:]).returncode)"
    )
    process = await asyncio.create_subprocess_exec(
        *private_journald,
        *[
            sys.executable,
            "-c",
            script,
            *SHIP,
            "--journal",
            "--once",
            "--file",
            f"{tmp_path}/a.log",
        ],
        env=command.environment,
    )

    assert await asyncio.wait_for(process.wait(), 20) == 0
    assert {row["source"] for row in server.rows.values()} == {"file", "journald"}
    assert {beat["source"] for beat in server.beats} == {"file", "journald"}


async def test_what_could_not_be_read_shows_in_the_exit_status(
    server: StubServer, command: Command, tmp_path: Path
) -> None:
    add(tmp_path / "a.log", lines(0, 3))
    status, output = await command.run(
        "--file", f"{tmp_path}/[ab].log", "--file", "/none/x", "--once"
    )

    assert status == 1
    assert "nothing matches /none/x" in output
    assert numbers(server) == [0, 1, 2]


async def test_what_was_known_already_is_told(
    server: StubServer, command: Command, tmp_path: Path
) -> None:
    add(tmp_path / "a.log", lines(0, 1))
    options = ["--file", f"{tmp_path}/a.log", "--once"]
    _, first = await command.run(*options)
    _, nothing = await command.run(*options)
    shutil.rmtree(tmp_path / "state")
    _, again = await command.run(*options)

    assert first.endswith("files: sent 1 event of service a\n")
    assert nothing.endswith("files: sent 0 events\n")
    assert again.endswith("sent 1 event of service a, 1 of which the server had already\n")


async def test_a_run_with_an_end_gives_up_when_refused(
    server: StubServer, command: Command, tmp_path: Path
) -> None:
    """At once, with what to do about it; what was not taken is taken by the next run."""
    server.token = "right"
    add(tmp_path / "a.log", lines(0, 3))
    options = ["--file", f"{tmp_path}/a.log", "--once"]
    status, output = await command.run(*options, DEVMESH_TOKEN="wrong")
    _, told = await command.run("--status")

    assert status == 1
    assert "refuses this shipper: 401" in output
    assert "check DEVMESH_TOKEN" in output
    assert "Nothing is lost" in output
    assert "trouble     401" in told and "finished" not in told
    status, output = await command.run(*options, DEVMESH_TOKEN="right")
    assert status == 0, output
    assert numbers(server) == [0, 1, 2]


async def test_a_run_with_an_end_gives_up_on_a_server_that_is_away(
    server: StubServer, command: Command, tmp_path: Path
) -> None:
    add(tmp_path / "a.log", lines(0, 3))
    await server.stop()
    options = ["--file", f"{tmp_path}/a.log", "--once", "--give-up-after"]
    status, output = await command.run(*options, "1")
    assert status == 1
    assert "has taken nothing for " in output and "Nothing is lost" in output

    late = await command.start(*options, "30")
    await asyncio.sleep(1)
    await server.start()
    assert await asyncio.wait_for(late.wait(), 30) == 0
    assert numbers(server) == [0, 1, 2]


async def test_one_that_follows_does_not_give_up(
    server: StubServer, command: Command, tmp_path: Path
) -> None:
    server.token = "right"
    add(tmp_path / "a.log", lines(0, 3))
    process = await command.start("--file", f"{tmp_path}/a.log", "--give-up-after", "0")
    await until(lambda: bool(server.encodings))
    await asyncio.sleep(0.5)
    assert process.returncode is None
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--file", "x", "--directory", "/tmp"], "give one of them"),
        (["--file", "x", "--export", "-"], "give one of them"),
        (["--journal", "--export", "-"], "give one of them"),
        (["--file", "x", "--shift-to-now"], "it needs --export"),
    ],
)
async def test_options_that_contradict_each_other_are_refused(
    command: Command, options: list[str], words: str
) -> None:
    status, output = await command.run(*options)

    assert status == 2
    assert words in output
