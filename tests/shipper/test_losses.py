"""The three ways in which shippers lose entries without a word.

Each is first shown to happen to the textbook loop, so that the test would notice if the
circumstances no longer made it happen. libsystemd only ever reads in child processes.
"""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from damage import flip_bytes, zero_share
from journals import START_US, export_text, textbook
from lab import Lab, until
from stub_server import StubServer

from shipper.batches import Limits
from shipper.entries import Entry, MappedEntry, order_number
from shipper.journal import JournalSource
from shipper.reader import Place

MakeJournal = Callable[..., Path]

TEXTBOOK_UNDER_BACKLOG = """
import json, sys
from pathlib import Path
from systemd import _reader
folder, hidden = map(Path, sys.argv[1:])
reader = _reader._Reader(0, path=str(folder))
reader.wait(0)
reader.seek_head()
read = [reader._get("MESSAGE").decode() for _ in range(50) if reader._next()]
for file in hidden.iterdir():
    file.rename(folder / ("user-1000-" + file.name))
while True:
    while reader._next():
        read.append(reader._get("MESSAGE").decode())
    if not reader.wait(300_000):
        break
print(json.dumps(read))
"""


def number(message: str) -> int:
    return int(message[2:].split(maxsplit=1)[0])


def two_sources(make_journal: MakeJournal) -> tuple[Path, Path]:
    """A journal, and the file of a user whose first entries fall in the middle of it."""
    system = [START_US + 2 * at for at in range(1_000)]
    user = [START_US + 101 + 2 * at for at in range(200)]
    return (
        make_journal(export_text(1_000, times_us=system), "system"),
        make_journal(export_text(200, first=1_000, times_us=user), "hidden"),
    )


def test_loss_1_the_textbook_loop_passes_over_a_file_noticed_late(
    make_journal: MakeJournal,
) -> None:
    folders = two_sources(make_journal)
    command = [sys.executable, "-c", TEXTBOOK_UNDER_BACKLOG, *map(str, folders)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)

    assert 0 < done.stdout.count("n=") < 1_200


async def test_loss_1_ours_does_not(
    server: StubServer, make_journal: MakeJournal, tmp_path: Path
) -> None:
    folder, hidden = two_sources(make_journal)
    reading = JournalSource("lab", Place(str(folder)))
    await reading.start(None)
    before = list((await reading.read(50, 1 << 20, 0)).entries)
    for file in hidden.iterdir():
        file.rename(folder / f"user-1000-{file.name}")
    after: list[Entry | MappedEntry] = []
    while entries := (await reading.read(500, 1 << 20, 1.0)).entries:
        after += entries
    await reading.close()

    assert len(before) == 50
    assert len({cursor for cursor, _, _ in before + after}) == 1_200
    assert len(before + after) == 1_200


def three_hosts(make_journal: MakeJournal) -> Path:
    """Three machines in one directory, their clocks each stepping back 90 s once."""
    folder = make_journal(b"", "hosts")
    for host in range(3):
        times, clock = [], START_US + host * 7_000_003
        for at in range(4_000):
            clock += 40_000 + host
            if at == 1_000 + 700 * host:
                clock -= 90_000_000
            times.append(clock)
        machine = str(host + 3) * 32
        text = export_text(4_000, 4_000 * host, machine, times_us=times, steady=False)
        for file in make_journal(text, f"host-{host}").iterdir():
            file.rename(folder / f"remote-{host}{file.name}")
    return folder


CUTS = range(500, 12_000, 1_150)


def test_loss_2_a_merged_position_loses_entries(make_journal: MakeJournal) -> None:
    folder = three_hosts(make_journal)
    whole = textbook(folder)
    order = list(whole)
    lost = []
    for cut in CUTS:
        resumed = textbook(folder, after=order[cut - 1])
        lost.append(12_000 - len(set(order[:cut]) | set(resumed)))

    assert len(whole) == 12_000
    assert max(lost) > 0


async def test_loss_2_a_position_for_each_machine_loses_none(make_journal: MakeJournal) -> None:
    folder = three_hosts(make_journal)
    for machine in ("3" * 32, "4" * 32, "5" * 32):
        for cut in range(300, 4_000, 1_150):
            first = await read_all(folder, machine, None, cut)
            rest = await read_all(folder, machine, first[-1], None)
            assert len({*first, *rest}) == 4_000


async def read_all(folder: Path, machine: str, after: str | None, limit: int | None) -> list[str]:
    source = JournalSource("lab", Place(str(folder), machine))
    await source.start(after)
    read: list[str] = []
    while limit is None or len(read) < limit:
        entries = (await source.read(limit or 500, 1 << 24, 0)).entries
        if not entries:
            break
        read += [cursor for cursor, _, _ in entries]
    await source.close()
    return read


@pytest.mark.parametrize("seed", [0, 1, 2, 5, 7])
async def test_loss_3_what_a_damaged_file_hides_is_swept_up_or_counted(
    server: StubServer, make_journal: MakeJournal, tmp_path: Path, seed: int
) -> None:
    folder = make_journal(export_text(20_000))
    (file,) = folder.iterdir()
    flip_bytes(file, 200, seed)
    plain = len(textbook(folder))

    lab = Lab(server, tmp_path / "state")
    await lab.ship(JournalSource("lab", Place(str(folder))))

    arrived = len(server.rows)
    ledger = lab.progress.ledger
    assert ledger is not None
    assert plain < 15_000 < arrived
    assert arrived > 19_000
    assert not ledger.holes()
    # A damaged number is an entry that came and yet is missing: a handful at most.
    assert 20_000 - arrived <= ledger.lost_in_all <= 20_000 - arrived + 20


async def test_loss_3_zeroed_entries_are_counted_exactly(
    server: StubServer, make_journal: MakeJournal, tmp_path: Path
) -> None:
    folder = make_journal(export_text(20_000))
    (file,) = folder.iterdir()
    zero_share(file, 0.05)
    lab = Lab(server, tmp_path / "state")
    await lab.ship(JournalSource("lab", Place(str(folder))))

    ledger = lab.progress.ledger
    assert ledger is not None
    assert 5_000 < len(server.rows) < 20_000
    assert ledger.lost_in_all == 20_000 - len(server.rows)
    assert sum(loss.missing for loss in ledger.lost) == ledger.lost_in_all
    assert all(START_US < loss.start_us <= loss.end_us for loss in ledger.lost)


WRITE_AND_ROTATE = """
import os, signal, subprocess, time
from systemd import journal
for number in range(1_200):
    journal.send(f"n={number} of the lab")
    if number % 300 == 299:
        subprocess.run(["journalctl", "--sync"])
        os.kill(int(os.environ["JD_PID"]), signal.SIGUSR2)
        time.sleep(0.3)
"""


async def test_an_outage_longer_than_retention_is_counted_exactly(
    server: StubServer, private_journald: list[str], tmp_path: Path
) -> None:
    command = [*private_journald, sys.executable, "-c", WRITE_AND_ROTATE]
    await asyncio.to_thread(subprocess.run, command, check=True, timeout=60)
    folder = next((tmp_path / "journald" / "varlog").iterdir())
    lab = Lab(server, tmp_path / "state", limits=Limits(entries=2))
    shipping = asyncio.create_task(lab.ship(JournalSource("lab", Place(str(folder)))))
    await until(lambda: len(server.rows) > 0)
    lab.stop.set()
    await shipping
    assert len(server.rows) < 300
    for file in sorted(folder.glob("system@*"))[:2]:
        file.unlink()
    lab.stop.clear()
    await lab.ship(JournalSource("lab", Place(str(folder))))

    ledger = lab.progress.ledger
    assert ledger is not None
    numbers = server.seqs()
    assert numbers[-1] == 1_199
    assert 400 < len(numbers) < 1_000
    assert ledger.lost_in_all == last_number(lab) - len(server.rows)
    assert len(ledger.lost) == 1


def last_number(lab: Lab) -> int:
    number = order_number(lab.progress.cursor or "")
    assert number is not None
    return number[1]
