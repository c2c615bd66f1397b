"""Three real nodes of a Galera cluster on loopback, set up by the lines of docs/scale.md."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import time
from configparser import ConfigParser
from pathlib import Path

from processes import free_port, until

from sql.address import Address
from sql.installation import find_installation
from sql.page_size import page_size
from sql.pool import Pool, Row
from sql.private import PrivateServer
from tools.errors import StoreUnavailable

PAGE = Path(__file__).resolve().parents[2] / "docs/scale.md"
USER, PASSWORD = "devmesh", "a,b:c@d"
IN_URL = "devmesh:a,b%3Ac%40d"
_SECONDS = 120
_RECOVERED = re.compile(r"Recovered position: (\S+)")


def documented_options() -> dict[str, str]:
    """The options that the page tells every node to have."""
    [lines] = re.findall(r"```ini\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    parser = ConfigParser()
    parser.read_string(lines)
    return dict(parser["mariadb"])


class Node:
    """One mariadbd of a cluster, in a folder of its own."""

    def __init__(self, folder: Path, prefix: Path) -> None:
        self.folder = folder
        self.prefix = prefix
        self.port, self.group, self.ist, self.sst = (free_port() for _ in range(4))
        self.process: subprocess.Popen[bytes] | None = None
        (folder / "data").mkdir(parents=True)
        (folder / "tmp").mkdir()
        (folder / "bin").mkdir()
        # For root, rsync's daemon would write as nobody, who may not.
        wrapper = folder / "bin/rsync"
        wrapper.write_text(
            '#!/bin/sh\n[ "$1" != --daemon ] || set -- "$@" --dparam=uid=$(id -u) --dparam=gid=$(id -g)\n'
            f'exec {shutil.which("rsync")} "$@"\n'
        )
        wrapper.chmod(0o755)

    def address(self, database: str = "devmesh") -> Address:
        """How clients reach it."""
        return Address(database, USER, PASSWORD, "127.0.0.1", self.port)

    def url(self, database: str = "devmesh") -> str:
        """The same as a URL."""
        return f"mysql://{IN_URL}@127.0.0.1:{self.port}/{database}"

    def start(self, peers: str) -> None:
        """Start it: the first of a cluster without peers, others copy or catch up from them."""
        options = documented_options() | self._here(peers)
        if (self.folder / "data/grastate.dat").exists():
            options["wsrep_start_position"] = self._recovered(options)
        self.process = self._run(options)

    def _here(self, peers: str) -> dict[str, str]:
        """What differs from the page: three nodes share one machine, and a small one."""
        provider = {
            "base_host": "127.0.0.1",
            "base_port": self.group,
            "gmcast.listen_addr": f"tcp://127.0.0.1:{self.group}",
            "ist.recv_addr": f"127.0.0.1:{self.ist}",
            "gcache.size": "64M",
        }
        return {
            "bind_address": "127.0.0.1",
            "port": str(self.port),
            "wsrep_provider": str(self.prefix / "root/usr/lib/galera/libgalera_smm.so"),
            "wsrep_cluster_address": f"gcomm://{peers}",
            "wsrep_node_address": "127.0.0.1",
            "wsrep_sst_receive_address": f"127.0.0.1:{self.sst}",
            "wsrep_provider_options": ";".join(f"{key}={value}" for key, value in provider.items()),
            "innodb_buffer_pool_size": "64M",
            "innodb_log_file_size": "96M",
            "innodb_page_size": str(page_size(self.folder / "data")),
            "log_error": str(self.folder / "log.err"),
        }

    def _recovered(self, options: dict[str, str]) -> str:
        """How far the data of a killed node go, as systemd's unit finds out by itself."""
        log = self.folder / "recovery.err"
        log.unlink(missing_ok=True)
        self._run(options | {"wsrep_recover": "ON", "log_error": str(log)}).wait(_SECONDS)
        [position] = _RECOVERED.findall(log.read_text())
        return str(position)

    def _run(self, options: dict[str, str]) -> subprocess.Popen[bytes]:
        installation = find_installation(self.prefix)
        command = [
            str(installation.program),
            "--no-defaults",
            f"--basedir={self.folder}",  # its bin/ comes first on the scripts' PATH
            f"--datadir={self.folder}/data",
            f"--tmpdir={self.folder}/tmp",
            f"--socket={self.folder}/sock",
            f"--lc_messages_dir={installation.share}",
            f"--character_sets_dir={installation.share}/charsets",
            *(["--user=root"] if os.geteuid() == 0 else []),
            *(f"--{name}={value}" for name, value in options.items()),
        ]
        path = f"{self.folder}/bin:{self.prefix}/bin:{os.environ['PATH']}"
        return subprocess.Popen(
            command,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def end(self, number: signal.Signals) -> None:
        """Send a signal and wait for the end, if it runs."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(_SECONDS)
            self.process = None

    async def synced(self) -> bool:
        """Whether it has everything that the cluster has."""
        assert self.process is not None and self.process.poll() is None, self.said()
        try:
            [[_, state]] = await self.query("SHOW STATUS LIKE 'wsrep_local_state_comment'")
        except StoreUnavailable:
            return False
        return bool(state == "Synced")

    async def query(self, text: str, database: str = "mysql") -> list[Row]:
        """The rows of a statement run on this very node."""
        pool = Pool(self.address(database), size=1)
        try:
            async with pool.connection() as connection:
                return await connection.execute(text)
        finally:
            await pool.close()

    def said(self) -> str:
        """The end of its log."""
        return (self.folder / "log.err").read_text(errors="replace")[-3_000:]

    def state_transfers(self) -> int:
        """How often its data were copied whole, by its log."""
        return (
            (self.folder / "log.err").read_text(errors="replace").count("SST completed on joiner")
        )


class Cluster:
    """Three nodes."""

    def __init__(self, folder: Path, prefix: Path) -> None:
        self.nodes = [Node(folder / f"node{n}", prefix) for n in (1, 2, 3)]

    async def open(self) -> None:
        """Make the data of the first node, start it, and let the others copy from it."""
        first, *others = self.nodes
        await _make_data(first)
        first.start(peers="")
        await self.wait(first)
        for node in others:
            node.start(self._peers())
        for node in others:
            await self.wait(node)

    async def close(self) -> None:
        """End every node."""
        for node in self.nodes:
            await asyncio.to_thread(node.end, signal.SIGKILL)

    async def bring_back(self, node: Node) -> float:
        """Start a node again that was killed; the seconds until it has caught up."""
        began = time.monotonic()
        await asyncio.to_thread(node.start, self._peers())
        await self.wait(node)
        return time.monotonic() - began

    async def wait(self, node: Node) -> None:
        """Wait until a node has everything that the cluster has."""
        await until(node.synced, f"a node to join: {node.folder}", _SECONDS)

    def urls(self, first: int) -> str:
        """The setting of a server that begins with that node."""
        order = self.nodes[first:] + self.nodes[:first]
        return ",".join(node.url() for node in order)

    def _peers(self) -> str:
        return ",".join(f"127.0.0.1:{node.group}" for node in self.nodes)


async def _make_data(node: Node) -> None:
    """System tables, and a user who may come over TCP."""
    maker = PrivateServer(node.folder, node.prefix, 64)
    await maker.join()
    pool = Pool(Address("mysql", maker.user, unix_socket=str(maker.socket)))
    try:
        async with pool.connection() as connection:
            await connection.execute(
                f"GRANT ALL ON *.* TO '{USER}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'"
            )
    finally:
        await pool.close()
        await maker.leave()


def missing_programs(prefix: Path) -> str:
    """What a cluster needs and is not there, or nothing."""
    script = prefix / "bin/wsrep_sst_rsync"
    lacking = [] if script.exists() else ["Galera (make galera)"]
    return ", ".join(lacking + [name for name in ("rsync", "ps") if not shutil.which(name)])
