"""MariaDB and Redis: refusals, aborted clients, deadlocks, full tables, kill -9 and recovery."""

import shutil
import signal
import socket
import threading
import time
from pathlib import Path

from machine import call
from stage import Stage, scene, wait_for

CLIENT = [
    "mariadb",
    "--no-defaults",
    "-h",
    "10.20.0.31",
    "--connect-timeout=2",
    "-u",
    "shop",
    "-pshop-example",
]
SCHEMA = """
create database shop; create database test;
create user shop identified by 'shop-example'; grant all on shop.* to shop;
create table shop.orders (id int primary key, state int) engine=innodb;
insert into shop.orders values (1,0),(2,0),(3,0);
create table shop.sessions (id int auto_increment primary key, body char(200)) engine=memory;
"""


def up() -> bool:
    """Whether MariaDB answers."""
    return (
        call("mariadb-admin", "--no-defaults", "-S", "/run/mysqld/mysqld.sock", "ping").returncode
        == 0
    )


def start_mariadb(stage: Stage) -> None:
    """MariaDB with its error log, which is its stderr, in the journal."""
    stage.service("mariadbd", "/usr/sbin/mariadbd", "--defaults-file=/opt/homelab/mariadb.cnf")
    wait_for(up, 30)


def install_mariadb(stage: Stage) -> None:
    """A new data folder, a first start and a small schema."""
    for folder in ("/srv/mysql", "/run/mysqld"):
        Path(folder).mkdir()
        shutil.chown(folder, "mysql", "mysql")
    Path("/srv").chmod(0o1777)
    config = Path("/opt/homelab/mariadb.cnf")
    config.chmod(0o644)  # a file that anyone may write is ignored
    call(
        "mariadb-install-db",
        f"--defaults-file={config}",
        "--skip-test-db",
        "--auth-root-authentication-method=socket",
    )
    start_mariadb(stage)
    call("mariadb", "--no-defaults", "-S", "/run/mysqld/mysqld.sock", input=SCHEMA)


def start_redis(stage: Stage) -> None:
    """Redis with its log in syslog, on a small disk of its own."""
    Path("/srv/redis").mkdir()
    call("mount", "-n", "-t", "tmpfs", "-o", "size=256k,mode=777", "redis", "/srv/redis")
    options = [
        "--syslog-enabled",
        "yes",
        "--syslog-ident",
        "redis",
        "--dir",
        "/srv/redis",
        "--save",
        "",
        "--bind",
        "10.20.0.31",
        "--protected-mode",
        "no",
    ]
    stage.start(
        "redis",
        "setpriv",
        "--reuid",
        "redis",
        "--regid",
        "redis",
        "--clear-groups",
        "/usr/bin/redis-server",
        *options,
    )
    wait_for(lambda: redis("ping").startswith(b"+PONG"))


def redis(*words: str) -> bytes:
    """One command of the Redis protocol."""
    data = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
    try:
        with socket.create_connection(("10.20.0.31", 6379), timeout=2) as link:
            link.sendall(data.encode())
            return link.recv(4096)
    except OSError:
        return b""


def query(text: str, **more: object) -> None:
    """Ask as the shop does, from the address of web-01."""
    call(*CLIENT, "shop", "-e", text, timeout=10, **more)


@scene
def db_denied(stage: Stage, count: int) -> None:
    """Wrong passwords and a schema that is not one's own."""
    for _ in range(count):
        user = stage.rng.choice(["shop", "root", "reporting", "admin"])
        call(*CLIENT[:-3], "-u", user, "-pwrong-example", "-e", "select 1")
        stage.pause(0.05, 0.2)
    if stage.rng.random() < 0.4:
        call(*CLIENT, "mysql", "-e", "select 1")


@scene
def db_aborted(stage: Stage, count: int) -> None:
    """Clients that vanish, in the middle of a query or of the greeting."""
    for _ in range(count):
        if stage.rng.random() < 0.4:
            with socket.create_connection(
                ("10.20.0.31", 3306), timeout=2, source_address=("10.20.0.12", 0)
            ) as link:
                link.recv(200)
        else:
            stage.start("client", *CLIENT, "shop", "-e", "select sleep(0.4)")
            stage.pause(0.1, 0.2)
            stage.stop("client", signal.SIGKILL)
        stage.pause(0.05, 0.1)
    time.sleep(0.5)


@scene
def db_deadlock(stage: Stage) -> None:
    """Two transactions that each hold what the other wants."""
    step = "begin; update orders set state=state+1 where id={}; do sleep(0.4); update orders set state=state+1 where id={}; commit"
    threads = [
        threading.Thread(target=query, args=(step.format(*ids),)) for ids in ((1, 2), (2, 1))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@scene
def db_table_full(stage: Stage) -> None:
    """The sessions do not fit in their memory table."""
    query("insert into sessions(body) select repeat('x', 200) from seq_1_to_500")
    stage.pause(0.1, 0.4)
    query("insert into sessions(body) values ('one more')")
    query("truncate sessions")


@scene
def db_restarted(stage: Stage) -> None:
    """A clean restart in the night."""
    stage.stop("mariadbd")
    start_mariadb(stage)


@scene
def db_killed(stage: Stage) -> None:
    """kill -9 under load; the first restart does not get its port."""
    stage.start(
        "load",
        *CLIENT,
        "shop",
        "-e",
        "insert into orders select seq+100, 0 from seq_1_to_30000; do sleep(3)",
    )
    time.sleep(0.4)
    status = stage.stop("mariadbd", signal.SIGKILL)
    stage.stop("load", signal.SIGKILL)
    stage.say("supervise", "crit", f"mariadbd: main process exited, {status}")
    with socket.create_server(("10.20.0.31", 3306)):
        stage.service("mariadbd", "/usr/sbin/mariadbd", "--defaults-file=/opt/homelab/mariadb.cnf")
        stage.running["mariadbd"].wait(timeout=30)
    stage.say("supervise", "err", f"mariadbd: main process exited, {stage.stop('mariadbd')}")


@scene
def db_started(stage: Stage) -> None:
    """Crash recovery, at last."""
    stage.say("supervise", "notice", "mariadbd: starting")
    start_mariadb(stage)
    query("delete from orders where id > 3")


@scene
def dump(stage: Stage) -> None:
    """The logical backup of the shop; its messages go to the journal."""
    argv = [
        "mariadb-dump",
        "--no-defaults",
        "-S",
        "/run/mysqld/mysqld.sock",
        "--verbose",
        "--result-file=/srv/shop.sql",
    ]
    call("systemd-cat", "-t", "dump", *argv, "shop", "sales")
    call("systemd-cat", "-t", "dump", "-p", "notice", *argv, "shop")
    if not Path("/srv/shop.sql").exists():
        stage.say("dump", "err", "the dump of shop was not written")


@scene
def redis_save(stage: Stage) -> None:
    """A snapshot in the background."""
    redis("set", f"cart:{stage.rng.randint(1, 40)}", "x" * stage.rng.randint(50, 3000))
    redis("bgsave")
    time.sleep(0.35)


@scene
def redis_disk_full(stage: Stage) -> None:
    """A snapshot that does not fit."""
    redis("set", "big", stage.rng.randbytes(200_000).hex())
    for _ in range(2):
        redis("bgsave")
        time.sleep(0.4)
    redis("del", "big")
    redis("bgsave")
    time.sleep(0.3)
