"""Writes numbered lines to the journal until standard input ends, then says how many.

usage: writer.py native|stream|syslog UID SEED ; stands on the standard library alone, since it
goes on as another user once it has started.
"""

import os
import random
import select
import socket
import struct
import sys
from collections.abc import Callable

NATIVE, STREAM, SYSLOG = "/run/systemd/journal/socket", "/run/systemd/journal/stdout", "/dev/log"
BAD_RECORD, BAD_BATCH = "poison of a record", "poison of a batch"
NASTY = (
    b"not \xff\xfe utf-8",
    b"a stack\n  of several\n    lines",
    b"with \x00 and \x1b[31mcolour\x1b[0m",
    b'{"level": "error", "msg": "json", "code": 502}',
    b"long " * 20_000,
)


def line_of(number: int) -> str:
    """A line that is numbered; some carry a marker that the proxy makes poison of."""
    if number % 607 == 11:
        return f"n={number} {BAD_RECORD}"
    if number % 809 == 17:
        return f"n={number} {BAD_BATCH}"
    return f"n={number} request done in {number % 97} ms"


def native(name: str) -> Callable[[str], None]:
    """The native protocol, with hostile entries between the numbered ones."""
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    journal.connect(NATIVE)
    count = 0

    def write(line: str) -> None:
        nonlocal count
        count += 1
        journal.send(f"MESSAGE={line}\nSYSLOG_IDENTIFIER={name}\nPRIORITY=6\n".encode())
        if count % 50 == 0:
            data = NASTY[count // 50 % len(NASTY)]
            journal.send(b"MESSAGE\n" + struct.pack("<Q", len(data)) + data + b"\nTAG=a\nTAG=b\n")

    return write


def stream(name: str) -> Callable[[str], None]:
    """Standard output of a service, with lines that are alike in everything but their number."""
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    journal.connect(STREAM)
    journal.sendall(f"{name}\n\n6\n1\n0\n0\n0\n".encode())
    return lambda line: journal.sendall(f"{line}\nthe same\nthe same\n".encode())


def syslog(name: str) -> Callable[[str], None]:
    """/dev/log in the old syslog form."""
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    journal.connect(SYSLOG)

    def write(line: str) -> None:
        journal.send(f"<14>{name}: {line}".encode())

    return write


def main(kind: str, uid: int, seed: int) -> None:
    """Bursts with pauses between them; ends when standard input does."""
    if uid:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
    write = {"native": native, "stream": stream, "syslog": syslog}[kind](f"{kind}-{uid}")
    dice = random.Random(seed)
    count = 0
    while not select.select([0], [], [], dice.uniform(0, 0.2))[0]:
        for _ in range(dice.randrange(1, 20)):
            write(line_of(count))
            count += 1
    print(count)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
