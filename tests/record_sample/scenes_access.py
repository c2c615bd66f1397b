"""People and robots at the door: sshd, sudo and su, with real clients over loopback."""

import os
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from machine import HOUSE, STRANGERS, call
from stage import Stage, scene

ROBOT_NAMES = [
    "admin",
    "oracle",
    "test",
    "ubuntu",
    "git",
    "postgres",
    "pi",
    "minecraft",
    "user1",
    "ftpuser",
    "jenkins",
]
ASKPASS = "/opt/homelab/askpass.sh"
OPTIONS = [
    "-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
    "-o", "GlobalKnownHostsFile=/dev/null", "-o", "LogLevel=QUIET", "-o", "ConnectTimeout=8",
]  # fmt: skip


def start_sshd(stage: Stage) -> None:
    """sshd as Debian configures it, with a fresh host key."""
    for key in Path("/etc/ssh").glob("ssh_host_*"):
        key.unlink()
    call(
        "ssh-keygen",
        "-q",
        "-t",
        "ed25519",
        "-N",
        "",
        "-C",
        stage.host,
        "-f",
        "/etc/ssh/ssh_host_ed25519_key",
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    Path(ASKPASS).write_text("#!/bin/sh\necho wrong-password-example\n")
    Path(ASKPASS).chmod(0o755)
    stage.start("sshd", "/usr/sbin/sshd", "-D", "-o", "MaxAuthTries=4", "-o", "LoginGraceTime=3")


def ssh(stage: Stage, source: str, user: str, *more: str) -> None:
    """One real client from one address."""
    environment = {
        "PATH": os.environ["PATH"],
        "SSH_ASKPASS": ASKPASS,
        "SSH_ASKPASS_REQUIRE": "force",
        "HOME": "/home",
    }
    argv = ["ssh", *OPTIONS, "-b", source, *more, f"{user}@{stage.address}", "uptime"]
    call(*argv, env=environment, stdin=subprocess.DEVNULL, timeout=30)


def knock(stage: Stage, source: str, data: bytes) -> None:
    """A connection that is no ssh client."""
    with socket.create_connection(
        (stage.address, 22), timeout=3, source_address=(source, 0)
    ) as link:
        link.recv(100)
        link.sendall(data)
        stage.pause(0.02, 0.1)


@scene
def ssh_attack(stage: Stage, count: int) -> None:
    """One stranger tries names and passwords, several at once."""
    source = stage.rng.choice(STRANGERS)
    users = [
        stage.rng.choice([*ROBOT_NAMES, "root", "root", "alice", "deploy"]) for _ in range(count)
    ]
    prompts = str(stage.rng.randint(1, 2))
    more = ["-o", "PubkeyAuthentication=no", "-o", f"NumberOfPasswordPrompts={prompts}"]
    with ThreadPoolExecutor(14) as pool:
        list(pool.map(lambda user: ssh(stage, source, user, *more), users))


@scene
def ssh_probe(stage: Stage) -> None:
    """Scanners: no banner, a web request, ancient algorithms, a key nobody knows."""
    source = stage.rng.choice(STRANGERS)
    kind = stage.rng.randrange(5)
    if kind == 0:
        knock(stage, source, b"GET / HTTP/1.1\r\n\r\n")
    elif kind == 1:
        knock(stage, source, b"")
    elif kind == 2:
        ssh(stage, source, "root", "-o", "KexAlgorithms=diffie-hellman-group1-sha1")
    elif kind == 3:
        ssh(
            stage,
            source,
            stage.rng.choice(ROBOT_NAMES),
            "-o",
            "PreferredAuthentications=publickey",
            "-i",
            stranger_key(),
        )
    else:
        knock(stage, source, b"SSH-2.0-Go\r\n")


def stranger_key() -> str:
    """A key that opens nothing."""
    key = "/opt/homelab/id_stranger"
    if not Path(key).exists():
        call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "nobody", "-f", key)
    return key


@scene
def ssh_login(stage: Stage) -> None:
    """alice comes in with her key, sometimes after one that is refused."""
    source = stage.rng.choice(HOUSE[:2])
    if stage.rng.random() < 0.3:
        ssh(stage, source, "bob", "-o", "PreferredAuthentications=publickey", "-i", stranger_key())
    ssh(stage, source, "alice", "-i", "/opt/homelab/id_alice")


def become(user: str, *argv: str, **more: object) -> None:
    """Run a command as a user, from a shell that is already his."""
    call(
        "setpriv",
        "--reuid",
        user,
        "--regid",
        user,
        "--init-groups",
        *argv,
        cwd=f"/home/{user}",
        **more,
    )


@scene
def sudo_allowed(stage: Stage) -> None:
    """The things one does as root on a quiet day."""
    deeds = [
        ["/usr/bin/systemctl", "status", "ssh"], ["/usr/bin/tail", "-n", "5", "/var/log/dpkg.log"],
        ["/usr/bin/journalctl", "-n", "20"], ["/usr/bin/df", "-h"], ["/usr/sbin/nginx", "-t"], ["/usr/bin/ss", "-ltn"],
    ]  # fmt: skip
    for deed in stage.rng.sample(deeds, stage.rng.randint(1, 3)):
        become("alice", "sudo", "-n", *deed)
        stage.pause(0.05, 0.3)


@scene
def sudo_denied(stage: Stage) -> None:
    """Somebody who may not, somebody who mistypes, and a su."""
    kind = stage.rng.randrange(4)
    if kind == 0:
        become("bob", "sudo", "-S", "/usr/bin/cat", "/etc/shadow", input="right-bob-example\n")
    elif kind == 1:
        become("carol", "sudo", "-S", "/usr/sbin/reboot", input="one\ntwo\nthree\n")
    elif kind == 2:
        become("deploy", "sudo", "-n", "/usr/bin/rm", "-rf", "/srv/www")
    else:
        become("bob", "su", "-", "alice", "-c", "id", input="guess\n")
