"""as_service.py UNIT FOLDER: run the service of a unit file as systemd would, without systemd.

Like private_journald.sh it works in a mount namespace and leaves the host as it was. Of the unit
it applies ExecStart=, Environment=, the dynamic user with its groups in a user namespace without
capabilities, UMask=, what a dynamic user's Protect...= and Private...= hide or make read-only,
ProcSubset=, StateDirectory=, SystemCallFilter= with EPERM, MemoryDenyWriteExecute= and
RestrictAddressFamilies=. It does not apply cgroups, LogNamespace=, the smaller Restrict...= and
what only systemd itself does: restarts and the watchdog.

FOLDER stands for the rest of the machine: `token` for /etc/devmesh/token, `environment` for
/etc/devmesh/environment, `notify` for the socket of NOTIFY_SOCKET; the state folder is made in
it. What of DevMesh and its Python lies in a hidden place is let through, which
`devmesh ship --install-units` would refuse.
"""

import ctypes
import errno
import grp
import os
import shlex
import socket
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UID = 61_999
"""Of the range of dynamic users, whose names nothing but systemd can look up."""

USER_NAMESPACE = ["unshare", "--user", f"--map-user={UID}", f"--map-group={UID}"]
HIDDEN = ("/home", "/root", "/run", "/tmp", "/var/tmp", "/var/lib")
NODES = ("null", "zero", "full", "random", "urandom", "tty")
FAMILIES = range(1, 46)

ALLOW, FAIL = 0x7FFF0000, 0x00050000
EQUAL, MASKED_EQUAL = 4, 7
"""SCMP_ACT_* and SCMP_CMP_* of seccomp.h."""

PROT_EXEC, PROT_WRITE_EXEC = 4, 6

Rules = list[tuple[str, tuple[int, int, int, int] | None]]
"""System calls, each with one comparison of an argument or none."""


class Unit:
    """The settings of a unit file, each with its values in order."""

    def __init__(self, file: Path) -> None:
        self.name = file.name
        self.credentials = f"/run/credentials/{file.name}"
        self._values: dict[str, list[str]] = defaultdict(list)
        for line in file.read_text().splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                self._values[key].append(value)

    def all(self, key: str) -> list[str]:
        return self._values[key]

    def one(self, key: str) -> str:
        return self._values[key][-1] if self._values[key] else ""


def run(*command: str | Path) -> None:
    """Run to the end; it must succeed."""
    subprocess.run([str(word) for word in command], check=True)


def hide(unit: Unit, folder: Path) -> None:
    """The mounts: everything hidden or read-only but what the service is given."""
    state, credentials = folder / unit.one("StateDirectory"), folder / "credentials"
    for path in (state, credentials):
        path.mkdir(mode=0o700, exist_ok=True)
    token = folder / "token"
    default = unit.one("SetCredential").partition(":")[2]
    (credentials / "token").write_text(token.read_text() if token.exists() else default)
    run("chown", "-R", f"{UID}:{UID}", state, credentials)
    given = {
        state: Path("/var/lib", state.name),
        credentials: Path(unit.credentials),
        folder / "notify": Path("/run/systemd/notify"),
        Path("/run/systemd/journal"): Path("/run/systemd/journal"),
        **{place: place for place in (Path(sys.base_prefix), Path(sys.prefix), ROOT)},
    }
    run("mount", "-n", "-t", "tmpfs", "-o", "mode=755", "aside", "/mnt")
    there = [source for source in given if source.exists()]
    aside = {source: put(source, Path("/mnt", str(at))) for at, source in enumerate(there)}
    devices(Path("/mnt/dev"))
    for place in filter(os.path.isdir, HIDDEN):
        mode = "1777" if "tmp" in place else "755"
        run("mount", "-n", "-t", "tmpfs", "-o", f"mode={mode}", "hidden", place)
    for source, copy in aside.items():
        put(copy, given[source])
    visible = f"hidepid={unit.one('ProtectProc')}"
    subset = "subset=pid," if unit.one("ProcSubset") == "pid" else ""
    run("mount", "-n", "-t", "proc", "-o", subset + visible, "proc", "/proc")
    run("umount", "--lazy", "/mnt")
    run("mount", "-n", "-o", "remount,bind,ro", "/")


def put(source: Path, target: Path) -> Path:
    """Bind a file or folder to a place that is made if need be; the place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        target.mkdir(exist_ok=True)
    else:
        target.touch()
    run("mount", "-n", "--rbind", source, target)
    return target


def devices(folder: Path) -> None:
    """The harmless ones alone, in /dev."""
    folder.mkdir()
    for name in NODES:
        put(Path("/dev", name), folder / name)
    shared = folder / "shm"
    shared.mkdir()
    shared.chmod(0o1777)
    (folder / "fd").symlink_to("/proc/self/fd")
    run("mount", "-n", "--rbind", folder, "/dev")


def restricted() -> bool:
    """Whether, as on Ubuntu, only root may make user namespaces: then it goes without."""
    switch = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    return switch.exists() and switch.read_text().strip() == "1"


def environment(unit: Unit, folder: Path) -> list[str]:
    """NAME=value: what systemd sets, the unit's Environment= and its EnvironmentFile=."""
    file = folder / "environment"
    words = " ".join(unit.all("Environment")).split()
    return [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
        "LANG=C.UTF-8",
        "NOTIFY_SOCKET=/run/systemd/notify",
        f"CREDENTIALS_DIRECTORY={unit.credentials}",
        *(word.replace("%S", "/var/lib").replace("%d", unit.credentials) for word in words),
        *(file.read_text().split() if file.exists() else ()),
    ]


class Comparison(ctypes.Structure):
    """struct scmp_arg_cmp of seccomp.h."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


def load_filter(default: int, action: int, rules: Rules) -> None:
    """A seccomp filter, by libseccomp as in systemd itself."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(default)))
    for name, comparison in rules:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number < 0:
            continue  # of another architecture, or newer than this libseccomp
        compared = [Comparison(*comparison)] if comparison else []
        array = (Comparison * len(compared))(*compared)
        arguments = (context, ctypes.c_uint32(action), number, len(compared), array)
        if library.seccomp_rule_add_array(*arguments):
            raise OSError(f"libseccomp refused the rule for {name}")
    if library.seccomp_load(context):
        raise OSError("the system call filter was not accepted")


def restrict(unit: Unit) -> None:
    """Load what the unit says of system calls. The list of the allowed ones comes last."""
    let_in = {int(getattr(socket, name)) for name in unit.one("RestrictAddressFamilies").split()}
    others: Rules = [("socket", (0, EQUAL, one, 0)) for one in FAMILIES if one not in let_in]
    load_filter(ALLOW, FAIL | errno.EAFNOSUPPORT, others)
    if unit.one("MemoryDenyWriteExecute") == "yes":
        executable = (2, MASKED_EQUAL, PROT_EXEC, PROT_EXEC)
        rules: Rules = [
            ("mmap", (2, MASKED_EQUAL, PROT_WRITE_EXEC, PROT_WRITE_EXEC)),
            ("mprotect", executable),
            ("pkey_mprotect", executable),
        ]
        load_filter(ALLOW, FAIL | errno.EPERM, rules)
    words = [value.split() for value in unit.all("SystemCallFilter")]
    allowed = {name for value in words if value[0][0] != "~" for name in value}
    denied = {name.lstrip("~") for value in words if value[0][0] == "~" for name in value}
    names = system_calls(allowed) - system_calls(denied)
    load_filter(FAIL | errno.EPERM, ALLOW, [(name, None) for name in names])


def system_calls(names: set[str]) -> set[str]:
    """The calls that names and @sets stand for."""
    found = {name for name in names if not name.startswith("@")}
    for name in names - found:
        command = ["systemd-analyze", "syscall-filter", name]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found |= system_calls({*said.split("\n", 2)[2].split()})
    return found


def main(file: str, place: str, stage: str = "outside") -> None:
    """Become the service, from one stage to the next."""
    unit, folder = Unit(Path(file)), Path(place).resolve()
    again = [sys.executable, __file__, file, place]
    if stage == "outside":
        again += ["inside"]
        os.execvp("unshare", ["unshare", "--mount", "--ipc", "--", *again])
    if stage == "inside":
        variables = environment(unit, folder)
        program = Path(file).read_bytes()
        hide(unit, folder)
        groups = [str(grp.getgrnam(name).gr_gid) for name in unit.all("SupplementaryGroups")]
        copy = Path("/run", unit.name)
        copy.write_bytes(program)
        os.execvp("setpriv", [
            "setpriv", f"--reuid={UID}", f"--regid={UID}",
            f"--groups={','.join(groups)}" if groups else "--clear-groups",
            *([] if restricted() else USER_NAMESPACE),
            "setpriv", "--no-new-privs",
            "env", "-i", *variables, sys.executable, __file__, str(copy), "/", "last",
        ])  # fmt: skip
    os.umask(int(unit.one("UMask"), 8))
    restrict(unit)
    command = shlex.split(unit.one("ExecStart").replace("%%", "%"))
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
