"""A private MariaDB of one state folder: unix socket only, shared by the folder's processes.

The first process that joins starts it; the last that leaves stops it. Both are decided under
file locks, which the kernel gives back when a process dies, so a killed owner leaves a server
that the next one finds and takes over.
"""

import asyncio
import fcntl
import hashlib
import logging
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from sql.accounts import READER, account, admission, os_user
from sql.cuts import await_cuts
from sql.installation import Installation, find_installation
from sql.page_size import page_size
from sql.statements import statements
from tools.errors import StoreUnavailable

_log = logging.getLogger(__name__)

_SOCKET_PATH = 100
_START_SECONDS = 120
_STOP_SECONDS = 60
_GREETING_SECONDS = 10


class PrivateServer:
    """The private MariaDB in `folder`; data, socket, log and locks lie there, mode 0700."""

    def __init__(self, folder: Path, prefix: Path, buffer_mib: int = 256) -> None:
        self.folder = folder
        self._prefix = prefix
        self._buffer_mib = buffer_mib
        self._users: IO[str] | None = None
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """The unix socket that clients connect to; elsewhere when the folder's path is too long."""
        direct = self.folder.absolute() / "mariadb.sock"
        if len(os.fsencode(direct)) <= _SOCKET_PATH:
            return direct
        digest = hashlib.blake2b(os.fsencode(direct), digest_size=8).hexdigest()
        return Path(tempfile.gettempdir()) / f"devmesh-{os.geteuid()}-{digest}" / "mariadb.sock"

    @property
    def user(self) -> str:
        """The account to log in as."""
        return account()

    @property
    def reader(self) -> str:
        """The account that may only read the database named devmesh."""
        return READER

    async def join(self) -> None:
        """Use the server, starting it if nobody does yet.

        Raises:
            StoreUnavailable: when it cannot be started; the message holds the end of its log.
        """
        await asyncio.to_thread(self._join)

    async def revive(self) -> None:
        """Start the server again if it has died. Raises StoreUnavailable as `join`."""
        await asyncio.to_thread(self._revive)

    async def leave(self) -> None:
        """Stop using the server; the last user stops it."""
        await asyncio.to_thread(self._leave)

    def _join(self) -> None:
        _own_folder(self.folder)
        with self._starting():
            users = (self.folder / "users.lock").open("a")
            fcntl.flock(users, fcntl.LOCK_SH)
            self._users = users
            self._ensure()
            self._await_greeting()

    def _revive(self) -> None:
        with self._starting():
            self._ensure()

    def _leave(self) -> None:
        if self._users is None:
            return
        await_cuts(self.socket, self.user)  # meanwhile others may join
        with self._starting(), self._users as users:
            self._users = None
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # others still use it
            self._stop()

    def _starting(self) -> IO[str]:
        """Held while deciding to start or stop; closing the file gives the lock back."""
        lock = (self.folder / "start.lock").open("a")
        fcntl.flock(lock, fcntl.LOCK_EX)
        return lock

    def _ensure(self) -> None:
        if self._listens():
            return
        if self._child is not None:
            # It is ours that died, or is still dying with its files open.
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(_STOP_SECONDS)
        installation = find_installation(self._prefix)
        _own_folder(self.socket.parent)
        if not (self.folder / "data" / "mysql").is_dir():
            self._initialise(installation)
        self._start(installation)

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket))
            except OSError:
                return False
        return True

    def _greets(self) -> bool:
        """Whether it serves. It listens before, and told to stop in between it never ends."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(_GREETING_SECONDS)
            try:
                probe.connect(str(self.socket))
                return probe.recv(1) != b""
            except OSError:
                return False

    def _await_greeting(self) -> None:
        deadline = time.monotonic() + _GREETING_SECONDS
        while not self._greets():
            if time.monotonic() > deadline:
                who = f"MariaDB (pid {self._pid()})"
                raise StoreUnavailable(f"{who} listens and does not serve: {self._log_end()}", 5)
            time.sleep(0.05)

    def _command(self, installation: Installation) -> list[str]:
        data = self.folder / "data"
        temporary = self.folder / "tmp"
        for folder in (data, temporary):
            folder.mkdir(mode=0o700, exist_ok=True)
        command = [
            str(installation.program),
            "--no-defaults",
            f"--datadir={data}",
            f"--tmpdir={temporary}",
            f"--lc-messages-dir={installation.share}",
            f"--character-sets-dir={installation.share}/charsets",
            f"--log-error={self.folder}/mariadb.log",
            f"--pid-file={self.folder}/mariadb.pid",
            "--innodb-log-file-size=256M",
            f"--innodb-buffer-pool-size={self._buffer_mib}M",
            f"--innodb-page-size={page_size(data)}",
        ]
        return [*command, "--user=root"] if os.geteuid() == 0 else command

    def _initialise(self, installation: Installation) -> None:
        """Make the system tables in a scratch folder, then move it into place in one step."""
        data = self.folder / "data"
        shutil.rmtree(data, ignore_errors=True)
        name = os_user()
        user = f"'{name}'" if name else "NULL"
        head = statements()["bootstrap"].given({}) % {"user": user}
        script = "\n".join([head + ";", *installation.tables()])
        command = [*self._command(installation), "--bootstrap"]
        done = subprocess.run(  # noqa: S603
            command, input=script.encode(), capture_output=True, check=False
        )
        if done.returncode:
            shutil.rmtree(data, ignore_errors=True)
            raise StoreUnavailable(f"MariaDB could not make its system tables: {self._log_end()}")

    def _start(self, installation: Installation) -> None:
        first = self.folder / "admission.sql"
        first.write_text(admission(), encoding="utf-8")
        command = [
            *self._command(installation),
            f"--init-file={first}",
            f"--socket={self.socket}",
            "--skip-networking",
            "--skip-name-resolve",
            "--skip-log-bin",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_uca1400_as_ci",
            "--max-allowed-packet=256M",
            "--max-connections=200",
        ]
        # A session of its own: Ctrl-C at the terminal is for us, not for the database.
        self._child = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + _START_SECONDS
        while not self._greets():
            if self._child.poll() is not None or time.monotonic() > deadline:
                raise StoreUnavailable(f"MariaDB did not start: {self._log_end()}", 5)
            time.sleep(0.05)

    def _stop(self) -> None:
        await_cuts(self.socket, self.user)
        pid = self._pid()
        if pid is None and self._child is not None and self._child.poll() is None:
            pid = self._child.pid  # it answers before it has written its pid file
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        # mariadbd removes its pid file before it lets go of its data: wait for the process.
        while not self._gone(pid):
            if time.monotonic() > deadline:
                _log.warning("MariaDB (pid %d) is still stopping", pid)
                return
            time.sleep(0.05)

    def _gone(self, pid: int) -> bool:
        """Whether a process has ended, its files closed; ours is reaped on the way."""
        if self._child is not None and self._child.pid == pid:
            return self._child.poll() is not None
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        return state in {"Z", "X"}

    def _pid(self) -> int | None:
        """The pid of our running server; the pid file alone could name a stranger."""
        try:
            pid = int((self.folder / "mariadb.pid").read_text())
        except (OSError, ValueError):
            return None
        return pid if self._runs(pid) else None

    def _runs(self, pid: int) -> bool:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False
        return os.fsencode(f"--socket={self.socket}") in command

    def _log_end(self) -> str:
        try:
            lines = (self.folder / "mariadb.log").read_text(errors="replace").splitlines()
        except OSError:
            return "no log was written"
        told = [line for line in lines if "[ERROR]" in line] or lines
        return " | ".join(told[-3:])


def _own_folder(folder: Path) -> None:
    """Make the folder ours alone. Raises StoreUnavailable when it is somebody else's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise StoreUnavailable(f"{folder} belongs to somebody else", 60)
    folder.chmod(0o700)
