"""`make bench-ship`: DevMesh, rsyslog and a bare pipe ship one journal into one MariaDB.

The same files, the same columns and indexes, one after the other on the same machine. It installs
nothing: where rsyslog is missing, it says what to install.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import cpu
import httpx2
from cpu import Result
from made_entries import MACHINE, export_text

from sql.pool import Address, Pool
from sql.private import PrivateServer

ROOT = Path(__file__).resolve().parents[2]
DEVMESH = str(Path(sys.executable).with_name("devmesh"))
JOURNAL_REMOTE = "/lib/systemd/systemd-journal-remote"
NEEDED = {
    "lib/systemd/systemd-journal-remote": "systemd-journal-remote",
    "usr/sbin/rsyslogd": "rsyslog",
    "usr/lib/*/rsyslog/ommysql.so": "rsyslog-mysql",
}
SPAN_US = 6 * 3_600_000_000
PORT = 8977

RSYSLOG = """
global(workDirectory="{folder}")
module(load="imjournal" StateFile="imjournal.state" PersistStateInterval="500"
       Ratelimit.Interval="0" IgnorePreviousMessages="off")
module(load="ommysql")
main_queue(queue.type="LinkedList" queue.size="20000" queue.dequeueBatchSize="500"
           queue.timeoutEnqueue="600000")
template(name="row" type="string" option.sql="on" string="INSERT INTO log_events (timestamp, \\
source, service, host, level, message, meta_json, event_uid, pattern_id) VALUES ('\\
%timereported:::date-year%-%timereported:::date-month%-%timereported:::date-day% \\
%timereported:::date-hour%:%timereported:::date-minute%:%timereported:::date-second%.\\
%timereported:::date-subseconds%', 'journald', '%$!_SYSTEMD_UNIT%', '%hostname%', \\
ELT(%syslogseverity% + 1, 'FATAL', 'FATAL', 'CRITICAL', 'ERROR', 'WARN', 'INFO', 'INFO', 'DEBUG'), \\
'%msg%', '%$!%', UNHEX('%uuid%'), 1)")
action(type="ommysql" server="localhost" socket="{socket}" db="{database}" uid="{user}" pwd=""
       template="row" queue.type="LinkedList" queue.size="20000" queue.dequeueBatchSize="500"
       queue.timeoutEnqueue="600000" action.resumeRetryCount="-1")
"""


class Bench:
    """One journal of `count` entries and one MariaDB, in a folder that goes away afterwards."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self.count = count
        self.journals = folder / "journals"
        """As /var/log/journal is: a folder a machine."""
        self.database = PrivateServer(folder / "mariadb", ROOT / ".mariadb", 256)

    async def open(self) -> None:
        """Write the journal and start MariaDB."""
        machine = Path("/etc/machine-id").read_text().strip()
        await asyncio.to_thread(self._build, self.journals / machine, self.count)
        await self.database.join()

    def _build(self, folder: Path, count: int) -> None:
        folder.mkdir(parents=True)
        text = self.folder / f"{folder.name}.export"
        first_us = time.time_ns() // 1000 - SPAN_US
        with text.open("wb") as file:
            file.writelines(export_text(count, first_us, SPAN_US // count))
        command = [JOURNAL_REMOTE, "-o", str(folder / f"{MACHINE}.journal"), str(text)]
        subprocess.run(command, check=True, capture_output=True)

    @property
    def files(self) -> Path:
        """The folder with the journal files."""
        return next(self.journals.iterdir())

    def pool(self, database: str) -> Pool:
        """Connections to a database of the server, which is made when it is not there."""
        socket = str(self.database.socket)
        return Pool(Address(database, self.database.user, unix_socket=socket))

    async def rows(self, database: str) -> int:
        """How many rows its log_events has."""
        pool = self.pool(database)
        async with pool.connection() as connection:
            [(count,)] = await connection.execute("SELECT COUNT(*) FROM log_events")
        await pool.close()
        return int(count)

    async def peer_table(self, database: str) -> None:
        """A table with the columns, indexes and partitions of DevMesh's own."""
        pool = self.pool(database)
        async with pool.connection() as connection:
            await connection.execute("CREATE TABLE log_events LIKE devmesh.log_events")
        await pool.close()

    async def timed(
        self, name: str, database: str, way: Callable[[], Awaitable[dict[str, float]]]
    ) -> Result:
        """Ship in one way; the server's own CPU is added to what it says it used."""
        pid = int((self.database.folder / "mariadb.pid").read_text())
        before, begin = cpu.of_process(pid), time.monotonic()
        used = await way()
        seconds = time.monotonic() - begin
        used["mariadbd"] = cpu.of_process(pid) - before
        rows = await self.rows(database)
        if rows < self.count:
            raise RuntimeError(f"{name}: only {rows} of {self.count} rows arrived")
        return Result(name, self.count, seconds, used)

    async def devmesh(self) -> Result:
        """`devmesh ship --once` into a running `devmesh serve`."""
        socket = (
            f"mysql://{self.database.user}@localhost/devmesh?unix_socket={self.database.socket}"
        )
        environment = {
            **os.environ,
            "DEVMESH_CONFIG": "/nonexistent",
            "DEVMESH_STATE_DIR": str(self.folder / "state"),
            "DEVMESH_DATABASE_URL": socket,
            "DEVMESH_PORT": str(PORT),
            "DEVMESH_SERVER_URL": f"http://127.0.0.1:{PORT}",
        }
        command = [DEVMESH, "ship", "--directory", str(self.files), "--once"]
        with (self.folder / "serve.log").open("wb") as log:
            server = subprocess.Popen([DEVMESH, "serve"], env=environment, stdout=log, stderr=log)
        try:
            await self._warmed_up()

            async def way() -> dict[str, float]:
                before = cpu.of_process(server.pid)
                shipper = subprocess.Popen(command, env=environment)
                used = await asyncio.to_thread(cpu.wait, shipper)
                return {"shipper": used, "server": cpu.of_process(server.pid) - before}

            return await self.timed("DevMesh", "devmesh", way)
        finally:
            server.terminate()
            await asyncio.to_thread(server.wait)

    async def _warmed_up(self) -> None:
        """A server that has been up for a while has its model loaded and its partitions made."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - SPAN_US / 1e6))
        first = {"message": "the bench begins", "timestamp": moment}
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{PORT}") as client:
            await _answering(client)
            (await client.post("/ingest/logs", json=[first], timeout=30)).raise_for_status()
            while (await client.get("/health")).json()["parts"]["index"]["indexed"] < 1:
                await asyncio.sleep(0.1)

    async def rsyslog(self) -> Result:
        """rsyslog with imjournal and ommysql, the journal bound over /var/log/journal for it."""
        await self.peer_table("peer_rsyslog")
        folder = self.folder / "rsyslog"
        folder.mkdir()
        configuration = folder / "rsyslog.conf"
        given = {"folder": folder, "socket": self.database.socket, "user": self.database.user}
        configuration.write_text(RSYSLOG.format(database="peer_rsyslog", **given))
        script = f"mount --bind {self.journals} /var/log/journal && exec rsyslogd -n -f {configuration} -i {folder}/pid"

        async def way() -> dict[str, float]:
            with (folder / "log").open("wb") as log:
                daemon = subprocess.Popen(
                    ["unshare", "--mount", "sh", "-c", script],
                    env={**os.environ, "TZ": "UTC"},
                    stdout=log,
                    stderr=log,
                )
            await self._until_all_are_in("peer_rsyslog")
            used = cpu.of_process(daemon.pid)
            daemon.terminate()
            await asyncio.to_thread(daemon.wait)
            return {"shipper": used}

        return await self.timed("rsyslog (imjournal, ommysql)", "peer_rsyslog", way)

    async def _until_all_are_in(self, database: str) -> None:
        """By the highest id, which costs the server nothing; the rows are counted afterwards."""
        pool, deadline = self.pool(database), time.monotonic() + 300
        highest = 0
        async with pool.connection() as connection:
            while highest < self.count:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{database}: {highest} of {self.count} rows after 300 s")
                await asyncio.sleep(0.05)
                [(found,)] = await connection.execute("SELECT MAX(id) FROM log_events")
                highest = found or 0
        await pool.close()

    async def pipe(self) -> Result:
        """`journalctl -o json` into bare bulk INSERTs."""
        await self.peer_table("peer_pipe")
        script = str(Path(__file__).with_name("pipe.py"))
        place = [str(self.database.socket), self.database.user, "peer_pipe"]

        async def way() -> dict[str, float]:
            reader = subprocess.Popen(
                ["journalctl", "-D", str(self.files), "--output=json", "--all"],
                stdout=subprocess.PIPE,
            )
            writer = subprocess.Popen([sys.executable, script, *place], stdin=reader.stdout)
            used = await asyncio.to_thread(cpu.wait, reader)
            return {"shipper": used + await asyncio.to_thread(cpu.wait, writer)}

        return await self.timed("journalctl | bulk INSERT", "peer_pipe", way)


async def _answering(client: httpx2.AsyncClient) -> None:
    while True:
        try:
            if (await client.get("/health")).is_success:
                return
        except httpx2.TransportError:
            await asyncio.sleep(0.1)


def table(results: list[Result], peer: Result) -> str:
    """The results as a table, with the ratio to one of them."""
    lines = [
        f"{'':30}{'rows/s':>9}{'ratio':>8}   CPU us an entry: {'shipper':>8}{'server':>8}"
        f"{'mariadbd':>10}{'sum':>8}"
    ]
    for one in results:
        parts = [one.cpu.get(part, 0.0) for part in ("shipper", "server", "mariadbd")]
        shipper, server, database, total = map(one.per_entry, [*parts, sum(parts)])
        lines.append(
            f"{one.name:30}{one.rate:9,.0f}{one.rate / peer.rate:8.2f}{'':20}"
            f"{shipper:8.1f}{server:8.1f}{database:10.1f}{total:8.1f}"
        )
    return "\n".join(lines)


async def main(count: int) -> None:
    """Run all three and print the table."""
    with tempfile.TemporaryDirectory(prefix="devmesh-bench-") as folder:
        bench = Bench(Path(folder), count)
        await bench.open()
        try:
            results = [await bench.devmesh(), await bench.rsyslog(), await bench.pipe()]
        finally:
            await bench.database.leave()
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{count:,} entries of 22 fields, {os.cpu_count()} cores, load average {load}")
    print(table(results, results[1]))


if __name__ == "__main__":
    lacking = [package for file, package in NEEDED.items() if not any(Path("/").glob(file))]
    if lacking:
        sys.exit(f"missing: apt-get install --no-install-recommends {' '.join(lacking)}")
    asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else 100_000))
