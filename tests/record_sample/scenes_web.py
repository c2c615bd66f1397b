"""nginx, shop-api, haproxy and the stock services, asked by real clients over loopback."""

import secrets
import shutil
import signal
import socket
import threading
from pathlib import Path

from machine import HOUSE, STRANGERS
from stage import Stage, scene, wait_for

AGENTS = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "curl/7.88.1",
    "shop-app/5.2 (Android 14)",
    "uptime-probe/1.3",
]
SHOP_PAGES = [
    "/",
    "/",
    "/api/cart/{n}",
    "/api/orders/{n}",
    "/api/orders/{n}",
    "/api/checkout",
    "/img/{n}.png",
    "/login",
]
STATIC_PAGES = ["/", "/img/{n}.png", "/img/{n}.png", "/stock/{n}", "/login"]
WRONG_PAGES = [
    "/favicon.ico",
    "/private/notes.txt",
    "/api/gone/1",
    "/img/",
    "/robots.txt",
    "/api/orders/0",
]
SCANS = [
    "/wp-login.php",
    "/.env",
    "/phpmyadmin/index.php",
    "/cgi-bin/test.sh",
    "/.git/config",
    "/admin/config.php",
]


def listens(address: str, port: int) -> bool:
    """Whether a server is there."""
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


def request(
    stage: Stage, path: str, port: int = 80, method: str = "GET", body: bytes = b""
) -> None:
    """One HTTP request from a house or foreign address; the answer is read and dropped."""
    source = stage.rng.choice(HOUSE[:2] + STRANGERS[:4])
    trace = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    head = (
        f"{method} {path.format(n=stage.rng.randint(1, 40))} HTTP/1.1\r\nHost: shop.example.lan\r\nConnection: close\r\n"
        f"User-Agent: {stage.rng.choice(AGENTS)}\r\ntraceparent: {trace}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    host = "127.0.0.1" if port != 80 else stage.address
    source = "127.0.0.1" if port != 80 else source
    try:
        with socket.create_connection((host, port), timeout=5, source_address=(source, 0)) as link:
            link.sendall(head.encode() + body)
            while link.recv(4096):
                pass
    except OSError:
        pass  # what went wrong is for the server to log


def start_shop(stage: Stage) -> None:
    """shop-api on web-01, with its database in reach."""
    if not stage.is_running("database"):
        stage.start(
            "database", "/usr/bin/python3", "/opt/homelab/stand_in_database.py", "10.20.0.31"
        )
        wait_for(lambda: listens("10.20.0.31", 3306))
    stage.service("shop-api", "/usr/bin/python3", "/opt/homelab/shop_api.py", "127.0.0.1", "8080")
    wait_for(lambda: listens("127.0.0.1", 8080))


def start_stock(stage: Stage, number: int) -> None:
    """One of the two services behind haproxy."""
    stage.service(
        f"stock-api@{number}",
        "/usr/bin/python3",
        "/opt/homelab/stock_api.py",
        "127.0.0.1",
        f"900{number}",
    )
    wait_for(lambda: listens("127.0.0.1", 9000 + number))


def start_nginx(stage: Stage) -> None:
    """nginx with both of its logs in the journal."""
    for number in range(1, 36):
        picture = Path(f"/srv/www/img/{number}.png")
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(secrets.token_bytes(200 + 10 * number))
    Path("/srv/www/index.html").write_text("<h1>shop</h1>\n")
    shutil.copy("/opt/homelab/nginx.conf", "/etc/nginx/nginx.conf")
    Path("/var/log/nginx").mkdir(exist_ok=True)
    stage.start("nginx", "/usr/sbin/nginx", "-e", "/dev/null", "-g", "daemon off;")
    wait_for(lambda: listens(stage.address, 80))


def start_haproxy(stage: Stage) -> None:
    """haproxy before the stock services."""
    start_stock(stage, 1)
    start_stock(stage, 2)
    stage.start("haproxy", "/usr/sbin/haproxy", "-Ws", "-f", "/opt/homelab/haproxy.cfg")
    wait_for(lambda: listens("127.0.0.1", 9000))


@scene
def visits(stage: Stage, count: int) -> None:
    """People in the shop."""
    pages = SHOP_PAGES if stage.host == "web-01" else STATIC_PAGES
    for _ in range(count):
        request(stage, stage.rng.choice(pages))
        stage.pause(0, 0.06)


@scene
def bad_visits(stage: Stage) -> None:
    """Broken links, forbidden places, an upload that is too big, somebody in a hurry."""
    pages = (
        WRONG_PAGES
        if stage.host == "web-01"
        else [page for page in WRONG_PAGES if "/api/" not in page]
    )
    for path in stage.rng.sample(pages, 3):
        request(stage, path)
    if stage.rng.random() < 0.4:
        request(stage, "/upload", method="POST", body=b"x" * 9000)
    if stage.rng.random() < 0.4:
        for _ in range(12):
            request(stage, "/login")


@scene
def scanner(stage: Stage) -> None:
    """A robot looks for other people's mistakes."""
    for path in SCANS:
        request(stage, path)


@scene
def slow_pages(stage: Stage, count: int) -> None:
    """Reports that take longer than nginx waits."""
    threads = [
        threading.Thread(target=request, args=(stage, f"/api/report/{n}")) for n in range(count)
    ]
    for thread in threads:
        thread.start()
        stage.pause(0.05, 0.2)
    for thread in threads:
        thread.join()
    stage.pause(0.6, 0.8)  # the shop ends its work after the client has left


@scene
def bad_reload(stage: Stage) -> None:
    """A configuration with a typing error, then the right one."""
    config = Path("/etc/nginx/nginx.conf")
    right = config.read_text()
    config.write_text(right.replace("listen 80", "lissten 80"))
    stage.running["nginx"].send_signal(signal.SIGHUP)
    stage.pause(0.4, 0.5)
    config.write_text(right)
    stage.running["nginx"].send_signal(signal.SIGHUP)
    stage.pause(0.4, 0.5)


@scene
def database_lost(stage: Stage) -> None:
    """The database goes; the shop answers 503 and 500, then gives up."""
    stage.stop("database", signal.SIGKILL)
    for _ in range(14):
        request(stage, stage.rng.choice(["/api/cart/{n}", "/api/orders/{n}", "/api/checkout"]))
        stage.pause(0.02, 0.1)
    if not stage.is_running("shop-api"):
        stage.say("supervise", "err", f"shop-api: main process exited, {stage.stop('shop-api')}")


@scene
def shop_killed(stage: Stage) -> None:
    """Somebody kills the shop that hangs."""
    status = stage.stop("shop-api", signal.SIGKILL)
    stage.say("supervise", "err", f"shop-api: main process exited, {status}")


@scene
def shop_restarted(stage: Stage) -> None:
    """The shop comes back."""
    stage.stop("shop-api")
    stage.say("supervise", "notice", "shop-api: starting")
    start_shop(stage)


@scene
def stock_visits(stage: Stage, count: int) -> None:
    """Questions about the stock, some of them nonsense."""
    for _ in range(count):
        request(stage, stage.rng.choice(["/stock/{n}"] * 7 + ["/stock/none"]), port=9000)
        stage.pause(0, 0.05)


@scene
def stock_down(stage: Stage, both: bool) -> None:
    """One stock service, or both, go away under load and come back."""
    numbers = [1, 2] if both else [stage.rng.choice([1, 2])]
    for number in numbers:
        status = stage.stop(f"stock-api@{number}", signal.SIGKILL)
        stage.say("supervise", "err", f"stock-api@{number}: main process exited, {status}")
        stock_visits(stage, 4)
        stage.pause(0.5, 0.7)
    stock_visits(stage, 6)
    for _ in range(4):
        request(stage, "/stock/{n}")
    for number in numbers:
        start_stock(stage, number)
    stage.pause(0.6, 0.8)
