"""The spool on disk: what is durable comes back, once, whatever happened to the process."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab import Lab
from stub_server import StubServer

from shipper.entries import MappedEntry, order_number
from shipper.errors import BadPosition
from shipper.gaps import Ledger, Loss
from shipper.mapping import uid_of
from shipper.spool import Spool
from shipper.spool_records import KEPT, Received, pack, scan
from shipper.spool_source import SpoolSource

LIMIT = 1 << 20


def message(number: int, size: int = 0) -> Received:
    data = f"n={number} of the spool".encode().ljust(size, b".")
    return Received(time.time_ns() // 1_000, "192.0.2.7:514", data, len(data))


def open_spool(folder: Path, limit: int = LIMIT) -> Spool:
    return Spool(folder / "spool", limit, time.time)


@asynccontextmanager
async def writing(spool: Spool) -> AsyncIterator[Spool]:
    task = asyncio.create_task(spool.keep_writing())
    yield spool
    await spool.close()
    await task


async def fill(folder: Path, *numbers: int, size: int = 0) -> Spool:
    """A spool that got the messages and was closed."""
    async with writing(open_spool(folder)) as spool:
        for number in numbers:
            spool.add(message(number, size))
    return spool


def source(spool: Spool) -> SpoolSource:
    return SpoolSource("syslog", spool, lambda received, cursor: received.data, "here")


async def everything(reader: SpoolSource, cursor: str | None = None) -> list[MappedEntry]:
    await reader.start(cursor)
    entries: list[MappedEntry] = []
    while not (reading := await reader.read(7, 1 << 20, 0.0)).caught_up:
        for entry in reading.entries:
            cursor, realtime_us, mapped = entry
            assert isinstance(mapped, tuple)
            entries.append((cursor, realtime_us, mapped))
    return entries


def numbers_of(entries: list[MappedEntry]) -> list[int]:
    return [int(body[2:].split(b" ")[0]) for _, _, (_, body, _) in entries]


@given(
    st.integers(1, 2**40),
    st.integers(0, 2**63),
    st.text(max_size=40),
    st.binary(max_size=200),
    st.booleans(),
    st.booleans(),
)
def test_a_record_is_read_as_it_was_written(
    number: int, us: int, peer: str, data: bytes, tcp: bool, partial: bool
) -> None:
    received = Received(us, peer, data, len(data) + 5, tcp, partial)
    (placed,), end, damaged = scan(pack(number, received), 9, complete=True)

    assert (placed.number, placed.received, end, damaged) == (number, received, placed.end, 0)


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_can_be_scanned(piece: bytes, complete: bool) -> None:
    _, end, _ = scan(piece, 100, complete)

    assert end == len(piece) if complete else end <= len(piece)


@given(st.data())
def test_damage_costs_the_records_it_touches_and_no_other(data: st.DataObject) -> None:
    records = [pack(number, message(number)) for number in range(1, 6)]
    hit = data.draw(st.integers(0, 4))
    offset = data.draw(st.integers(0, len(records[hit]) - 1))
    broken = bytearray(records[hit])
    broken[offset] ^= data.draw(st.integers(1, 255))
    piece = b"".join([*records[:hit], bytes(broken), *records[hit + 1 :]])
    found, _, damaged = scan(piece, 100, complete=True)

    assert [one.number for one in found] == [one for one in range(1, 6) if one != hit + 1]
    assert damaged == len(broken)


async def test_what_was_written_comes_back_in_order_after_a_restart(tmp_path: Path) -> None:
    await fill(tmp_path, *range(20))
    async with writing(open_spool(tmp_path)) as spool:
        spool.add(message(20))
    entries = await everything(source(open_spool(tmp_path)))

    assert numbers_of(entries) == list(range(21))
    orders = [order_number(cursor) for cursor, _, _ in entries]
    assert orders == [(spool.id, number) for number in range(1, 22)]
    assert {host for _, _, (host, _, _) in entries} == {"here"}


async def test_reading_goes_on_behind_any_cursor(tmp_path: Path) -> None:
    spool = await fill(tmp_path, *range(20))
    entries = await everything(source(spool))
    for at in (0, 6, 7, 18, 19):
        rest = await everything(source(open_spool(tmp_path)), entries[at][0])
        assert numbers_of(rest) == list(range(at + 1, 20))


async def test_the_cursor_of_another_spool_is_not_taken_for_one_of_this(tmp_path: Path) -> None:
    """As when the folder was deleted and the position was not."""
    old = await everything(source(await fill(tmp_path / "old", 1, 2, 3)))
    new = source(await fill(tmp_path / "new", 1, 2, 3))
    entries = await everything(new, old[1][0])

    assert numbers_of(entries) == [1, 2, 3]
    assert not {cursor for cursor, _, _ in entries} & {cursor for cursor, _, _ in old}


async def test_a_record_cut_off_at_any_byte_is_passed_over(tmp_path: Path) -> None:
    spool = await fill(tmp_path, 1, 2)
    file = spool.path(1)
    whole, last = file.read_bytes(), len(pack(1, message(2)))
    for cut in range(1, last + 1, 5):
        folder = tmp_path / f"cut-{cut}"
        (folder / "spool").mkdir(parents=True)
        (folder / "spool/0000000001.spool").write_bytes(whole[:-cut])
        again = await fill(folder, 7)
        reader = source(again)
        entries = await everything(reader)
        assert numbers_of(entries) == [1, 7]
        assert [order_number(cursor) for cursor, _, _ in entries] == [(again.id, 1), (again.id, 2)]
        assert reader.unreadable == (0 if cut == last else 1)


async def test_records_damaged_in_the_middle_are_a_gap_of_that_many(tmp_path: Path) -> None:
    spool = await fill(tmp_path, *range(1, 101))
    damaged = bytearray(spool.path(1).read_bytes())
    damaged[len(damaged) // 2 : len(damaged) // 2 + 300] = bytes(300)
    spool.path(1).write_bytes(damaged)
    entries = await everything(source(open_spool(tmp_path)))
    ledger = Ledger(in_order=True)
    for cursor, realtime_us, _ in entries:
        ledger.note(cursor, realtime_us)

    assert 90 < len(entries) < 100
    assert ledger.lost_in_all == 100 - len(entries)


async def test_more_damage_than_is_read_at_once_does_not_stop_the_reading(tmp_path: Path) -> None:
    async with writing(open_spool(tmp_path, 64 << 20)) as spool:
        for number in range(60):
            spool.add(message(number, KEPT))
    with spool.path(1).open("r+b") as file:
        file.seek(100_000)
        file.write(b"\xd5SPL" * 500_000)
    entries = numbers_of(await everything(source(open_spool(tmp_path))))

    assert entries[0] == 0
    assert entries[-1] == 59
    assert 25 < len(entries) < 59


async def test_dropped_messages_are_a_loss_from_and_to_their_neighbours(tmp_path: Path) -> None:
    async with writing(open_spool(tmp_path)) as spool:
        spool.add(message(1))
        spool.skip(5_000)
        spool.add(message(2))
    (first, before, _), (second, after, _) = await everything(source(spool))
    ledger = Ledger(in_order=True)
    ledger.note(first, before)
    ledger.note(second, after)

    assert ledger.lost == [Loss(before, after, 5_000)]
    again = Ledger(ledger.saved(), in_order=True)
    again.note(second, after)
    assert again.lost_in_all == 5_000


async def test_drops_at_the_very_end_outlive_the_process(tmp_path: Path) -> None:
    async with writing(open_spool(tmp_path)) as spool:
        spool.add(message(1))
        spool.skip(9)
    ends = await source(open_spool(tmp_path)).ends()

    assert ends[spool.id][0] == 10


async def test_drops_with_nothing_behind_them_are_reported_too(
    server: StubServer, tmp_path: Path
) -> None:
    async with writing(open_spool(tmp_path)) as spool:
        spool.add(message(1))
        spool.skip(5_000)
        spool.add(message(2))
        spool.skip(9)
    lab = Lab(server, tmp_path)
    await lab.ship(SpoolSource("syslog", spool, event, "here"), in_order=True)
    ledger = lab.progress.ledger

    assert server.seqs() == [1, 2]
    assert ledger is not None
    assert [loss.missing for loss in ledger.lost] == [5_000, 9]


def event(received: Received, cursor: str) -> bytes:
    return orjson.dumps({"uid": uid_of(cursor), "message": received.data.decode()})


async def test_acknowledged_segments_are_deleted_and_make_room(tmp_path: Path) -> None:
    async with writing(open_spool(tmp_path)) as spool:
        for number in range(14):
            spool.add(message(number, 70_000))
            await asyncio.wait_for(spool.grown.wait(), 5)
            spool.grown.clear()
        for number in range(14, 16):
            spool.add(message(number, 70_000))
        assert spool.full
        reader = source(spool)
        entries = await everything(reader)
        reader.forget(entries[6][0])
        assert not spool.full
        held = [place.segment for place in spool.segments()]
        assert held[0] > 1
        assert len(held) == len(list((tmp_path / "spool").glob("*.spool")))
    rest = numbers_of(await everything(source(open_spool(tmp_path))))
    assert set(range(7, 16)) <= set(rest)


async def test_numbers_go_on_when_all_was_acknowledged(tmp_path: Path) -> None:
    spool = await fill(tmp_path, 1, 2, 3)
    reader = source(spool)
    entries = await everything(reader)
    reader.forget(entries[-1][0])
    again = await fill(tmp_path, 4)
    (entry,) = await everything(source(again), entries[-1][0])

    assert order_number(entry[0]) == (spool.id, 4)


async def test_while_the_disk_refuses_messages_wait_and_then_arrive(tmp_path: Path) -> None:
    async with writing(open_spool(tmp_path)) as spool:
        blocker = spool.path(1)
        blocker.mkdir()
        spool.add(message(1))
        await asyncio.sleep(0.4)
        assert spool.segments() == []
        spool.add(message(2))
        blocker.rmdir()
        await asyncio.wait_for(spool.grown.wait(), 5)

    assert numbers_of(await everything(source(spool))) == [1, 2]


async def test_a_damaged_identity_is_an_error_and_no_guess(tmp_path: Path) -> None:
    await fill(tmp_path, 1)
    (tmp_path / "spool/spool.json").write_bytes(b'{"version": 9}')

    with pytest.raises(BadPosition, match=r"spool\.json is damaged"):
        open_spool(tmp_path)
