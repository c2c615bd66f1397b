"""A small service behind haproxy; it logs in logfmt, plain text on stdout."""

import itertools
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

numbers = itertools.count(1)


class Stock(BaseHTTPRequestHandler):
    """Says how many of a thing are left."""

    def do_GET(self):
        if self.path == "/health":
            self.say(200, b"up\n")
        else:
            self.look_up()

    def look_up(self):
        number, started = next(numbers), time.monotonic()
        item = self.path.rsplit("/", 1)[-1]
        if not item.isdigit():
            print(
                f'<4>level=warn msg="not an item number" item={item} request={number}', flush=True
            )
            self.say(400, b"bad item\n")
            return
        self.say(200, b"17\n")
        took = (time.monotonic() - started) * 1000
        print(
            f'level=info msg="stock read" item={item} left=17 request={number} took={took:.2f}ms',
            flush=True,
        )

    def say(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    """Does not mind that health checks hang up early."""

    def handle_error(self, *args):
        pass


Server((sys.argv[1], int(sys.argv[2])), Stock).serve_forever()
