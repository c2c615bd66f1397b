"""The shop behind nginx: JSON lines on stdout, tracebacks on stderr, both for systemd-cat."""

import json
import os
import random
import socket
import sys
import time
import traceback
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DATABASE = ("10.20.0.31", 3306)
SYSLOG = {"warning": "<4>", "error": "<3>", "critical": "<2>"}


def log(level, message, **fields):
    """One JSON line; the prefix tells systemd-cat the priority of what is worse than info."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    record = {"time": now, "level": level, "logger": "shop.api", "msg": message} | fields
    print(SYSLOG.get(level, "") + json.dumps(record), flush=True)


def ask_database():
    """Read the greeting of the database, as every query begins."""
    with socket.create_connection(DATABASE, timeout=1) as link:
        if not link.recv(64):
            raise ConnectionResetError("the database closed the connection before its greeting")


class Shop(BaseHTTPRequestHandler):
    """Carts, orders, a check-out that is slow on request, and a bug."""

    failures = 0  # of the database, in a row
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.trace = self.headers.get("traceparent", "00-0-0-00").split("-")
        started = time.monotonic()
        status = self.answer()
        took = round((time.monotonic() - started) * 1000, 2)
        level = "error" if status >= 500 else "warning" if status >= 400 or took > 500 else "info"
        log(
            level,
            f"{self.command} {self.path} {status}",
            status=status,
            duration_ms=took,
            **self.ids(),
        )

    def do_POST(self):
        self.do_GET()

    def ids(self):
        return {"trace_id": self.trace[1], "span_id": self.trace[2]}

    def answer(self):
        try:
            ask_database()
            Shop.failures = 0
            return self.reply(*self.page())
        except OSError as error:
            Shop.failures += 1
            message = f"cannot reach MariaDB at {DATABASE[0]}:{DATABASE[1]}: {error}"
            log(
                "error",
                message,
                error_code=error.__class__.__name__,
                exc=traceback.format_exc(),
                **self.ids(),
            )
            return self.reply(
                503 if Shop.failures < 3 else 500, b"the shop is closed for a moment\n"
            )
        except Exception:
            traceback.print_exc()
            return self.reply(500, b"something broke\n")
        finally:
            if Shop.failures >= 8:
                log(
                    "critical",
                    f"giving up after {Shop.failures} failed database connections, exiting",
                )
                os._exit(1)

    def page(self):
        if self.path.startswith("/api/report"):
            log("info", "building the yearly report", **self.ids())
            time.sleep(1.6)
            return 200, b"late\n"
        if self.path.startswith("/api/orders/0"):
            totals = {"net": 100, "vat": None}
            return 200, str(totals["net"] + totals["vat"]).encode()
        if self.path.startswith("/api/checkout") and random.random() < 0.15:
            log(
                "warning",
                "payment provider answered slowly, retrying",
                attempt=2,
                order=random.randint(1000, 9999),
                **self.ids(),
            )
        if self.path.startswith("/api/gone"):
            return 404, b"no such thing\n"
        return 200, b"ok\n"

    def reply(self, status, body):
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except BrokenPipeError:
            log("warning", "client went away before the answer was sent", **self.ids())
        return status

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    address = (sys.argv[1], int(sys.argv[2]))
    log("info", "starting shop-api 2.4.1", python=sys.version.split()[0])
    # The mistake every team makes once: the whole DSN, password included, in the log.
    log("debug", "database dsn mysql://shop:hunter2-example@10.20.0.31:3306/shop")
    server = ThreadingHTTPServer(address, Shop)
    log("info", f"listening on {address[0]}:{address[1]}")
    server.serve_forever()
