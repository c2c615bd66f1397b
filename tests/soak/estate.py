"""A whole DevMesh on one machine: journald and writers, shipper, proxy, server, MariaDB."""

import json
import os
import sys
from collections import Counter
from pathlib import Path

import httpx2
from brute_force import rows_agree
from live_journal import LiveJournal
from processes import Service, free_port, until
from proxy import Proxy

from sql.pool import Address, Pool, Row
from sql.private import PrivateServer

DEVMESH = [str(Path(sys.executable).with_name("devmesh"))]
SHIPPER_STATE = Path("state", "shipper")


class Estate:
    """Everything in one folder. With `own_database` the server starts MariaDB itself, as
    `devmesh serve` does by default; without, it is given the address of one that we look after.
    """

    def __init__(self, folder: Path, prefix: Path, seed: int, own_database: bool = True) -> None:
        self.folder = folder
        self.seed = seed
        self.journal = LiveJournal(folder / "journald")
        self.port = free_port()
        self.proxy = Proxy(self.port, seed)
        self.database = PrivateServer(folder / "state" / "mariadb", prefix, 64)
        self.server = Service([*DEVMESH, "serve"], self._environment(prefix), folder / "serve.log")
        self._own_database = own_database
        self._pool = Pool(self._address())

    def _address(self) -> Address:
        return Address(user=self.database.user, unix_socket=str(self.database.socket))

    def _environment(self, prefix: Path) -> dict[str, str]:
        return {
            **os.environ,
            "DEVMESH_STATE_DIR": str(self.folder / "state"),
            "DEVMESH_MARIADB_PREFIX": str(prefix),
            "DEVMESH_MARIADB_BUFFER_MIB": "64",
            "DEVMESH_PORT": str(self.port),
        }

    async def open(self) -> None:
        """Start all but the shipper, and wait until the server answers."""
        await self.journal.open()
        await self.proxy.open()
        self.shipper = Service(
            [*self.journal.inside, *DEVMESH, "ship"],
            {
                **os.environ,
                "DEVMESH_STATE_DIR": str(self.folder / "state"),
                "DEVMESH_SERVER_URL": f"http://127.0.0.1:{self.proxy.port}",
            },
            self.folder / "ship.log",
        )
        if not self._own_database:
            await self.database.join()
            socket = (
                f"mysql://{self.database.user}@localhost/devmesh?unix_socket={self.database.socket}"
            )
            self.server.environment["DEVMESH_DATABASE_URL"] = socket
        await self.server.start()
        await until(self.healthy, f"the server to answer: {self.server.said}", 60)
        if self._own_database:
            await self.database.join()  # from now on it outlives its server

    async def close(self) -> None:
        """Stop everything that still runs."""
        await self.shipper.abandon()
        await self.server.abandon()
        await self.proxy.close()
        await self._pool.close()
        await self.journal.close()
        await self.database.leave()

    async def healthy(self) -> bool:
        """Whether the server says that it and its database are well."""
        async with httpx2.AsyncClient() as client:
            try:
                answer = await client.get(f"http://127.0.0.1:{self.port}/health", timeout=5)
            except httpx2.TransportError:
                return False
        return answer.is_success

    async def stored(self) -> list[str]:
        """The uids of all rows in the order of their ids."""
        rows = await self._query("SELECT HEX(event_uid) FROM log_events ORDER BY id")
        return [str(uid).lower() for (uid,) in rows]

    async def counted(self) -> int:
        """Asserts that all counts are what the rows say; the number of rows."""
        return await rows_agree(self._query)

    async def asked(self) -> bool:
        """Ask the server for counts and a page; whether it answered. What it says must add up."""
        server = f"http://127.0.0.1:{self.port}"
        try:
            async with httpx2.AsyncClient(base_url=server, timeout=10) as client:
                stats = await client.get("/stats/logs", params={"group_by": "service"})
                page = await client.get("/query/logs")
        except httpx2.TransportError:
            return False
        if not (stats.is_success and page.is_success):
            assert {stats.status_code, page.status_code} <= {200, 503}, (stats.text, page.text)
            return False
        said = stats.json()
        assert sum(group["count"] for group in said["groups"]) == said["total"]
        assert page.json()["total"] >= said["total"], "none ever goes"
        return True

    async def reported_lost(self) -> int:
        """How many entries the shipper has told the server are lost."""
        [(missing,)] = await self._query("SELECT COALESCE(SUM(missing), 0) FROM log_gaps")
        return int(missing)

    async def _query(self, text: str) -> list[Row]:
        async with self._pool.connection() as connection:
            return await connection.execute(text)

    def buried(self) -> Counter[str]:
        """The cursors in the dead-letter file, and how often each is in it."""
        file = self.folder / SHIPPER_STATE / "dead.ndjson"
        lines = file.read_text().splitlines() if file.exists() else []
        return Counter(json.loads(line)["cursor"] for line in lines)
