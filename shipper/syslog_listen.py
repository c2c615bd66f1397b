"""Addresses such as udp://0.0.0.0:5514, and the sockets that listen there."""

import contextlib
import errno
import ipaddress
import socket
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import urlsplit

from shipper.errors import CannotListen

DEFAULT_PORT = 514
"""The one that RFC 5426 and RFC 6587 name."""

RECEIVE_BUFFER = 16 << 20
"""Bytes of datagrams that the kernel is asked to hold; it may grant less."""

_BACKLOG = 128
_SO_RCVBUFFORCE = 33
"""asm-generic/socket.h; Python has no name for it. Goes past rmem_max, for root."""

_REASONS = {
    errno.EADDRINUSE: "another program uses this port (an rsyslogd?): stop it or choose another",
    errno.EACCES: "ports below 1024 need root or CAP_NET_BIND_SERVICE: choose another, e.g. 5514",
    errno.EADDRNOTAVAIL: "no interface of this machine has this address",
}


@dataclass(frozen=True)
class Address:
    """Where to listen. IPv6 addresses take IPv6 only, so that both can be given."""

    scheme: Literal["udp", "tcp"]
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Raises CannotListen, naming what is wrong."""
        try:
            url = urlsplit(text)
            host, port = url.hostname or "", url.port
            ipaddress.ip_address(host)
        except ValueError as error:
            raise _wrong(text, str(error)) from error
        if url.scheme not in ("udp", "tcp"):
            raise _wrong(text, f"{url.scheme or 'no scheme'!r} is neither udp nor tcp")
        if url.username is not None or url.path or url.query or url.fragment:
            raise _wrong(text, "there is more than an address and a port")
        if port == 0:
            raise _wrong(text, "the port is 0")
        scheme = cast(Literal["udp", "tcp"], url.scheme)
        return cls(scheme, host, DEFAULT_PORT if port is None else port)

    def listen(self) -> socket.socket:
        """A socket that listens here, without blocking. Raises CannotListen."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        kind = socket.SOCK_DGRAM if self.scheme == "udp" else socket.SOCK_STREAM
        opened = socket.socket(family, kind | socket.SOCK_NONBLOCK)
        try:
            if family == socket.AF_INET6:
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            if kind == socket.SOCK_DGRAM:
                _ask_for_buffer(opened)
            else:
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind((self.host, self.port))
            if kind == socket.SOCK_STREAM:
                opened.listen(_BACKLOG)
        except OSError as error:
            opened.close()
            reason = _REASONS.get(error.errno or 0, error.strerror)
            raise CannotListen(f"cannot receive syslog at {self}: {reason}") from error
        return opened


def _ask_for_buffer(opened: socket.socket) -> None:
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    with contextlib.suppress(PermissionError):
        opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)


def _wrong(text: str, problem: str) -> CannotListen:
    return CannotListen(
        f"{text!r} is no address to receive syslog at: {problem}. It takes udp:// or tcp://, an IP "
        "address (IPv6 in brackets) and a port from 1 to 65535, e.g. udp://0.0.0.0:5514"
    )
