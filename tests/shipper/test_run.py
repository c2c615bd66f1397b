"""The whole of `devmesh ship`, in a process of its own."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from journals import ROOT, START_US, export_text
from lab import until
from stub_server import StubServer

from shipper.errors import JournalUnreadable
from shipper.journal import check_readable

MakeJournal = Callable[..., Path]

SHIP = """
import sys
from pathlib import Path
from shipper.cli import Action, ship_command
from shipper.errand import Errand
action, directory, export, follow = sys.argv[1:]
errand = Errand(Path(directory) if directory else None, export or None, follow=follow == "follow")
sys.exit(ship_command(Action[action], errand))
"""


class Ship:
    """`devmesh ship` with a state folder of its own."""

    def __init__(self, server: StubServer, folder: Path) -> None:
        self.environment = {
            **os.environ,
            "DEVMESH_SERVER_URL": server.url,
            "DEVMESH_STATE_DIR": str(folder / "state"),
            "PYTHONPATH": str(ROOT),
        }

    def command(
        self, action: str = "SHIP", directory: str = "", export: str = "", follow: str = "once"
    ) -> list[str]:
        return [sys.executable, "-c", SHIP, action, directory, export, follow]

    async def run(self, *command: str, text: bytes | None = None) -> tuple[int, str]:
        """Run to the end; exit status and everything it wrote."""
        process = await self.start(*command)
        output, _ = await asyncio.wait_for(process.communicate(text), 15)
        assert process.returncode is not None
        return process.returncode, output.decode()

    async def start(self, *command: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *command,
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )


@pytest.fixture
def ship(server: StubServer, tmp_path: Path) -> Ship:
    return Ship(server, tmp_path)


def remote(make_journal: MakeJournal, hosts: int, count: int = 300) -> Path:
    """A directory as systemd-journal-remote keeps it: a file a machine."""
    folder = make_journal(b"", "remote")
    for host in range(hosts):
        machine = str(host + 3) * 32
        text = export_text(count, first=host * count, machine=machine, step_us=1)
        for file in make_journal(text, f"host-{host}").iterdir():
            file.rename(folder / f"remote-{host}{file.name}")
    return folder


async def test_a_directory_of_several_machines(
    server: StubServer, ship: Ship, make_journal: MakeJournal, tmp_path: Path
) -> None:
    folder = remote(make_journal, 3)
    status, output = await ship.run(*ship.command(directory=str(folder)))

    assert (status, server.seqs()) == (0, list(range(900))), output
    assert {beat["host"] for beat in server.beats} == {"host-3333", "host-4444", "host-5555"}
    assert len(list((tmp_path / "state/shipper").glob("*.position.json"))) == 3
    status, output = await ship.run(*ship.command("STATUS"))
    assert output.count("sent        300") == 3, output
    assert re.search(r"lag +0\.0 s", output)


async def test_an_export_on_standard_input(server: StubServer, ship: Ship) -> None:
    status, output = await ship.run(*ship.command(export="-"), text=export_text(700))

    assert (status, server.seqs()) == (0, list(range(700))), output
    assert server.beats == []


async def test_a_damaged_export_ends_with_an_error(server: StubServer, ship: Ship) -> None:
    status, output = await ship.run(*ship.command(export="-"), text=export_text(700)[:-5])

    assert status == 1
    assert "cut off or damaged after 699 entries" in output
    assert server.seqs() == list(range(699))


async def test_events_are_mapped_and_carry_their_uid(server: StubServer, ship: Ship) -> None:
    await ship.run(*ship.command(export="-"), text=export_text(1))
    (row,) = server.rows.values()

    assert re.fullmatch("[0-9a-f]{32}", row["uid"])
    assert row["host"] == "host-1111"
    assert row["timestamp"].startswith("2026-11-18T11:06:40.000000")
    assert START_US % 1_000_000 == 0


async def test_a_pipe_that_stays_open_is_shipped_by_age(server: StubServer, ship: Ship) -> None:
    process = await ship.start(*ship.command(export="-"))
    assert process.stdin is not None
    process.stdin.write(export_text(5))
    await until(lambda: len(server.rows) == 5)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 5) == 0


async def test_dead_letters_are_replayed(server: StubServer, ship: Ship) -> None:
    server.rejects = lambda event: event["message"].startswith("n=3 ")
    await ship.run(*ship.command(export="-"), text=export_text(5))
    _, status = await ship.run(*ship.command("STATUS"))
    server.rejects = lambda event: False
    _, output = await ship.run(*ship.command("REPLAY_DEAD"))

    assert "1 waiting" in status
    assert "1 dead letters sent again" in output
    assert server.seqs() == [0, 1, 2, 3, 4]


async def test_a_second_shipper_is_refused(
    server: StubServer, ship: Ship, make_journal: MakeJournal
) -> None:
    folder = str(remote(make_journal, 1))
    first = await ship.start(*ship.command(directory=folder, follow="follow"))
    await until(lambda: len(server.rows) == 300)
    status, output = await ship.run(*ship.command(directory=folder, follow="follow"))
    first.send_signal(signal.SIGINT)

    assert status == 2
    assert "another shipper is at work" in output
    assert await asyncio.wait_for(first.wait(), 5) == 0


async def test_a_journal_that_may_not_be_read_is_an_error_with_its_mend(
    ship: Ship, private_journald: list[str], tmp_path: Path
) -> None:
    """As a user outside the group systemd-journal, who would just see an empty journal."""
    probe = (
        "import os; from pathlib import Path; from shipper.journal import check_readable\n"
        "machine = Path('/etc/machine-id').read_text().strip()\n"
        "check_readable(machine)\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "check_readable(machine)\n"
    )
    _, output = await ship.run(*private_journald, sys.executable, "-c", probe)

    assert "usermod -aG systemd-journal" in output


def test_the_moment_of_a_rotation_is_no_missing_journal(tmp_path: Path) -> None:
    """journald renames system.journal and only then begins the next; without any there is none."""
    roots = str(tmp_path / "log"), str(tmp_path / "run")
    folder = tmp_path / "log/journal/abc"
    folder.mkdir(parents=True)
    with pytest.raises(JournalUnreadable, match="there is no journal"):
        check_readable("abc", roots)
    (folder / "system@0001.journal").touch()
    check_readable("abc", roots)


async def test_killing_the_shipper_again_and_again_loses_nothing(
    server: StubServer, ship: Ship, private_journald: list[str]
) -> None:
    """A live journal that rotates, a server that fails and forgets to answer, kill -9."""
    server.busy_share = server.lost_ack_share = 0.1
    live = [sys.executable, str(Path(__file__).with_name("live_lab.py")), "6000", "4"]
    process = await ship.start(*private_journald, *live, *ship.command(follow="follow"))
    ended = asyncio.create_task(process.communicate())
    with suppress(TimeoutError):
        async with asyncio.timeout(90):
            while len(server.seqs()) < 6_000 and not ended.done():
                await asyncio.sleep(0.1)
    assert process.stdin is not None
    process.stdin.close()
    output, _ = await asyncio.wait_for(ended, 20)

    assert process.returncode == 0, output.decode()
    assert server.seqs() == list(range(6_000))
