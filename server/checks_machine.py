"""What this machine gives: its journal, clock, disk, and the clients that start us."""

import ctypes
import grp
import json
import os
import pwd
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from server.checks import Finding
from server.clients.entry import NAME
from server.clients.jsonc import NotJson, parse
from server.clients.known import CLIENTS, Client
from server.settings import ServerSettings
from shipper.settings import ShipperSettings
from sql.sizes import bytes_text

JOURNALS = (Path("/var/log/journal"), Path("/run/log/journal"))
_LOW = 1_000_000_000
_UNSYNCHRONISED = 0x40  # STA_UNSYNC of adjtimex(2)
_STATUS_AT = 40  # of struct timex on 64 bits: modes, offset, freq, maxerror, esterror before it


def journal(machine: str, roots: Iterable[Path] = JOURNALS) -> Finding:
    """Whether this user may read the system's journal, and else which group is missing."""
    if not ShipperSettings().ship_journal:
        return Finding("journal", "ok", "not shipped, by DEVMESH_SHIP_JOURNAL")
    folders = [root / machine for root in roots]
    files = [file for folder in folders if _exists(file := folder / "system.journal")]
    if readable := next((file for file in files if os.access(file, os.R_OK)), None):
        return Finding("journal", "ok", f"{readable} can be read")
    if not files:
        text = f"none in {' nor '.join(map(str, folders))}"
        return Finding("journal", "warn", text, "sudo systemctl start systemd-journald")
    return _unreadable(files[0])


def _exists(file: Path) -> bool:
    try:
        return file.exists()
    except PermissionError:  # its folder may not even be looked into
        return True


def _unreadable(file: Path) -> Finding:
    user = _user()
    group = _group_of(file)
    text = f"{file} may not be read by {user}: not in the group {group}"
    if group in _groups_to_come(user):
        return Finding("journal", "fail", f"{text} in this session", f"newgrp {group}")
    mend = f"sudo usermod -aG {group} {user}  # then log in again"
    return Finding("journal", "fail", text, mend)


def _user() -> str:
    """Who we are, by name where the system knows one."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _group_of(file: Path) -> str:
    """The group that a journal file is given to, as far as it can be seen."""
    for path in (file, file.parent):
        try:
            name = grp.getgrgid(path.stat().st_gid).gr_name
        except (OSError, KeyError):
            continue
        if name != "root":
            return name
    return "systemd-journal"


def _groups_to_come(user: str) -> set[str]:
    """Groups that a user is in by the system's list; a session has them from the next login on."""
    return {group.gr_name for group in grp.getgrall() if user in group.gr_mem}


def synchronised() -> bool | None:
    """Whether the kernel's clock is kept by NTP, None when that cannot be told (adjtimex(2))."""
    buffer = ctypes.create_string_buffer(256)
    try:
        if ctypes.CDLL(None).adjtimex(buffer) < 0:
            return None
    except (AttributeError, OSError):
        return None
    status = int.from_bytes(buffer.raw[_STATUS_AT : _STATUS_AT + 4], sys.byteorder)
    return not status & _UNSYNCHRONISED


def clock(settings: ServerSettings, kept: Callable[[], bool | None] = synchronised) -> Finding:
    """Whether the clock is kept by NTP, and in which zone times without one are read."""
    zone = f"times without a zone are read as {settings.timezone}"
    match kept():
        case True:
            return Finding("clock", "ok", f"kept by NTP; {zone}")
        case None:
            return Finding("clock", "ok", f"whether NTP keeps it cannot be told; {zone}")
    return Finding("clock", "warn", f"not kept by NTP; {zone}", "sudo timedatectl set-ntp true")


def disk(settings: ServerSettings) -> Finding:
    """Whether the state folder can be written to, and has room."""
    folder = settings.state_dir
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        text = f"{there} may not be written to by this user"
        return Finding("disk", "fail", text, f'sudo chown -R "$(id -un)" {folder}')
    free = shutil.disk_usage(there).free
    text = f"{bytes_text(free)} free for {folder}"
    if free < _LOW:
        return Finding("disk", "fail", text, "export DEVMESH_RETENTION=30d")
    return Finding("disk", "ok", text)


def clients(known: Iterable[tuple[str, Client]] = tuple(CLIENTS.items())) -> list[Finding]:
    """Whether the MCP clients whose files tell of us find what they are told of."""
    told = [finding for name, client in known if (finding := _client(name, client))]
    if told:
        return told
    return [Finding("clients", "ok", "no MCP client has been told of us: devmesh mcp config")]


def _client(name: str, client: Client) -> Finding | None:
    """What a client's file says of us; None when there is no file or it says nothing."""
    path = client.file()
    again = f"devmesh mcp config {name} --write"
    try:
        said = parse(path.read_text(encoding="utf-8-sig")).value
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError, NotJson) as error:
        return Finding("clients", "warn", f"{client.title} cannot read {path}: {error}", again)
    servers = said.get(client.key) if isinstance(said, dict) else None
    entry = servers.get(NAME) if isinstance(servers, dict) else None
    if not isinstance(entry, dict):
        return None
    if "command" not in entry:
        return Finding("clients", "ok", f"{client.title} is told of {json.dumps(entry.get('url'))}")
    command = str(entry["command"])
    if shutil.which(command) is None:
        text = f"{client.title} starts {command}, which is not there or no program"
        return Finding("clients", "fail", text, again)
    return Finding("clients", "ok", f"{client.title} starts {command}")
