"""Journal entries as a busy host writes them, 22 fields each, the same ones at every call."""

import random
from collections.abc import Callable, Iterator

MACHINE, BOOT = "3" * 32, "4" * 32

# Unit, program, arguments, priority, message. Braces are filled by `_filled`.
_SCENES = (
    ("nginx", "nginx", "nginx: worker process", 6,
     '{ip} - - "GET /api/orders/{n} HTTP/1.1" 200 {n} "-" "Mozilla/5.0 (X11; Linux x86_64)"'),
    ("nginx", "nginx", "nginx: worker process", 6,
     '{ip} - - "POST /api/login HTTP/1.1" 401 {n} "https://shop.example.org/login" "curl/8.5.0"'),
    ("nginx", "nginx", "nginx: worker process", 3,
     "{n}#{n}: *{n} connect() failed (111: Connection refused) while connecting to upstream, "
     'client: {ip}, server: shop.example.org, request: "GET /cart HTTP/1.1", '
     'upstream: "http://127.0.0.1:{n}/cart"'),
    ("ssh", "sshd", "sshd: deploy [priv]", 6,
     "Accepted publickey for deploy from {ip} port {n} ssh2: ED25519 SHA256:{hex}"),
    ("ssh", "sshd", "sshd: unknown [priv]", 6, "Invalid user admin{n} from {ip} port {n}"),
    ("ssh", "sshd", "sshd: unknown [priv]", 5,
     "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= "
     "rhost={ip}  user=root"),
    ("postgresql@15-main", "postgres", "postgres: 15/main: checkpointer", 6,
     "2026-11-20 11:06:{s} UTC [{n}] LOG:  checkpoint complete: wrote {n} buffers (0.{n}%); "
     "0 WAL file(s) added, 0 removed, {s} recycled; write={n}.{n} s, sync=0.{n} s"),
    ("postgresql@15-main", "postgres", "postgres: 15/main: shop shop 127.0.0.1({n}) INSERT", 6,
     "2026-11-20 11:06:{s} UTC [{n}] shop@shop ERROR:  duplicate key value violates unique "
     'constraint "orders_pkey"'),
    ("checkout", "python3", "/srv/checkout/venv/bin/python -m checkout.worker --queue orders", 6,
     '{{"level": "info", "msg": "order placed", "order_id": {n}, "trace_id": "{hex}", '
     '"span_id": "{short}", "duration_ms": {n} }}'),
    ("checkout", "python3", "/srv/checkout/venv/bin/python -m checkout.worker --queue orders", 6,
     "[WARNING] payment gateway answered after {n} ms, retry {s} of 5 trace_id={hex}"),
    ("checkout", "python3", "/srv/checkout/venv/bin/python -m checkout.worker --queue orders", 6,
     "[ERROR] charge {n} failed: HTTP status 502 from gateway"),
    ("redis-server", "redis-server", "/usr/bin/redis-server 127.0.0.1:6379", 6,
     "{n}:M 20 Nov 2026 11:06:{s}.{n} * Background saving terminated with success"),
    ("kubelet", "kubelet", "/usr/bin/kubelet --config=/var/lib/kubelet/config.yaml", 6,
     'E1120 11:06:{s}.{n} {n} pod_workers.go:1298] "Error syncing pod, skipping" '
     'err="failed to \\"StartContainer\\" for \\"web\\" with CrashLoopBackOff" pod="shop/web-{n}"'),
    ("cron", "cron", "/usr/sbin/CRON -f", 6, "(root) CMD (   cd / && run-parts --report /etc/cron.hourly)"),
    ("docker", "dockerd", "/usr/bin/dockerd -H fd://", 6,
     'time="2026-11-20T11:06:{s}.{n}Z" level=info msg="ignoring event" container={hex} '
     'module=libcontainerd namespace=moby topic=/tasks/delete type="*events.TaskDelete"'),
    ("NetworkManager", "NetworkManager", "/usr/sbin/NetworkManager --no-daemon", 6,
     "<info>  [{n}.{n}] dhcp4 (eth0): state changed new lease, address={ip}"),
    ("backup", "restic", "restic backup /srv --repo sftp:backup@store.example.org:/srv/restic", 6,
     "processed {n} files, {n}.{s} MiB in 0:{s}"),
    ("mail", "postfix/smtpd", "smtpd -n smtp -t inet -u", 4,
     "warning: hostname mail{n}.example.net does not resolve to address {ip}: Name or service "
     "not known"),
)  # fmt: skip


def export_text(count: int, first_us: int, step_us: int) -> Iterator[bytes]:
    """The entries in journal export format, `step_us` apart."""
    dice = random.Random(20)
    for at in range(count):
        yield _entry(at, first_us + at * step_us, at * step_us + 1, dice)


def _entry(at: int, time_us: int, monotonic_us: int, dice: random.Random) -> bytes:
    unit, program, command, priority, message = dice.choice(_SCENES)
    fields = {
        "__REALTIME_TIMESTAMP": time_us,
        "__MONOTONIC_TIMESTAMP": monotonic_us,
        "_BOOT_ID": BOOT,
        "_MACHINE_ID": MACHINE,
        "_HOSTNAME": "web-1",
        "_TRANSPORT": "stdout",
        "_STREAM_ID": f"{hash_of(unit)}",
        "PRIORITY": priority,
        "SYSLOG_FACILITY": 3,
        "SYSLOG_IDENTIFIER": program,
        "MESSAGE": _filled(message, dice),
        "_PID": 1_000 + len(unit) * 37,
        "_UID": len(program) * 11,
        "_GID": len(program) * 11,
        "_COMM": program[:15],
        "_EXE": f"/usr/bin/{program}",
        "_CMDLINE": _filled(command, random.Random(at % 20)),
        "_CAP_EFFECTIVE": "0",
        "_SELINUX_CONTEXT": "unconfined",
        "_SYSTEMD_CGROUP": f"/system.slice/{unit}.service",
        "_SYSTEMD_UNIT": f"{unit}.service",
        "_SYSTEMD_SLICE": "system.slice",
        "_SYSTEMD_INVOCATION_ID": hash_of(unit[::-1]),
        "_SOURCE_REALTIME_TIMESTAMP": time_us - 11,
    }
    return ("\n".join(f"{name}={value}" for name, value in fields.items()) + "\n\n").encode()


def hash_of(text: str) -> str:
    """32 hex digits that go with a text."""
    return f"{random.Random(text).getrandbits(128):032x}"


def _filled(text: str, dice: random.Random) -> str:
    """The text with its places for numbers, addresses and ids filled, each place anew."""
    parts = text.replace("{{", "\x01").replace("}}", "\x02")
    fillers: tuple[tuple[str, Callable[[], str]], ...] = (
        ("{n}", lambda: str(dice.randrange(1, 90_000))),
        ("{s}", lambda: f"{dice.randrange(60):02}"),
        ("{ip}", lambda: f"203.0.{dice.randrange(256)}.{dice.randrange(1, 255)}"),
        ("{hex}", lambda: f"{dice.getrandbits(128):032x}"),
        ("{short}", lambda: f"{dice.getrandbits(64):016x}"),
    )
    for place, make in fillers:
        while place in parts:
            parts = parts.replace(place, make(), 1)
    return parts.replace("\x01", "{").replace("\x02", "}")
