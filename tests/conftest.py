"""Real services for tests: one private MariaDB a session, a database of its own for each test."""

import asyncio
import itertools
import os
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from server.app import Home
from server.settings import ServerSettings
from sql.installation import find_installation
from sql.pool import Address
from sql.private import PrivateServer
from sql.store import MariaStore
from tools.errors import StoreUnavailable

PREFIX = Path(__file__).resolve().parent.parent / ".mariadb"
AS_SERVICE = Path(__file__).with_name("as_service.py")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_numbers = itertools.count()


def missing(what: str) -> None:
    """A missing service skips at a desk and fails in CI."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI must have it")
    pytest.skip(f"{what} is missing")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What was captured goes to another process, and half surrogates do not get there."""
    report = yield
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections
    ]
    return report


@pytest.fixture(autouse=True, scope="session")
def _no_settings_of_this_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests see no DEVMESH_* variable, no config file and no state folder of the machine."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("DEVMESH_")}
    os.environ["DEVMESH_STATE_DIR"] = str(tmp_path_factory.mktemp("state"))
    os.environ["DEVMESH_CONFIG"] = "/nonexistent"
    yield
    del os.environ["DEVMESH_STATE_DIR"], os.environ["DEVMESH_CONFIG"]
    os.environ.update(kept)


class Ear(asyncio.DatagramProtocol):
    """systemd's end of the notification socket: what services said, in order."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.heard += data.decode().splitlines()

    def pings(self) -> int:
        """How often the watchdog was told that all is well."""
        return self.heard.count("WATCHDOG=1")

    def states(self) -> list[str]:
        """Everything else."""
        return [state for state in self.heard if state != "WATCHDOG=1"]


@pytest.fixture
async def systemd(tmp_path: Path) -> AsyncIterator[Ear]:
    """Listens on `tmp_path`/notify as systemd does on NOTIFY_SOCKET."""
    path = str(tmp_path / "notify")
    ear = Ear()
    loop = asyncio.get_running_loop()
    family = socket.AF_UNIX
    transport, _ = await loop.create_datagram_endpoint(lambda: ear, local_addr=path, family=family)
    os.chmod(path, 0o777)
    yield ear
    transport.close()


Spawn = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def spawn() -> AsyncIterator[Spawn]:
    """Starts processes: `await spawn(program, …, env=…)`. None outlives the test."""
    started: list[asyncio.subprocess.Process] = []

    async def start(*command: str | Path, **options: Any) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(*command, **options)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.returncode is None:
            if process.stdin is not None:
                process.stdin.close()
            process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 20)
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
def as_service() -> list[str]:
    """The start of a command line that runs the service of a unit: `UNIT FOLDER` follow."""
    programs = ("unshare", "setpriv", "systemd-analyze")
    if os.geteuid() != 0 or not all(map(shutil.which, programs)):
        missing(f"root with {', '.join(programs)}")
    return [sys.executable, str(AS_SERVICE)]


@pytest.fixture(scope="session")
def mariadb_prefix() -> Path:
    """Where the set-up unpacked MariaDB."""
    try:
        find_installation(PREFIX)
    except StoreUnavailable:
        missing("MariaDB >= 11.7 (make mariadb)")
    return PREFIX


@pytest.fixture(scope="session")
async def private(
    mariadb_prefix: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[PrivateServer]:
    """One private MariaDB for the whole session."""
    server = PrivateServer(tmp_path_factory.mktemp("db") / "mariadb", mariadb_prefix, 64)
    await server.join()
    yield server
    await server.leave()


@pytest.fixture
def database(private: PrivateServer, request: pytest.FixtureRequest) -> Address:
    """An empty database of the test's own."""
    name = re.sub(r"\W+", "_", request.node.name)[:40]
    return Address(
        database=f"t{next(_numbers)}_{name}",
        user=private.user,
        unix_socket=str(private.socket),
    )


@pytest.fixture
def url(database: Address) -> SecretStr:
    """The same database as DEVMESH_DATABASE_URL."""
    socket = database.unix_socket
    return SecretStr(f"mysql://{database.user}@localhost/{database.database}?unix_socket={socket}")


@pytest.fixture
async def store(database: Address) -> AsyncIterator[MariaStore]:
    """A store on an empty, migrated database; its clock stands at NOW."""
    store = MariaStore(lambda: NOW, address=database)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def settings(url: SecretStr, tmp_path: Path) -> ServerSettings:
    """Server settings on an empty database."""
    return ServerSettings(database_url=url, state_dir=tmp_path, port=0)


@pytest.fixture
async def home(settings: ServerSettings) -> AsyncIterator[Home]:
    """The parts of a server process on an empty database, with the real clock and embedder."""
    parts = Home(settings)
    yield parts
    await parts.close()
