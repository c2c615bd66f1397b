"""From real journal files to the server and the saved position."""

import asyncio
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import orjson
import pytest
from journals import export_text
from lab import Lab, until
from starlette.responses import JSONResponse
from stub_server import StubServer

from shipper.errors import BadPosition, JournalUnreadable
from shipper.journal import JournalSource
from shipper.reader import Place

MakeJournal = Callable[..., Path]


def source(folder: Path) -> JournalSource:
    return JournalSource("lab", Place(str(folder)))


async def more_rows(server: StubServer, count: int) -> None:
    before = len(server.rows)
    await until(lambda: len(server.rows) > before + count)


async def test_everything_arrives_once_and_in_order(
    server: StubServer, make_journal: MakeJournal, tmp_path: Path
) -> None:
    lab = Lab(server, tmp_path / "state")
    sender = await lab.ship(source(make_journal(export_text(3_000))))

    assert server.seqs() == list(range(3_000))
    assert [server.rows[uid]["message"].split()[0] for uid in server.arrived] == [
        f"n={number}" for number in range(3_000)
    ]
    assert (sender.sent, sender.duplicates, sender.dead) == (3_000, 0, 0)
    assert max(server.batches) == 500


async def test_a_second_run_resends_only_the_overlap(
    server: StubServer, make_journal: MakeJournal, tmp_path: Path
) -> None:
    folder, lab = make_journal(export_text(5_000)), Lab(server, tmp_path / "state")
    await lab.ship(source(folder))

    sender = await lab.ship(source(folder))

    assert (sender.sent, sender.duplicates) == (0, 2_001)
    assert len(server.rows) == 5_000


async def test_the_position_moves_only_when_the_server_has_answered(
    server: StubServer, make_journal: MakeJournal, tmp_path: Path
) -> None:
    lab = Lab(server, tmp_path / "state")
    positions: list[bool] = []

    def busy() -> JSONResponse:
        positions.append(lab.checkpoint.path.exists())
        return JSONResponse({"title": "busy"}, 503)

    server.script.extend([busy, busy, busy])
    sender = await lab.ship(source(make_journal(export_text(10))))

    assert positions == [False, False, False]
    assert sender.retried == 3
    assert server.seqs() == list(range(10))


async def test_a_lost_acknowledgement_doubles_nothing(
    server: StubServer, make_journal: MakeJournal, tmp_path: Path
) -> None:
    server.lost_ack_share = 0.4
    sender = await Lab(server, tmp_path / "state").ship(source(make_journal(export_text(4_000))))

    assert server.seqs() == list(range(4_000))
    assert sender.retried > 0
    assert sender.sent + sender.duplicates == 4_000
    assert sender.duplicates > 0


async def test_the_server_may_die_and_come_back(
    server: StubServer, make_journal: MakeJournal, tmp_path: Path
) -> None:
    lab = Lab(server, tmp_path / "state")
    folder = make_journal(export_text(60_000))
    shipping = asyncio.create_task(lab.ship(source(folder)))
    for _ in range(3):
        await more_rows(server, 1_500)
        await server.stop()
        await asyncio.sleep(0.3)
        await server.start()
    await shipping

    assert server.seqs() == list(range(60_000))


async def test_a_dead_reader_is_replaced_and_nothing_is_lost(
    server: StubServer, make_journal: MakeJournal, tmp_path: Path
) -> None:
    lab = Lab(server, tmp_path / "state")
    reading = source(make_journal(export_text(20_000)))
    shipping = asyncio.create_task(lab.ship(reading))
    for kills in range(1, 4):
        await more_rows(server, 1_000)
        assert reading._process is not None
        os.kill(reading._process.pid, signal.SIGBUS)
        await until(partial(lambda kills: reading.restarts == kills, kills))
    await shipping

    assert server.seqs() == list(range(20_000))


async def test_a_stop_ends_after_the_batch_in_flight(
    server: StubServer, make_journal: MakeJournal, tmp_path: Path
) -> None:
    lab = Lab(server, tmp_path / "state")
    folder = make_journal(export_text(20_000))
    shipping = asyncio.create_task(lab.ship(source(folder), follow=True))
    await until(lambda: len(server.rows) > 1_000)
    lab.stop.set()
    await asyncio.wait_for(shipping, 5)

    saved = orjson.loads(lab.checkpoint.path.read_bytes())
    last = server.rows[server.arrived[-1]]
    assert saved["realtime_us"] == last["timestamp"]
    lab.stop.clear()
    await lab.ship(source(folder))
    assert server.seqs() == list(range(20_000))


async def test_a_stop_does_not_wait_for_a_server_that_is_away(
    server: StubServer, make_journal: MakeJournal, tmp_path: Path
) -> None:
    lab = Lab(server, tmp_path / "state")
    await server.stop()
    shipping = asyncio.create_task(lab.ship(source(make_journal(export_text(10))), follow=True))
    await asyncio.sleep(1)
    lab.stop.set()
    await asyncio.wait_for(shipping, 5)

    assert not lab.checkpoint.path.exists()


async def test_following_takes_in_files_that_come_later(
    server: StubServer, make_journal: MakeJournal, tmp_path: Path
) -> None:
    lab = Lab(server, tmp_path / "state")
    folder = make_journal(export_text(100, first=100))
    shipping = asyncio.create_task(lab.ship(source(folder), follow=True))
    await until(lambda: len(server.rows) == 100)
    # Older than what has been shipped: the textbook loop would pass it over.
    later = make_journal(export_text(100), "later")
    for file in later.iterdir():
        file.rename(folder / f"later-{file.name}")
    await until(lambda: len(server.rows) == 200)
    lab.stop.set()
    await shipping

    assert server.seqs() == list(range(200))


async def test_a_vacuumed_position_loses_nothing_that_is_left(
    server: StubServer, make_journal: MakeJournal, tmp_path: Path
) -> None:
    lab = Lab(server, tmp_path / "state")
    await lab.ship(source(make_journal(export_text(100), "before")))
    reading = source(make_journal(export_text(100, first=50_000), "after"))
    sender = await lab.ship(reading)

    assert reading.found == "vacuumed"
    assert sender.sent == 100


async def test_a_position_from_the_future_goes_on_at_the_tail(
    server: StubServer, make_journal: MakeJournal, tmp_path: Path
) -> None:
    lab = Lab(server, tmp_path / "state")
    await lab.ship(source(make_journal(export_text(100, first=50_000), "before")))
    reading = source(make_journal(export_text(100), "after"))
    sender = await lab.ship(reading)

    assert reading.found == "future"
    assert sender.sent == 100


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version":1}', b'{"version":9}'])
async def test_a_damaged_position_file_stops_the_shipper(
    server: StubServer, make_journal: MakeJournal, tmp_path: Path, content: bytes
) -> None:
    lab = Lab(server, tmp_path)
    lab.checkpoint.path.write_bytes(content)
    with pytest.raises(BadPosition, match="Delete the file"):
        await lab.ship(source(make_journal(export_text(1))))

    assert not server.rows


async def test_a_garbage_cursor_stops_the_shipper(
    server: StubServer, make_journal: MakeJournal, tmp_path: Path
) -> None:
    lab = Lab(server, tmp_path)
    lab.checkpoint.save("rubbish", 0, None)
    with pytest.raises(BadPosition, match="rubbish"):
        await lab.ship(source(make_journal(export_text(1))))


async def test_a_missing_directory_is_an_error(server: StubServer, tmp_path: Path) -> None:
    with pytest.raises(JournalUnreadable):
        await Lab(server, tmp_path).ship(source(tmp_path / "none"))
