"""db-01 as web-01 sees it: a listener that greets. It logs nothing."""

import socketserver
import sys


class Greeting(socketserver.BaseRequestHandler):
    """The first bytes a MariaDB server sends."""

    def handle(self):
        self.request.sendall(b"\x4a\x00\x00\x00\x0a10.11-MariaDB\x00")


socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer((sys.argv[1], 3306), Greeting).serve_forever()
