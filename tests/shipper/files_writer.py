"""Write COUNT numbered lines to LOG over SECONDS, and rotate it now and then.

usage: files_writer.py LOG COUNT SECONDS rename|copy

What rotation leaves behind moves on to app.log.2 and so on, and is never deleted. Rotation by copy is done
between two lines, so that it loses none itself. Half of the lines are written in two pieces.
"""

import os
import random
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

KEPT = 60


def line(number: int) -> bytes:
    """Some with a time, some with none, some JSON, some long."""
    form = number % 5
    if form == 0:
        return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}Z n={number};\n".encode()
    if form == 1:
        return f'{{"msg":"n={number};","level":"warn"}}\n'.encode()
    return f"n={number};{' and so on' * (random.randrange(200) if form == 2 else 1)}\n".encode()


def rotate(log: Path, way: str) -> None:
    for number in range(KEPT, 1, -1):
        older = log.with_name(f"{log.name}.{number - 1}")
        if older.exists():
            older.rename(log.with_name(f"{log.name}.{number}"))
    newest = log.with_name(f"{log.name}.1")
    if way == "rename":
        log.rename(newest)
    else:
        shutil.copyfile(log, newest)
        os.truncate(log, 0)


def main(log: Path, count: int, seconds: float, way: str) -> None:
    """Write at a steady pace, with a rotation every two seconds or so."""
    began, rotated = time.monotonic(), time.monotonic()
    out = log.open("ab", buffering=0)
    for number in range(count):
        text = line(number)
        cut = random.randrange(len(text)) if number % 2 else 0
        out.write(text[:cut])
        out.write(text[cut:])
        now = time.monotonic()
        if now - rotated > random.uniform(1.5, 3):
            rotate(log, way)
            rotated = now
            if way == "rename":
                # A program goes on in the old file until it is told.
                out.write(b"; the last words\n")
                out.close()
                out = log.open("ab", buffering=0)
        time.sleep(max(0.0, began + seconds * number / count - now))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
