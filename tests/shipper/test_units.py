"""The service files: written where systemd looks, valid, tight, and the shipper runs under them."""

import asyncio
import grp
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from journals import export_text
from lab import until
from stub_server import StubServer

from shipper.errors import CannotInstall
from shipper.headroom import configuration_files, system_max_use
from shipper.install import PLACES, install_units, obstacle, sealed
from shipper.notify import Notifier

Analyze = Callable[..., tuple[int, str]]
Complaints = Callable[[Path], list[str]]
MakeJournal = Callable[..., Path]
DEVMESH = Path(sys.executable).with_name("devmesh")
SERVICES = [place for name, place in PLACES.items() if name.endswith(".service")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root folder with the services' files in it."""
    install_units(tmp_path / "root", DEVMESH)
    return tmp_path / "root"


@pytest.fixture
def complaints(analyze: Analyze) -> Complaints:
    """What `systemd-analyze verify` says about our units below a root, not about the host's."""

    def verify(root: Path) -> list[str]:
        status, said = analyze("verify", *(root / place for place in SERVICES))
        return [line for line in said.splitlines() if "devmesh" in line] or ["failed"] * status

    return verify


def test_systemd_has_nothing_to_say_against_the_units(root: Path, complaints: Complaints) -> None:
    assert complaints(root) == []
    shipper = root / PLACES["devmesh-shipper.service"]
    shipper.write_text(shipper.read_text().replace("Restart=always", "Restart=allways"))
    assert complaints(root) != []


@pytest.mark.parametrize("place", SERVICES)
def test_a_service_exposes_little(root: Path, place: str, analyze: Analyze) -> None:
    """At most 1.5 of 10 in the eyes of systemd; both have 1.1 in systemd 252."""
    words = ("security", "--offline=true", "--no-pager", root / place)
    assert analyze(*words, "--threshold=15")[0] == 0
    assert analyze(*words, "--threshold=1")[0] != 0


def test_any_path_of_the_command_is_understood(tmp_path: Path, complaints: Complaints) -> None:
    """`verify` says so when it cannot find the program that ExecStart= names."""
    program = tmp_path / "an odd %d $HOME é" / "devmesh"
    program.parent.mkdir()
    program.symlink_to("/bin/true")
    install_units(tmp_path / "root", program)
    assert complaints(tmp_path / "root") == []

    program.unlink()
    assert "is not executable" in complaints(tmp_path / "root")[0]
    for odd in ("a'b", 'a"b', "a\\b", "a\nb"):
        with pytest.raises(CannotInstall, match="may not be in a program's path"):
            install_units(tmp_path / "root", Path("/opt", odd))


def test_the_journal_settings_are_known_to_journald(
    root: Path, private_journald: list[str], tmp_path: Path
) -> None:
    """journald names each setting that it does not know, or whose value it does not."""
    for name in ("journald.conf", "journald@devmesh.conf"):
        text = (root / PLACES[name]).read_text()
        for wrong in ("", "Storrage=volatile\n"):
            environment = {**os.environ, "JD_CONF": text + wrong}
            subprocess.run([*private_journald, "true"], env=environment, check=True, timeout=30)
            said = (tmp_path / "journald" / "journald.log").read_text()
            assert ("Storrage" in said, "nknown" in said) == (bool(wrong), bool(wrong)), said
    assert system_max_use([root / PLACES["journald.conf"]]) == 8 * 1024**3
    assert system_max_use([root / PLACES["journald@devmesh.conf"]]) == 128 * 1024**2


def test_files_are_written_once_and_brought_up_to_date(tmp_path: Path) -> None:
    written = install_units(tmp_path, DEVMESH)
    assert [path.relative_to(tmp_path) for path, _ in written] == list(map(Path, PLACES.values()))
    assert {done for _, done in written} == {"written"}
    assert {done for _, done in install_units(tmp_path, DEVMESH)} == {"unchanged"}

    server = tmp_path / PLACES["devmesh-server.service"]
    new = server.read_text()
    server.write_text(sealed("[Service]\nExecStart=/opt/older\n"))
    assert dict(install_units(tmp_path, DEVMESH))[server] == "updated"
    assert server.read_text() == new
    assert server.stat().st_mode & 0o777 == 0o644


def test_a_file_changed_by_hand_is_kept(tmp_path: Path) -> None:
    install_units(tmp_path, DEVMESH)
    journald = tmp_path / PLACES["journald.conf"]
    ours = journald.read_text()
    mine = ours.replace("8G", "80G")
    journald.write_text(mine)

    assert "changed by hand" in dict(install_units(tmp_path, DEVMESH))[journald]
    assert journald.read_text() == mine
    assert journald.with_name("devmesh.conf.new").read_text() == ours


@pytest.mark.parametrize("place", ["journald.conf", "journald.conf.d/10-mine.conf"])
def test_a_size_that_a_person_gave_the_journal_stays(tmp_path: Path, place: str) -> None:
    """Our drop-in would win over it: at once, the journals above our size would be gone."""
    mine = tmp_path / "etc/systemd" / place
    mine.parent.mkdir(parents=True)
    mine.write_text("[Journal]\nSystemMaxUse=50G\n")
    install_units(tmp_path, DEVMESH)

    assert system_max_use([tmp_path / PLACES["journald.conf"]]) is None
    assert system_max_use(configuration_files(tmp_path)) == 50 * 1024**3
    assert {done for _, done in install_units(tmp_path, DEVMESH)} == {"unchanged"}


def test_only_root_may_write_to_the_machine() -> None:
    script = "import os; from shipper.cli import install_command; os.geteuid() or os.setuid(65534);"
    command = [sys.executable, "-c", script + " raise SystemExit(install_command())"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "sudo" in done.stderr and "--root DIR" in done.stderr


def test_what_a_service_could_not_run_is_named() -> None:
    """Hidden places, closed folders and closed files; and a way out is shown."""
    assert "in /home, which is hidden" in str(obstacle(Path("/home/me/devmesh/.venv/bin/devmesh")))
    assert obstacle(Path("/bin/sh")) is None

    place = Path("/dev/shm", f"devmesh-test-{os.getpid()}")
    place.mkdir(mode=0o755)
    try:
        file = place / "devmesh"
        file.touch()
        file.chmod(0o750)
        assert f"{file} may not be read" in str(obstacle(file))
        file.chmod(0o755)
        assert obstacle(file) is None
        place.chmod(0o750)
        assert f"{place} is closed" in str(obstacle(file))
    finally:
        shutil.rmtree(place)


def test_the_command_writes_an_image_and_says_how_to_go_on(tmp_path: Path) -> None:
    command = [str(DEVMESH), "ship", "--install-units", "--root", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.count(": written\n") == len(PLACES)
    assert "systemctl enable --now devmesh-server devmesh-shipper" in done.stdout
    assert f'ExecStart="{DEVMESH}" ship\n' in (tmp_path / SERVICES[0]).read_text()

    command.remove("--install-units")
    alone = subprocess.run(command, capture_output=True, check=False)
    assert alone.returncode == 2 and b"--install-units" in alone.stderr


async def test_the_shipper_runs_as_its_unit_says(
    root: Path,
    server: StubServer,
    systemd: Any,
    spawn: Any,
    as_service: list[str],
    private_journald: list[str],
    tmp_path: Path,
) -> None:
    """A live journal, a user without name or rights, system calls filtered, a token as credential.

    That the journal can be read is due to the group systemd-journal alone.
    """
    server.token = "a-secret"
    (tmp_path / "token").write_text("a-secret\n")
    (tmp_path / "environment").write_text(f"DEVMESH_SERVER_URL={server.url}\n")
    journal = tmp_path / "journald/varlog"
    journal.mkdir(parents=True)
    os.chown(journal, 0, grp.getgrnam("systemd-journal").gr_gid)
    journal.chmod(0o2755)
    service = [*as_service, str(root / PLACES["devmesh-shipper.service"]), str(tmp_path)]
    # The second line on standard input comes after the first, and only then the end.
    script = """
        systemd-cat -t lab echo "n=1 before the start"; "$@" & pid=$!
        read -r go; systemd-cat -t lab echo "n=2 while it runs"
        read -r go; kill -TERM $pid; wait $pid
    """
    process = await spawn(
        *private_journald, "sh", "-c", script, "sh", *service,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdin is not None
    await until(lambda: server.seqs() == [1] and "READY=1" in systemd.heard)
    process.stdin.write(b"\n")
    await until(lambda: server.seqs() == [1, 2])
    process.stdin.write(b"\n")
    output, _ = await asyncio.wait_for(process.communicate(), 15)

    assert process.returncode == 0, output.decode()
    assert systemd.states() == ["READY=1", "STOPPING=1"]
    state = tmp_path / "devmesh-shipper/shipper"
    assert {"journal.position.json", "journal.status.json"} <= set(os.listdir(state))
    assert state.stat().st_mode & 0o777 == 0o700


def service_environment(server: StubServer, folder: Path) -> dict[str, str]:
    """A shipper that systemd watches: it may be silent for at most 0.6 s."""
    return {
        **os.environ,
        "DEVMESH_SERVER_URL": server.url,
        "DEVMESH_STATE_DIR": str(folder / "state"),
        "NOTIFY_SOCKET": str(folder / "notify"),
        "WATCHDOG_USEC": "600000",
    }


async def test_the_watchdog_hears_of_a_shipper_that_waits(
    server: StubServer, systemd: Any, spawn: Any, make_journal: MakeJournal, tmp_path: Path
) -> None:
    """For several times the watchdog's patience the server is busy, then the reader hangs."""
    server.busy_share = 1.0
    process = await spawn(
        DEVMESH, "ship", "--directory", make_journal(export_text(300)),
        env=service_environment(server, tmp_path),
    )  # fmt: skip
    await until(lambda: systemd.states() == ["READY=1"])
    before = systemd.pings()
    await until(lambda: systemd.pings() >= before + 9)
    assert server.encodings and not server.rows  # it tried, in vain

    server.busy_share = 0.0
    await until(lambda: len(server.rows) == 300)
    (reader,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(reader), signal.SIGSTOP)
    before = systemd.pings()
    await until(lambda: systemd.pings() >= before + 9)
    os.kill(int(reader), signal.SIGCONT)

    process.terminate()
    assert await asyncio.wait_for(process.wait(), 10) == 0
    assert systemd.states() == ["READY=1", "STOPPING=1"]


async def test_the_watchdog_hears_nothing_once_something_hangs(
    systemd: Any, tmp_path: Path
) -> None:
    well = True
    async with Notifier(str(tmp_path / "notify"), 150_000).watched(lambda: well):
        await until(lambda: systemd.pings() >= 2)
        well = False
        await asyncio.sleep(0.1)
        before = systemd.pings()
        await asyncio.sleep(0.3)
    assert systemd.pings() == before


async def test_a_shipper_that_cannot_find_its_position_is_never_ready(
    server: StubServer, systemd: Any, spawn: Any, tmp_path: Path
) -> None:
    state = tmp_path / "state/shipper"
    state.mkdir(parents=True)
    (state / "export-stdin.position.json").write_text("junk")
    process = await spawn(
        DEVMESH, "ship", "--export", "-",
        env=service_environment(server, tmp_path),
        stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await asyncio.wait_for(process.communicate(), 15)

    assert process.returncode == 2 and b"is damaged" in said
    assert systemd.states() == []
