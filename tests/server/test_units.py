"""The server under its unit, and what it tells systemd."""

import asyncio
import socket
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from processes import free_port

from server.serve import check_exposure
from server.settings import ServerSettings
from shipper.install import PLACES, install_units
from sql.pool import Address, Pool
from sql.private import PrivateServer
from tools.errors import BadArguments

DEVMESH = Path(sys.executable).with_name("devmesh")
EVENT = {"service": "backup", "level": "ERROR", "message": "no space left on device"}


async def until_ready(systemd: Any, process: Any) -> None:
    """Wait until the server has said that it is ready."""
    async with asyncio.timeout(30):
        while "READY=1" not in systemd.heard:
            assert process.returncode is None
            await asyncio.sleep(0.05)


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short one: below a long path a database's socket lies elsewhere."""
    return tmp_path_factory.mktemp("unit")


async def test_the_server_runs_as_its_unit_says(
    systemd: Any, spawn: Any, as_service: list[str], mariadb_prefix: Path, tmp_path: Path
) -> None:
    """MariaDB, torch and the embedder work for a user without name or rights, with system calls
    filtered; what root has stored before is there; root can read along; the token is asked for.
    """
    before = PrivateServer(tmp_path / "devmesh/mariadb", mariadb_prefix, 64)
    await before.join()
    await before.leave()
    install_units(tmp_path / "root", DEVMESH)
    port = free_port()
    (tmp_path / "token").write_text("a-secret\n")
    (tmp_path / "environment").write_text(
        f"DEVMESH_PORT={port}\nDEVMESH_MARIADB_BUFFER_MIB=64\nWATCHDOG_USEC=3000000\n"
    )
    unit = tmp_path / "root" / PLACES["devmesh-server.service"]
    process = await spawn(*as_service, unit, tmp_path)
    await until_ready(systemd, process)

    url = f"http://127.0.0.1:{port}"
    async with httpx2.AsyncClient(base_url=url, timeout=60) as client:
        assert (await client.post("/ingest/logs", json={"events": [EVENT]})).status_code == 401
        client.headers["Authorization"] = "Bearer a-secret"
        answer = await client.post("/ingest/logs", json={"events": [EVENT]})
        assert answer.json()["accepted"] == 1, answer.text
        answer = await client.get("/similar/logs", params={"text": "disk full"})
        (pattern,) = answer.json()["patterns"]
        assert pattern["pattern"] == EVENT["message"] and pattern["cosine"] > 0.3
    database = Address("devmesh", "root", unix_socket=str(before.socket))
    pool = Pool(database)
    async with pool.connection() as connection:
        assert await connection.execute("SELECT service FROM log_events") == [("backup",)]
    await pool.close()

    assert systemd.pings() > 0
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 30) == 0
    assert systemd.states() == ["READY=1", "STOPPING=1"]  # and not a word from MariaDB
    assert not before.socket.exists()


async def test_a_server_that_cannot_listen_is_never_ready(
    systemd: Any, spawn: Any, environment: dict[str, str], tmp_path: Path
) -> None:
    """Another program has the port: systemd sees an end, not a start."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        environment["DEVMESH_PORT"] = str(place.getsockname()[1])
        environment["NOTIFY_SOCKET"] = str(tmp_path / "notify")
        process = await spawn(DEVMESH, "serve", env=environment)
        assert await asyncio.wait_for(process.wait(), 30) != 0
    assert systemd.states() == []


def test_a_token_in_a_file_opens_the_server_to_other_machines(tmp_path: Path) -> None:
    """`none` is no token, so that a unit need not know whether there is one; nothing is wrong."""
    file = tmp_path / "token"
    settings = ServerSettings(host="0.0.0.0", token_file=file)
    with pytest.raises(BadArguments, match=r"DEVMESH_TOKEN_FILE: cannot be read: .*No such file"):
        check_exposure(settings)
    file.write_text(" \n")
    with pytest.raises(BadArguments, match="must hold a token"):
        check_exposure(settings)
    file.write_text("none\n")
    with pytest.raises(BadArguments, match="DEVMESH_HOST"):
        check_exposure(settings)
    file.write_text("a-secret\n")
    check_exposure(settings)
    assert settings.bearer_token == "a-secret"
