"""`devmesh ship --file` killed again and again while files are written and rotated."""

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from journals import ROOT
from lab import until
from stub_server import StubServer

WRITER = Path(__file__).with_name("files_writer.py")
SHIP = [sys.executable, "-c", "from server.cli import main; main()", "ship"]
COUNT, SECONDS, KILLS = 6_000, 18, 22


async def test_killing_the_shipper_at_any_moment_loses_and_doubles_nothing(
    server: StubServer, tmp_path: Path
) -> None:
    """One file is renamed and one copied and truncated; the server fails and forgets to answer."""
    server.busy_share = server.lost_ack_share = 0.1
    times: dict[str, set[str | None]] = {}

    def look(event: dict[str, str]) -> bool:
        times.setdefault(event["uid"], set()).add(event.get("timestamp"))
        return False

    server.rejects = look
    logs = {way: tmp_path / way / "app.log" for way in ("rename", "copy")}
    for log in logs.values():
        log.parent.mkdir()
        log.write_text("met before it is rotated\n")
    # Of one the rotated files match as well, of the other they have to be found.
    ship = [*SHIP, "--file", str(logs["rename"]), "--file", f"{logs['copy']}*"]
    shipper = await start(ship, server, tmp_path)
    await until(lambda: len(server.rows) == 2)
    shipper.kill()
    writers = [
        subprocess.Popen([sys.executable, WRITER, log, str(COUNT), str(SECONDS), way])
        for way, log in logs.items()
    ]
    dice = random.Random(7)
    for _ in range(KILLS):
        shipper = await start(ship, server, tmp_path)
        await asyncio.sleep(dice.uniform(0.4, 1.2))
        shipper.kill()
        await shipper.wait()
    for writer in writers:
        assert await asyncio.to_thread(writer.wait, 30) == 0
    shipper = await start(ship, server, tmp_path)
    for way, log in logs.items():
        await until(lambda log=log: len(arrived(server, log)) >= COUNT, 60)  # type: ignore[misc]
        await asyncio.sleep(0.5)
        assert arrived(server, log) == Counter(range(COUNT)), way
    shipper.send_signal(signal.SIGTERM)

    assert await asyncio.wait_for(shipper.wait(), 10) == 0
    assert all(len(seen) == 1 for seen in times.values())


async def start(command: list[str], server: StubServer, folder: Path) -> asyncio.subprocess.Process:
    environment = {
        **os.environ,
        "DEVMESH_SERVER_URL": server.url,
        "DEVMESH_STATE_DIR": str(folder / "state"),
        "PYTHONPATH": str(ROOT),
    }
    return await asyncio.create_subprocess_exec(
        *command, env=environment, stderr=asyncio.subprocess.DEVNULL
    )


def arrived(server: StubServer, log: Path) -> Counter[int]:
    """How often each line of a file is there."""
    found: Counter[int] = Counter()
    for row in server.rows.values():
        number = re.search(r"n=(\d+);", row["message"])
        if number and row["meta_json"]["path"].startswith(str(log)):
            found[int(number[1])] += 1
    return found
