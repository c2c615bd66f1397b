"""The machine a host is played on: private /etc, /var, /home, users and addresses.

Everything here happens in a mount, network and PID namespace that ends with the
recording. The network has a loopback device and nothing else.
"""

import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOSTS = {
    "web-01": "10.20.0.11",
    "web-02": "10.20.0.12",
    "db-01": "10.20.0.31",
    "nas-01": "10.20.0.41",
}
HOUSE = [
    "10.20.0.5",
    "10.20.0.8",
    "10.20.0.11",
    "10.20.0.12",
    "10.20.0.31",
    "10.20.0.41",
    "10.20.0.53",
]
# Addresses kept for documentation: nobody's. On this loopback they really connect.
STRANGERS = [f"203.0.113.{n}" for n in (7, 21, 45, 88, 140, 201)] + [
    f"198.51.100.{n}" for n in (9, 34, 77, 180)
]
DAEMONS = {"nobody", "sshd", "mysql", "redis", "haproxy", "_chrony", "dnsmasq"}
PEOPLE = ["alice", "bob", "carol", "deploy"]


def call(*argv: str, **more: object) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; its output is nobody's business unless asked for."""
    options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "text": True, "cwd": "/"}
    return subprocess.run(argv, check=False, **(options | more))  # type: ignore[call-overload,no-any-return]


def must(*argv: str) -> None:
    """Run a command that has to succeed."""
    subprocess.run(argv, check=True, cwd="/")


def overlay(path: str) -> None:
    """Make a folder writable without touching the real one."""
    layer = Path("/mnt") / path.strip("/").replace("/", "-")
    for part in ("upper", "work"):
        (layer / part).mkdir(parents=True)
    options = f"lowerdir={path},upperdir={layer}/upper,workdir={layer}/work"
    must("mount", "-n", "-t", "overlay", "overlay", "-o", options, path)


def private_folders() -> None:
    """Cover every place the programs write to, and every place that tells of the real machine."""
    must("mount", "-n", "-t", "tmpfs", "-o", "mode=755", "layers", "/mnt")
    machine_id = Path("/etc/machine-id").read_text()
    journal = Path("/mnt/journal")
    journal.mkdir()
    must("mount", "-n", "--rbind", "/var/log/journal", str(journal))
    for path in ("/etc", "/var/log", "/var/lib", "/var/spool", "/var/cache"):
        overlay(path)
    must("mount", "-n", "--rbind", str(journal), "/var/log/journal")
    Path("/etc/machine-id").unlink()
    Path("/etc/machine-id").write_text(machine_id)
    for path in ("/opt", "/srv", "/home", "/root"):
        must("mount", "-n", "-t", "tmpfs", "-o", "mode=755,size=150m", "private", path)


def programs() -> None:
    """Put the small programs of the homelab where they would live."""
    shutil.copytree(HERE / "programs", "/opt/homelab")
    for script in Path("/opt/homelab").iterdir():
        script.chmod(0o755)
    for folder in (
        "/etc/cron.d",
        "/etc/cron.hourly",
        "/etc/cron.daily",
        "/etc/logrotate.d",
        "/etc/sudoers.d",
    ):
        shutil.rmtree(folder, ignore_errors=True)
        Path(folder).mkdir(parents=True)


def names(host: str) -> None:
    """Write the files that say who is who."""
    lines = [
        "127.0.0.1 localhost",
        *(f"{address} {name}.example.lan {name}" for name, address in HOSTS.items()),
    ]
    Path("/etc/hosts").write_text("\n".join(lines) + "\n")
    Path("/etc/hostname").write_text(host + "\n")
    Path("/etc/resolv.conf").write_text(
        "nameserver 10.20.0.41\nsearch example.lan\noptions timeout:1 attempts:1\n"
    )
    Path("/etc/motd").write_text("")


def network() -> None:
    """Give the loopback device every address of the story."""
    must("ip", "link", "set", "lo", "up")
    for address in {*HOUSE, *HOSTS.values(), *STRANGERS}:
        must("ip", "address", "add", f"{address}/32", "dev", "lo")
    # Who asks the database is seen as web-01: the mariadb client cannot choose its address.
    must(
        "ip",
        "route",
        "replace",
        "table",
        "local",
        "local",
        "10.20.0.31",
        "dev",
        "lo",
        "src",
        "10.20.0.11",
    )


def forget_real_users() -> None:
    """Drop the accounts a person or another package made on the real machine."""
    rows = [line.split(":") for line in Path("/etc/passwd").read_text().splitlines()]
    kept = {row[0] for row in rows if int(row[2]) < 100 or row[0] in DAEMONS}
    for path in ("/etc/passwd", "/etc/shadow"):
        lines = Path(path).read_text().splitlines()
        Path(path).write_text("".join(line + "\n" for line in lines if line.split(":")[0] in kept))
    groups = [
        line
        for line in Path("/etc/group").read_text().splitlines()
        if not 1000 <= int(line.split(":")[2]) < 60000
    ]
    Path("/etc/group").write_text("\n".join(groups) + "\n")
    Path("/etc/gshadow").unlink()


def users() -> None:
    """Create the people with the ordinary tools, which log it."""
    for name in PEOPLE:
        call("useradd", "--create-home", "--shell", "/bin/bash", name)
        call("chpasswd", input=f"{name}:right-{name}-example\n")
        call(
            "chage", "--lastday", "2024-01-15", name
        )  # cron will live in the planned days, before today
    rules = "alice ALL=(ALL) NOPASSWD: ALL\ndeploy ALL=(root) NOPASSWD: /usr/sbin/nginx, /usr/bin/rsync\ncarol ALL=(ALL) ALL\n"
    Path("/etc/sudoers.d/homelab").write_text(rules)
    Path("/etc/sudoers.d/homelab").chmod(0o440)
    key = "/opt/homelab/id_alice"
    must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "alice@laptop", "-f", key)
    ssh = Path("/home/alice/.ssh")
    ssh.mkdir(mode=0o700)
    shutil.copy(key + ".pub", ssh / "authorized_keys")
    must("chown", "-R", "alice:alice", str(ssh))


def build(host: str) -> None:
    """Make this namespace into that host."""
    os.chdir("/")
    private_folders()
    programs()
    names(host)
    network()
    forget_real_users()
    users()
