"""Delivery against a server that is busy, picky, old or closed."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from starlette.responses import JSONResponse, Response
from stub_server import Event, StubServer

from shipper.answers import retry_after
from shipper.batches import Batch, Item, Limits
from shipper.deadletters import DeadLetters
from shipper.patience import Patience, Stopped, back_off
from shipper.replay import replay_dead
from shipper.send import Sender, connect

NOW = 1_795_000_000.0


def batch(count: int, first: int = 0) -> Batch:
    return Batch([item(number) for number in range(first, first + count)])


def item(number: int) -> Item:
    event = {"uid": f"{number:032x}", "host": "lab", "message": f"n={number} "}
    return Item(f"cursor-{number}", number, orjson.dumps(event))


@asynccontextmanager
async def sending(
    server: StubServer, folder: Path, stop: asyncio.Event, token: str | None = None
) -> AsyncIterator[Sender]:
    async with connect(server.url, token) as client:
        yield Sender(client, DeadLetters(folder / "dead.ndjson"), Patience(stop), lambda: NOW)


def letters(folder: Path) -> list[Event]:
    return [orjson.loads(line) for line in (folder / "dead.ndjson").read_bytes().splitlines()]


def numbered(*numbers: int) -> Callable[[Event], bool]:
    uids = {f"{number:032x}" for number in numbers}
    return lambda event: event["uid"] in uids


async def test_batches_travel_as_zstd(
    server: StubServer, tmp_path: Path, stop: asyncio.Event
) -> None:
    async with sending(server, tmp_path, stop) as sender:
        await sender.send(batch(5))

    assert server.encodings == ["zstd"]
    assert server.seqs() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("knows", [{"gzip"}, {"identity"}])
async def test_an_older_server_is_spoken_to_in_its_own_way(
    server: StubServer, tmp_path: Path, stop: asyncio.Event, knows: set[str]
) -> None:
    server.knows = knows
    async with sending(server, tmp_path, stop) as sender:
        await sender.send(batch(5))
        await sender.send(batch(5, first=5))

    assert len(server.rows) == 10
    assert server.encodings[-1] in knows
    assert server.encodings.count("zstd") == 1


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_poison_is_singled_out_and_its_neighbours_are_stored(
    server: StubServer, tmp_path: Path, stop: asyncio.Event, status: int
) -> None:
    server.chokes_on, server.choking_status = numbered(3, 77), status
    async with sending(server, tmp_path, stop) as sender:
        await sender.send(batch(100))

    assert server.seqs() == [n for n in range(100) if n not in (3, 77)]
    assert [letter["event"]["message"] for letter in letters(tmp_path)] == ["n=3 ", "n=77 "]
    assert letters(tmp_path)[0]["reason"]["status"] == status
    assert (sender.sent, sender.dead) == (98, 2)


async def test_what_is_older_than_the_server_keeps_is_no_dead_letter(
    server: StubServer, tmp_path: Path, stop: asyncio.Event
) -> None:
    old = {"index": 0, "field": "timestamp", "rule": "nothing before … is kept", "code": "not_kept"}
    ahead = {"index": 2, "field": "timestamp", "rule": "must be before …", "code": "dated_ahead"}
    receipt = {"accepted": 1, "duplicates": 0, "rejected": [old, ahead]}
    server.script.append(lambda: JSONResponse(receipt))
    async with sending(server, tmp_path, stop) as sender:
        await sender.send(batch(3))

    assert [letter["reason"]["code"] for letter in letters(tmp_path)] == ["dated_ahead"]
    assert (sender.sent, sender.dead) == (1, 1)


async def test_what_a_receipt_rejects_is_a_dead_letter(
    server: StubServer, tmp_path: Path, stop: asyncio.Event
) -> None:
    server.rejects = numbered(2)
    async with sending(server, tmp_path, stop) as sender:
        await sender.send(batch(5))

    assert server.seqs() == [0, 1, 3, 4]
    (letter,) = letters(tmp_path)
    assert letter["cursor"] == "cursor-2"
    assert letter["reason"]["rule"] == "planted"


async def test_a_batch_that_is_bad_from_end_to_end_takes_one_request(
    server: StubServer, tmp_path: Path, stop: asyncio.Event
) -> None:
    server.rejects = lambda event: True
    async with sending(server, tmp_path, stop) as sender:
        await sender.send(batch(50))

    assert server.batches == [50]
    assert len(letters(tmp_path)) == 50


async def test_dead_letters_can_be_sent_again(
    server: StubServer, tmp_path: Path, stop: asyncio.Event
) -> None:
    server.rejects = numbered(1, 2)
    async with sending(server, tmp_path, stop) as sender:
        await sender.send(batch(5))
        server.rejects = numbered(2)
        dead = DeadLetters(tmp_path / "dead.ndjson")
        count = await replay_dead(dead, sender, Limits())

    assert count == 2
    assert server.seqs() == [0, 1, 3, 4]
    assert [letter["cursor"] for letter in letters(tmp_path)] == ["cursor-2"]


async def test_a_torn_dead_letter_is_kept_apart(
    server: StubServer, tmp_path: Path, stop: asyncio.Event
) -> None:
    (tmp_path / "dead.ndjson").write_bytes(b'{"cursor":"torn","ev')
    server.rejects = numbered(0)
    async with sending(server, tmp_path, stop) as sender:
        await sender.send(batch(1))
        server.rejects = numbered()
        await replay_dead(DeadLetters(tmp_path / "dead.ndjson"), sender, Limits())

    assert server.seqs() == [0]
    assert (tmp_path / "dead.unreadable").read_bytes() == b'{"cursor":"torn","ev\n'
    assert not (tmp_path / "dead.ndjson").exists()


async def test_a_replay_cut_short_loses_no_letter(
    server: StubServer, tmp_path: Path, stop: asyncio.Event
) -> None:
    dead = DeadLetters(tmp_path / "dead.ndjson")
    await dead.bury(item(1), {})
    assert dead.set_aside() is not None  # and the process dies here
    await dead.bury(item(2), {})
    async with sending(server, tmp_path, stop) as sender:
        count = await replay_dead(dead, sender, Limits())

    assert count == 2
    assert server.seqs() == [1, 2]


async def test_retry_after_is_honoured(
    server: StubServer, tmp_path: Path, stop: asyncio.Event
) -> None:
    server.script.append(lambda: Response(status_code=503, headers={"Retry-After": "1"}))
    async with sending(server, tmp_path, stop) as sender:
        began = time.monotonic()
        await sender.send(batch(1))

    assert 1.0 <= time.monotonic() - began < 3.0
    assert sender.retried == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("1e9", 300),
        ("-3", 0),
        ("nan", 0),
        ("inf", 300),
        ("soon", 0),
        ("", 0),
        ("Wed, 18 Nov 2026 11:07:20 GMT", 40),
        ("Wed, 18 Nov 2026 11:07:20", 0),
    ],
)
def test_both_forms_of_retry_after_are_bounded(text: str, seconds: float) -> None:
    now = datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC)

    assert retry_after(text, now) == seconds


def test_back_off_is_jittered_in_full_and_bounded() -> None:
    assert all(0 <= back_off(0) <= 0.1 for _ in range(100))
    long = [back_off(400) for _ in range(200)]
    assert max(long) <= 30
    assert min(long) < 15 < max(long)


async def test_a_wrong_token_keeps_the_batch_and_says_so(
    server: StubServer, tmp_path: Path, stop: asyncio.Event, caplog: pytest.LogCaptureFixture
) -> None:
    server.token = "right"
    async with sending(server, tmp_path, stop, "wrong") as sender:
        sent = asyncio.create_task(sender.send(batch(3)))
        await asyncio.sleep(0.3)
        assert len(server.encodings) == 1  # it does not hammer
        stop.set()
        with pytest.raises(Stopped):
            await sent

    assert not server.rows
    assert not (tmp_path / "dead.ndjson").exists()
    assert "DEVMESH_TOKEN" in caplog.text


async def test_the_right_token_opens(
    server: StubServer, tmp_path: Path, stop: asyncio.Event
) -> None:
    server.token = "right"
    async with sending(server, tmp_path, stop, "right") as sender:
        await sender.send(batch(3))

    assert len(server.rows) == 3


async def test_a_200_that_is_no_receipt_is_no_acknowledgement(
    server: StubServer, tmp_path: Path, stop: asyncio.Event
) -> None:
    server.script.append(lambda: Response("<html>welcome to the hotel</html>"))
    async with sending(server, tmp_path, stop) as sender:
        sent = asyncio.create_task(sender.send(batch(1)))
        await asyncio.sleep(0.3)
        assert sender.trouble is not None
        stop.set()
        with pytest.raises(Stopped):
            await sent

    assert not server.rows


async def test_a_watchdog_is_fed_while_retrying(
    server: StubServer, tmp_path: Path, stop: asyncio.Event
) -> None:
    fed: list[float] = []
    server.script.extend([lambda: JSONResponse({}, 503)] * 3)
    async with connect(server.url, None) as client:
        patience = Patience(stop, lambda: fed.append(time.monotonic()))
        dead = DeadLetters(tmp_path / "dead.ndjson")
        await Sender(client, dead, patience, lambda: NOW).send(batch(1))

    assert len(fed) >= 3
