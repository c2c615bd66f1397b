"""The private MariaDB begins and ends."""

import socket
from pathlib import Path

import pytest

from sql import private as module
from sql.private import PrivateServer
from tools.errors import StoreUnavailable


async def test_stopped_the_moment_it_started_it_ends(
    mariadb_prefix: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told to end while it listens and does not serve yet, mariadbd stays for ever, and silent."""
    monkeypatch.setattr(module, "_STOP_SECONDS", 20)
    folder = tmp_path_factory.mktemp("ends")
    for _ in range(8):
        server = PrivateServer(folder, mariadb_prefix, 32)
        await server.join()
        child = server._child
        assert child is not None
        await server.leave()
        try:
            assert child.poll() == 0
        finally:
            child.kill()
            child.wait()


async def test_one_that_listens_and_says_nothing_is_not_joined(
    mariadb_prefix: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that hangs: who joins is told so, soon."""
    monkeypatch.setattr(module, "_GREETING_SECONDS", 0.2)
    server = PrivateServer(tmp_path_factory.mktemp("mute"), mariadb_prefix, 32)
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(server.socket))
        mute.listen()
        with pytest.raises(StoreUnavailable, match="listens and does not serve"):
            await server.join()
    await server.leave()
