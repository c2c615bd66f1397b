"""Heartbeats, the status file, and the hours that a journal has left."""

import asyncio
import socket
import time
from pathlib import Path

import pytest
from journals import START_US, export_text
from lab import Lab
from stub_server import StubServer

from shipper.checkpoint import Checkpoint
from shipper.deadletters import DeadLetters
from shipper.entries import Span
from shipper.events import JOURNAL_DROPPED, rate_limited
from shipper.export_source import ExportSource
from shipper.headroom import HOUR_US, hours_left, system_max_use
from shipper.heartbeat import Pulse
from shipper.notify import Notifier
from shipper.patience import Patience
from shipper.progress import Progress
from shipper.send import Sender, connect
from shipper.status import Status, read_statuses, write_status
from tools.records import Heartbeat

NOW = START_US / 1e6 + 100


def pulse(sender: Sender, progress: Progress, folder: Path) -> Pulse:
    return Pulse(
        source=ExportSource(str(folder / "none")),
        sender=sender,
        progress=progress,
        status_file=folder / "lab.status.json",
        host=lambda: "lab",
        clock=lambda: NOW,
    )


def progress_with_gap(folder: Path) -> Progress:
    checkpoint = Checkpoint(folder / "position.json")
    checkpoint.save("s=a;i=9;b=0", START_US, None)
    progress = Progress(checkpoint)
    assert progress.ledger is not None
    for number in (1, 2, 9):
        progress.ledger.note(f"s=a;i={number:x};b=0", START_US + number)
    progress.ledger.begin_sweep()
    progress.ledger.settle()
    return progress


async def test_a_heartbeat_tells_of_lag_and_gaps(
    server: StubServer, tmp_path: Path, stop: asyncio.Event
) -> None:
    progress = progress_with_gap(tmp_path)
    async with connect(server.url, None) as client:
        dead = DeadLetters(tmp_path / "dead.ndjson")
        sender = Sender(client, dead, Patience(stop), lambda: NOW)
        assert await pulse(sender, progress, tmp_path).beat()
        assert await pulse(sender, progress, tmp_path).beat()

    first, second = (Heartbeat.model_validate(beat) for beat in server.beats)
    assert first.host == "lab"
    assert first.lag_seconds == pytest.approx(100, abs=0.01)
    assert [(gap.missing, gap.host) for gap in first.gaps] == [(6, "lab")]
    assert first.gaps[0].start.timestamp() == pytest.approx(START_US / 1e6, abs=0.001)
    assert second.gaps == []


async def test_gaps_are_kept_until_a_heartbeat_arrives(
    server: StubServer, tmp_path: Path, stop: asyncio.Event
) -> None:
    progress = progress_with_gap(tmp_path)
    await server.stop()
    async with connect(server.url, None) as client:
        dead = DeadLetters(tmp_path / "dead.ndjson")
        sender = Sender(client, dead, Patience(stop), lambda: NOW)
        assert not await pulse(sender, progress, tmp_path).beat()
        await progress.save()

        again = Progress(Checkpoint(tmp_path / "position.json"))
        await server.start()
        assert await pulse(sender, again, tmp_path).beat()

    assert server.beats[0]["gaps"][0]["missing"] == 6
    last = Progress(Checkpoint(tmp_path / "position.json")).ledger
    assert last is not None
    assert (last.lost, last.lost_in_all) == ([], 6)


async def test_the_status_file_is_read_back(
    server: StubServer, tmp_path: Path, stop: asyncio.Event
) -> None:
    lab = Lab(server, tmp_path)
    (tmp_path / "export").write_bytes(export_text(10))
    sender = await lab.ship(ExportSource(str(tmp_path / "export")), follow=True)
    await pulse(sender, lab.progress, tmp_path).note_status()
    (status,) = read_statuses(tmp_path)

    assert (status.sent, status.host, status.lag_seconds) == (10, "lab", 0.0)


async def test_the_last_word_stays_the_last(
    server: StubServer, tmp_path: Path, stop: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write whose waiter was cancelled is still under way: the next one comes after it."""
    progress = progress_with_gap(tmp_path)
    async with connect(server.url, None) as client:
        sender = Sender(client, DeadLetters(tmp_path / "dead"), Patience(stop), lambda: NOW)
        beating = pulse(sender, progress, tmp_path)

        def slow(path: Path, status: Status) -> None:
            time.sleep(0 if status.finished else 0.3)
            write_status(path, status)

        monkeypatch.setattr("shipper.heartbeat.write_status", slow)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(beating.note_status(), 0.05)
        beating.finished = True
        await beating.note_status()
        await asyncio.sleep(0.4)

    assert [status.finished for status in read_statuses(tmp_path)] == [True]


def test_hours_left_adds_free_room_to_what_is_behind() -> None:
    span = Span(head_us=0, tail_us=10 * HOUR_US, used_bytes=1_000)

    assert hours_left(span, 4 * HOUR_US, 1_000) == 4
    assert hours_left(span, 4 * HOUR_US, 1_500) == 9
    assert hours_left(span, 0, 500) == 0


@pytest.mark.parametrize(
    ("span", "position", "capacity"),
    [
        (None, 1, 1),
        (Span(0, 10 * HOUR_US, 1), None, 1),
        (Span(0, 10 * HOUR_US, 1), 1, None),
        (Span(0, 1_000, 1), 1, 1),
    ],
)
def test_hours_left_may_be_unknown(
    span: Span | None, position: int | None, capacity: int | None
) -> None:
    assert hours_left(span, position, capacity) is None


def test_the_last_setting_of_the_journals_size_wins(tmp_path: Path) -> None:
    first, second = tmp_path / "journald.conf", tmp_path / "size.conf"
    first.write_text("[Journal]\n#SystemMaxUse=1G\nSystemMaxUse=2G\n")
    second.write_text("[Journal]\n SystemMaxUse = 1.5M \n")

    assert system_max_use([first]) == 2 * 1024**3
    assert system_max_use([first, second]) == 1_572_864
    assert system_max_use([]) is None


def test_only_journald_itself_is_believed_about_dropped_entries() -> None:
    said = {"MESSAGE_ID": JOURNAL_DROPPED, "N_DROPPED": b"7", "_TRANSPORT": b"driver"}

    assert rate_limited({**said}) == 7
    assert rate_limited({**said, "_TRANSPORT": b"journal"}) == 0
    assert rate_limited({**said, "N_DROPPED": [b"7", b"8"]}) == 0


def test_systemd_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        Notifier(str(tmp_path / "notify")).tell("READY=1")
        Notifier(None).tell("READY=1")
        assert listener.recv(100) == b"READY=1"
