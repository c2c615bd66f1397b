"""Real services for tests: one private MariaDB a session, a database of its own for each test."""

import itertools
import os
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from server.app import Home
from server.settings import ServerSettings
from sql.pool import Address
from sql.private import PrivateServer, find_installation
from sql.store import MariaStore
from tools.errors import StoreUnavailable

PREFIX = Path(__file__).resolve().parent.parent / ".mariadb"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_numbers = itertools.count()


def missing(what: str) -> None:
    """A missing service skips at a desk and fails in CI."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI must have it")
    pytest.skip(f"{what} is missing")


@pytest.fixture(autouse=True, scope="session")
def _no_settings_of_this_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests see no DEVMESH_* variable, no config file and no state folder of the machine."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("DEVMESH_")}
    os.environ["DEVMESH_STATE_DIR"] = str(tmp_path_factory.mktemp("state"))
    os.environ["DEVMESH_CONFIG"] = "/nonexistent"
    yield
    del os.environ["DEVMESH_STATE_DIR"], os.environ["DEVMESH_CONFIG"]
    os.environ.update(kept)


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
