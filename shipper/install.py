"""DevMesh as services: the systemd units and journald settings, written where systemd looks.

A file that a person has changed is never overwritten. Ours begin with a seal over the rest, by
which an older version of ours is told from a changed one.
"""

import hashlib
import os
import sys
from importlib.resources import files
from pathlib import Path

import pydantic

from shipper.checkpoint import write_durably
from shipper.errors import CannotInstall
from shipper.headroom import configuration_files, system_max_use

PLACES = {
    "devmesh-shipper.service": "etc/systemd/system/devmesh-shipper.service",
    "devmesh-server.service": "etc/systemd/system/devmesh-server.service",
    "journald.conf": "etc/systemd/journald.conf.d/devmesh.conf",
    "journald@devmesh.conf": "etc/systemd/journald@devmesh.conf",
}
"""Where each of the packaged files goes."""

MACHINE = Path("/")
"""The root of the machine itself, rather than of an image."""

NEXT = """
next, as root:
  systemctl daemon-reload
  systemctl restart systemd-journald
  systemctl enable --now devmesh-server devmesh-shipper
A machine that only ships enables devmesh-shipper alone, once /etc/devmesh/environment has
the line DEVMESH_SERVER_URL=http://the-server:8000 and /etc/devmesh/token the server's token.
"""

_HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108
"""What ProtectHome= and PrivateTmp= keep from a service."""


def program_in_use(must_run: bool) -> Path:
    """The `devmesh` command of this Python; with `must_run`, one that a service may run.

    A service's user comes and goes with it and is in no group, so everything it needs must be
    open to all users. Giving it less protection instead would open all of /home or /root to it.

    Raises:
        CannotInstall: naming the path that is in the way.
    """
    program = Path(sys.executable).with_name("devmesh")
    needed = (program, Path(sys.executable), Path(__file__), Path(pydantic.__file__))
    if not program.is_file():
        raise CannotInstall(f"there is no command {program}; install DevMesh with pip first")
    for path in needed if must_run else ():
        found = obstacle(path) or obstacle(path.resolve())
        if found:
            raise CannotInstall(
                f"a service could not run DevMesh from here: {found}. Set DevMesh up under "
                "/opt with the system's Python, and install the units from there (README, "
                '"As services")'
            )
    return program


def obstacle(path: Path) -> str | None:
    """What keeps a service from a file, in words."""
    for hidden in _HIDDEN:
        if path.is_relative_to(hidden):
            return f"{path} is in {hidden}, which is hidden from it"
    for folder in reversed(path.parents):
        if not folder.stat().st_mode & 0o001:
            return f"{folder} is closed to other users"
    return None if path.stat().st_mode & 0o004 else f"{path} may not be read by other users"


def install_units(root: Path, program: Path | None = None) -> list[tuple[Path, str]]:
    """Write the files below `root`; each with what was done, in words.

    One that was changed by hand stays, and ours is put beside it as NAME.new. `program` is the
    `devmesh` command that the services run, by default the one in use.

    Raises:
        CannotInstall: for the machine itself without being root, or when a service could not run.
    """
    if root == MACHINE and os.geteuid() != 0:
        raise CannotInstall(
            "only root may write to /etc/systemd: run this with sudo, or give --root DIR to "
            "write below another folder"
        )
    program = program or program_in_use(must_run=root == MACHINE)
    values = {"@DEVMESH@": quoted(program), "@SYSTEM_MAX_USE@": _system_max_use(root)}
    folder, done = files("shipper.units"), []
    for name, place in PLACES.items():
        text = folder.joinpath(name).read_text(encoding="utf-8")
        for word, value in values.items():
            text = text.replace(word, value)
        done.append((root / place, _put(root / place, sealed(text))))
    return done


def _system_max_use(root: Path) -> str:
    """The line of the drop-in, which would win over what a person has set: a smaller size would
    throw journals away, and a larger one take a disk that was not given.
    """
    others = [file for file in configuration_files(root) if file != root / PLACES["journald.conf"]]
    if system_max_use(others) is not None:
        return "# SystemMaxUse= is set elsewhere on this machine, and stays as it is."
    return "SystemMaxUse=8G"


def _put(path: Path, text: str) -> str:
    try:
        old = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        old = None
    if old == text:
        return "unchanged"
    ours = old is None or old == sealed(old.partition("\n")[2])
    target = path if ours else path.with_name(f"{path.name}.new")
    target.parent.mkdir(parents=True, exist_ok=True)
    write_durably(target, text.encode())
    target.chmod(0o644)
    if not ours:
        return f"changed by hand, so kept; ours is {target.name} beside it"
    return "written" if old is None else "updated"


def sealed(body: str) -> str:
    """A file of ours: a first line with the seal of the rest."""
    seal = hashlib.blake2b(body.encode(), digest_size=8).hexdigest()
    return f"# DevMesh wrote this ({seal}) and will update it; put changes into drop-ins.\n{body}"


def quoted(program: Path) -> str:
    """A path as the first word of ExecStart= (systemd.service(5), "Command lines").

    Raises:
        CannotInstall: for characters that systemd allows in no program's path.
    """
    if not str(program).isprintable() or set(str(program)) & set("\"'\\"):
        raise CannotInstall(
            f"systemd cannot run {str(program)!r}: quotes, backslashes and control characters "
            "may not be in a program's path"
        )
    return f'"{program}"'.replace("%", "%%")
