"""Log files that are written, rotated and shipped on a small scale."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from lab import Lab
from stub_server import StubServer

from shipper.file_mapping import LineMapper
from shipper.file_search import Globs
from shipper.files_source import FilesSource, Pace
from shipper.rules import Rules

QUICK = Pace(poll=0.02, look=0.1, rest=0.2, deleted=0.3, retry=0.1)


def source(*patterns: Path | str, follow: bool = True) -> FilesSource:
    globs = Globs([str(pattern) for pattern in patterns])
    return FilesSource(globs, LineMapper("lab", Rules()), follow, QUICK)


async def once(lab: Lab, *patterns: Path | str) -> FilesSource:
    """Ship what there is now."""
    reading = source(*patterns, follow=False)
    await lab.ship(reading, ledger=False)
    return reading


@asynccontextmanager
async def following(lab: Lab, *patterns: Path | str) -> AsyncIterator[FilesSource]:
    """Ship meanwhile, and stop the polite way."""
    reading = source(*patterns)
    shipping = asyncio.create_task(lab.ship(reading, follow=True, ledger=False))
    try:
        yield reading
    finally:
        lab.stop.set()
        await asyncio.wait_for(shipping, 5)
        lab.stop.clear()


def lines(first: int, end: int, text: str = "of a file") -> str:
    """Numbered lines, a line each, without a time of their own."""
    return "".join(f"n={number} {text}\n" for number in range(first, end))


def add(file: Path, text: str | bytes) -> None:
    """Write at the end of a file."""
    with file.open("ab") as out:
        out.write(text.encode() if isinstance(text, str) else text)


def numbers(server: StubServer, file: str = "") -> list[int]:
    """The numbers of the lines that arrived, in order of arrival, of the files so named."""
    found = []
    for uid in server.arrived:
        row = server.rows[uid]
        number = re.match(r"n=(\d+)", row["message"])
        if number and row["meta_json"]["path"].endswith(file):
            found.append(int(number[1]))
    return found


def messages(server: StubServer) -> list[str]:
    """All lines that arrived, in order."""
    return [server.rows[uid]["message"] for uid in server.arrived]
