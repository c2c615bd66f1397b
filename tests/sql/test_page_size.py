"""Pages of a private MariaDB: large in a new data folder, and left as they are in an old one."""

from pathlib import Path

from sql.installation import Installation
from sql.page_size import page_size
from sql.pool import Address, Pool
from sql.private import PrivateServer


class OldServer(PrivateServer):
    """As it was made before: with the server's own page size."""

    def _command(self, installation: Installation) -> list[str]:
        command = super()._command(installation)
        return [part for part in command if not part.startswith("--innodb-page-size")]


async def _told(server: PrivateServer) -> int:
    """What a running server says of itself."""
    pool = Pool(Address("mysql", server.user, unix_socket=str(server.socket)))
    try:
        async with pool.connection() as connection:
            [[size]] = await connection.execute("SELECT @@innodb_page_size")
        return int(size)
    finally:
        await pool.close()


async def _told_once(server: PrivateServer) -> int:
    await server.join()
    try:
        return await _told(server)
    finally:
        await server.leave()


async def test_a_new_data_folder_has_large_pages(private: PrivateServer) -> None:
    """The file says what the server says."""
    assert page_size(private.folder / "data") == await _told(private) == 32_768


async def test_an_old_data_folder_keeps_its_pages(tmp_path: Path, mariadb_prefix: Path) -> None:
    """A server that gave it another page size would refuse to start."""
    assert await _told_once(OldServer(tmp_path / "old", mariadb_prefix, 32)) == 16_384
    assert page_size(tmp_path / "old/data") == 16_384
    assert await _told_once(PrivateServer(tmp_path / "old", mariadb_prefix, 32)) == 16_384
