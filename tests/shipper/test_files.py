"""Log files to the server: all lines, once, in order, whatever the files are."""

import asyncio
import contextlib
import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
import zstandard
from conftest import need
from files_lab import add, following, lines, messages, numbers, once, source
from lab import Lab, until
from starlette.responses import JSONResponse
from stub_server import StubServer

from shipper.batches import Limits
from shipper.errors import BadPosition
from shipper.file_lines import KEPT


@pytest.fixture
def lab(server: StubServer, tmp_path: Path) -> Lab:
    return Lab(server, tmp_path / "state", limits=Limits(seconds=0.05))


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


async def test_every_line_of_a_file_arrives_once_and_in_order(
    server: StubServer, lab: Lab, logs: Path
) -> None:
    (logs / "app.log").write_text(lines(0, 5_000))
    await once(lab, logs / "app.log")
    await once(lab, logs / "app.log")

    assert numbers(server) == list(range(5_000))
    row = server.rows[server.arrived[1]]
    assert row["meta_json"] == {
        "path": str(logs / "app.log"),
        "offset": len("n=0 of a file\n"),
        "time_from": "arrival",
    }


async def test_following_takes_in_lines_and_files_that_come_later(
    server: StubServer, lab: Lab, logs: Path
) -> None:
    (logs / "a.log").write_text(lines(0, 10))
    async with following(lab, logs / "**" / "*.log"):
        await until(lambda: len(server.rows) == 10)
        add(logs / "a.log", lines(10, 20))
        (logs / "deep" / "down").mkdir(parents=True)
        add(logs / "deep" / "down" / "b.log", lines(0, 7))
        await until(lambda: len(server.rows) == 27)

    assert numbers(server, "a.log") == list(range(20))
    assert numbers(server, "down/b.log") == list(range(7))


async def test_a_line_is_held_until_it_is_complete(
    server: StubServer, lab: Lab, logs: Path
) -> None:
    add(logs / "app.log", "first\nsec")
    async with following(lab, logs / "app.log"):
        await until(lambda: len(server.rows) == 1)
        await asyncio.sleep(0.4)
        assert messages(server) == ["first"]
        add(logs / "app.log", "ond\n")
        await until(lambda: len(server.rows) == 2)

    assert messages(server) == ["first", "second"]


async def test_once_ships_half_a_line_and_later_the_rest_of_it(
    server: StubServer, lab: Lab, logs: Path
) -> None:
    add(logs / "app.log", "first\nsec")
    await once(lab, logs / "app.log")
    add(logs / "app.log", "ond\nthird\n")
    await once(lab, logs / "app.log")

    assert messages(server) == ["first", "sec", "ond", "third"]


async def test_a_big_file_does_not_starve_the_others(
    server: StubServer, lab: Lab, logs: Path
) -> None:
    (logs / "a-big.log").write_text(lines(0, 20_000))
    for name in ("b.log", "c.log"):
        (logs / name).write_text(lines(0, 5))
    await once(lab, logs / "*.log")

    assert len(server.rows) == 20_010
    first = [server.rows[uid]["meta_json"]["path"] for uid in server.arrived[:12_000]]
    assert {Path(path).name for path in first} == {"a-big.log", "b.log", "c.log"}


async def test_the_position_moves_only_when_the_server_has_answered(
    server: StubServer, lab: Lab, logs: Path
) -> None:
    (logs / "app.log").write_text(lines(0, 10))
    saved: list[int] = []

    def offset() -> int:
        (file,) = orjson.loads(lab.checkpoint.path.read_bytes())["ledger"]["files"]
        return int(file["reached"]["offset"])

    def busy() -> JSONResponse:
        saved.append(offset())
        return JSONResponse({"title": "busy"}, 503)

    server.script.extend([busy, busy])
    await once(lab, logs / "app.log")

    assert saved == [0, 0]
    assert offset() == (logs / "app.log").stat().st_size


async def test_lost_acknowledgements_and_a_restarting_server_double_nothing(
    server: StubServer, lab: Lab, logs: Path
) -> None:
    server.lost_ack_share = 0.3
    lab.limits = Limits(entries=100, seconds=0.05)
    for name in "abc":
        (logs / f"{name}.log").write_text(lines(0, 2_000))
    async with following(lab, logs / "*.log"):
        for _ in range(2):
            before = len(server.rows)
            await until(lambda before=before: len(server.rows) > before + 300)  # type: ignore[misc]
            await server.stop()
            await asyncio.sleep(0.2)
            await server.start()
        await until(lambda: len(server.rows) == 6_000)

    for name in "abc":
        assert numbers(server, f"{name}.log") == list(range(2_000))


async def test_a_line_sent_twice_has_the_same_time_both_times(
    server: StubServer, lab: Lab, logs: Path
) -> None:
    """The store knows an event by its uid and its time."""
    times: dict[str, set[str | None]] = {}

    def look(event: dict[str, str]) -> bool:
        times.setdefault(event["uid"], set()).add(event.get("timestamp"))
        return False

    server.rejects = look
    stamped = "Nov 24 10:00:01 web-01 app[7]: boom\n  at line 7\n\n  at line 8\n"
    add(logs / "app.log", "no time\n" + stamped * 3)
    server.script.extend([lambda: None, lambda: JSONResponse({"title": "lost"}, 502)])
    lab.limits = Limits(entries=2, seconds=0.05)
    for _ in range(2):
        await once(lab, logs / "app.log")
        lab.checkpoint.path.unlink()

    assert len(times) == 10
    assert all(len(seen) == 1 for seen in times.values())


def descriptors_of(folder: Path) -> int:
    """How many open files of this process lie in a folder; some close while we look."""
    held = 0
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            held += os.readlink(f"/proc/self/fd/{name}").startswith(f"{folder}/")
    return held


async def test_many_files_need_a_bounded_number_of_descriptors(
    server: StubServer, lab: Lab, logs: Path
) -> None:
    for number in range(400):
        (logs / f"{number}.log").write_text(lines(0, 2))
    async with following(lab, logs / "*.log"):
        await until(lambda: len(server.rows) == 800, 30)
        held = descriptors_of(logs)
        for number in range(400):
            add(logs / f"{number}.log", lines(2, 3))
        await until(lambda: len(server.rows) == 1_200, 30)

    assert 0 < held <= 256
    assert sorted(numbers(server)) == sorted([0, 1, 2] * 400)


async def test_an_endless_line_is_clipped_and_what_follows_is_not(
    server: StubServer, lab: Lab, logs: Path
) -> None:
    add(logs / "app.log", b"x" * (3 * KEPT) + b"\nnext\n")
    await once(lab, logs / "app.log")
    first, second = (server.rows[uid] for uid in server.arrived)

    assert first["meta_json"]["message_bytes"] == 3 * KEPT
    assert second["message"] == "next"
    assert second["meta_json"]["offset"] == 3 * KEPT + 1


@pytest.mark.parametrize("kind", ["link", "folder", "fifo", "xz"])
async def test_what_is_no_readable_file_is_said_and_tried_again(
    server: StubServer, lab: Lab, logs: Path, kind: str
) -> None:
    odd, good = logs / "odd.log", logs / "good.log"
    good.write_text(lines(0, 3))
    if kind == "link":
        odd.symlink_to(good)
    elif kind == "folder":
        odd.mkdir()
    elif kind == "fifo":
        os.mkfifo(odd)
    else:
        odd = logs / "odd.log.xz"
        odd.write_bytes(b"\xfd7zXZ")
    async with following(lab, logs / "*.log*") as reading:
        await until(lambda: len(server.rows) == 3)
        assert any(str(odd) in problem for problem in reading.problems())
        assert any(str(odd) in note for note in reading.notes())
        odd.rmdir() if kind == "folder" else odd.unlink()
        (logs / "odd.log").write_text(lines(3, 6))
        await until(lambda: len(server.rows) == 6)
        await until(lambda: not reading.problems())

    assert sorted(numbers(server)) == list(range(6))


async def test_a_file_that_may_not_be_read_is_said_and_tried_again(
    server: StubServer, logs: Path, tmp_path: Path
) -> None:
    need(os.geteuid() == 0, "root, to be another user")
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    secret = logs / "secret.log"
    secret.write_text(lines(0, 3))
    secret.chmod(0o600)
    command = [sys.executable, "-c", AS_NOBODY, str(secret)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=20)
    before, after = done.stdout.decode().splitlines()

    assert "Permission denied" in before, done.stderr
    assert after == "3"


AS_NOBODY = """
import os, sys
from shipper.file_mapping import LineMapper
from shipper.file_search import Globs
from shipper.files_source import FilesSource, Pace
from shipper.rules import Rules
os.setegid(65534); os.seteuid(65534)
source = FilesSource(Globs(sys.argv[1:]), LineMapper("lab", Rules()), True, Pace(retry=0))
assert not source._read(10, 1000, 0).entries
print(source.problems())
os.seteuid(0)
os.chmod(sys.argv[1], 0o644)
os.seteuid(65534)
print(len(source._read(10, 1000, 0.5).entries))
"""


async def test_a_pattern_that_matches_nothing_is_said(lab: Lab, logs: Path) -> None:
    reading = await once(lab, logs / "none*")

    assert reading.problems() == [f"nothing matches {logs / 'none*'}"]


@pytest.mark.parametrize(
    ("name", "pack"),
    [("app.log.gz", gzip.compress), ("app.log.zst", zstandard.ZstdCompressor().compress)],
)
async def test_packed_files_are_read_once(
    server: StubServer, lab: Lab, logs: Path, name: str, pack: Callable[[bytes], bytes]
) -> None:
    (logs / name).write_bytes(pack(lines(0, 3_000).encode()))
    for _ in range(2):
        await once(lab, logs / "*")
    assert numbers(server) == list(range(3_000))

    async with following(lab, logs / "*"):
        add(logs / "other.log", lines(0, 1))
        await until(lambda: len(server.rows) == 3_001)


async def test_a_damaged_packed_file_is_said_and_read_as_far_as_it_goes(
    server: StubServer, lab: Lab, logs: Path
) -> None:
    (logs / "app.log.gz").write_bytes(gzip.compress(lines(0, 20_000).encode())[:-9])
    (logs / "b.log").write_text(lines(0, 3))
    reading = await once(lab, logs / "*")

    assert any("app.log.gz is not read" in problem for problem in reading.problems())
    assert numbers(server, "b.log") == [0, 1, 2]
    assert numbers(server, "app.log.gz") == list(range(len(numbers(server, "app.log.gz"))))


async def test_a_file_under_two_names_is_shipped_once(
    server: StubServer, lab: Lab, logs: Path
) -> None:
    (logs / "a.log").write_text(lines(0, 10))
    (logs / "b.log").hardlink_to(logs / "a.log")
    await once(lab, logs / "*.log", logs / "a.log")

    assert numbers(server) == list(range(10))


async def test_files_that_begin_alike_are_different_files(
    server: StubServer, lab: Lab, logs: Path
) -> None:
    for name in ("worker.1", "worker.2", "other"):
        (logs / name).write_text("starting\nready\n")
    async with following(lab, logs / "*"):
        await until(lambda: len(server.rows) == 6)
        add(logs / "worker.2", "more\n")
        await until(lambda: len(server.rows) == 7)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"files":[{}]}', b'{"files":7}', b"[]"])
async def test_damaged_positions_stop_the_shipper(
    server: StubServer, lab: Lab, logs: Path, content: bytes
) -> None:
    (logs / "app.log").write_text(lines(0, 1))
    lab.checkpoint.path.parent.mkdir()
    lab.checkpoint.path.write_bytes(
        b'{"version":1,"cursor":"c","realtime_us":1,"ledger":%b}' % content
    )
    with pytest.raises(BadPosition, match="Delete the file"):
        await once(lab, logs / "app.log")

    assert not server.rows


async def test_an_id_is_durable_before_its_first_line_leaves(
    server: StubServer, lab: Lab, logs: Path
) -> None:
    """Else lines whose answer was lost would come again under another id, out of a copy."""
    (logs / "app.log").write_text(lines(0, 10))
    server.lost_ack_share = 1.0
    shipping = asyncio.create_task(once(lab, logs / "app.log"))
    await until(lambda: len(server.rows) == 10)
    shipping.cancel()
    await asyncio.wait({shipping})
    (logs / "app.log").rename(logs / "old")
    (logs / "app.log.1").write_text((logs / "old").read_text())
    server.lost_ack_share = 0.0
    (logs / "app.log").write_text(lines(10, 12))
    await once(lab, logs / "app.log*")

    assert numbers(server) == list(range(12))


async def test_without_its_position_file_everything_is_sent_again_and_stored_once(
    server: StubServer, lab: Lab, logs: Path
) -> None:
    (logs / "app.log").write_text(lines(0, 100))
    await once(lab, logs / "app.log")
    lab.checkpoint.path.unlink()
    sender = await lab.ship(source(logs / "app.log", follow=False), ledger=False)

    assert (sender.sent, sender.duplicates) == (0, 100)
