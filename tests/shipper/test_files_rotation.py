"""Rotation in all its kinds, while the shipper follows and while it is down."""

import asyncio
import gzip
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import need
from files_lab import add, following, lines, messages, numbers, once
from lab import Lab, until
from stub_server import StubServer

from shipper.batches import Limits
from shipper.file_content import Handles, Key, Plain, head_of, mark_of
from shipper.file_positions import Positions
from shipper.file_search import is_rotated
from shipper.log_file import LogFile

LOGROTATE = shutil.which("logrotate") or "/usr/sbin/logrotate"


@pytest.fixture
def lab(server: StubServer, tmp_path: Path) -> Lab:
    return Lab(server, tmp_path / "state", limits=Limits(seconds=0.05))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder / "app.log"


def beside(log: Path, suffix: str) -> Path:
    return log.with_name(log.name + suffix)


def copy_and_truncate(log: Path, copy: Path) -> None:
    shutil.copyfile(log, copy)
    os.truncate(log, 0)


async def test_a_renamed_file_is_read_to_its_end_beside_the_new_one(
    server: StubServer, lab: Lab, log: Path
) -> None:
    """The writer goes on in the old file for a while, even without a line feed at its end."""
    add(log, lines(0, 10))
    async with following(lab, log):
        await until(lambda: len(server.rows) == 10)
        log.rename(beside(log, ".1"))
        add(beside(log, ".1"), lines(10, 20))
        add(log, lines(20, 30))
        await until(lambda: len(server.rows) == 30)
        add(beside(log, ".1"), lines(30, 31) + "n=31 without a line feed")
        await until(lambda: len(server.rows) == 32)

    assert sorted(numbers(server)) == list(range(32))
    assert {row["meta_json"]["path"] for row in server.rows.values()} == {str(log)}


async def test_a_deleted_file_is_read_to_its_end(server: StubServer, lab: Lab, log: Path) -> None:
    add(log, lines(0, 10))
    with log.open("a") as writer:
        async with following(lab, log):
            await until(lambda: len(server.rows) == 10)
            log.unlink()
            held = held_open(log)
            writer.write(lines(10, 20) + "n=20 the last")
            writer.flush()
            await until(lambda: len(server.rows) == 21)
            await until(lambda: not held_open(log))
            add(log, lines(21, 25))
            await until(lambda: len(server.rows) == 25)

    assert held
    assert numbers(server) == list(range(25))


def held_open(log: Path) -> bool:
    """Whether a deleted file is open for reading."""
    for name in os.listdir("/proc/self/fd"):
        try:
            path = os.readlink(f"/proc/self/fd/{name}")
            flags = Path(f"/proc/self/fdinfo/{name}").read_text().split("flags:")[1].split()[0]
        except OSError:
            continue
        if path == f"{log} (deleted)" and int(flags, 8) & os.O_ACCMODE == os.O_RDONLY:
            return True
    return False


@pytest.mark.parametrize("pattern", ["app.log", "app.log*"])
async def test_a_copied_and_truncated_file_begins_again(
    server: StubServer, lab: Lab, log: Path, pattern: str
) -> None:
    add(log, lines(0, 1_000))
    async with following(lab, log.with_name(pattern)) as reading:
        await until(lambda: len(server.rows) == 1_000)
        copy_and_truncate(log, beside(log, ".1"))
        add(log, lines(1_000, 1_010))
        await until(lambda: len(server.rows) == 1_010)
        await asyncio.sleep(0.5)
        assert "1 truncations" in reading.notes()[0]

    assert numbers(server) == list(range(1_010))


async def test_a_truncated_file_that_has_grown_beyond_its_old_end_is_told(
    server: StubServer, lab: Lab, log: Path
) -> None:
    """Even with the same first line, and while nobody looks."""
    add(log, "banner\n" + lines(0, 10))
    await once(lab, log)
    log.write_text("banner\n" + lines(10, 40))
    await once(lab, log)

    assert numbers(server) == list(range(40))
    assert messages(server).count("banner") == 2


@pytest.mark.parametrize("read", [False, True])
def test_a_truncation_is_told_between_any_two_steps(log: Path, read: bool) -> None:
    """Between knowing which file it is and reading it, too: its lines would get a wrong id."""
    add(log, lines(0, 10))
    found = log.stat()
    key = Key(found.st_dev, found.st_ino)
    file = LogFile(str(log), key, Plain(str(log), key, Handles()), 0)
    head = head_of(file.content, final=False)
    assert head is not None
    file.resume(Positions().new(key, str(log), head, 0))
    if read:
        for line in file.cut(file.read()):
            file.mark = mark_of(line.text_at, line.raw)
    assert not file.changed()
    log.write_text(lines(10, 40))

    assert file.changed()
    file.content.close()


@pytest.mark.parametrize("pattern", ["app.log", "app.log*"])
async def test_what_was_not_read_before_a_truncation_is_read_from_the_copy(
    server: StubServer, lab: Lab, log: Path, pattern: str
) -> None:
    add(log, lines(0, 10))
    await once(lab, log.with_name(pattern))
    add(log, lines(10, 20))
    copy_and_truncate(log, beside(log, ".1"))
    add(log, lines(20, 30))
    async with following(lab, log.with_name(pattern)):
        await until(lambda: len(server.rows) == 30)
        await asyncio.sleep(0.3)

    assert sorted(numbers(server)) == list(range(30))


async def test_a_copy_that_is_being_made_is_not_shipped_beside_its_original(
    server: StubServer, lab: Lab, log: Path
) -> None:
    """As logrotate's copytruncate makes it, with the glob taking in the copy, too."""
    text = lines(0, 3_000)
    add(log, text)
    async with following(lab, log.with_name("app.log*")):
        await until(lambda: len(server.rows) == 3_000)
        for at in range(0, len(text), 10_000):
            add(beside(log, ".1"), text[at : at + 10_000])
            await asyncio.sleep(0.1)
        os.truncate(log, 0)
        add(log, lines(3_000, 3_010))
        await until(lambda: len(server.rows) == 3_010)
        await asyncio.sleep(0.3)

    assert numbers(server) == list(range(3_010))


async def test_a_hole_left_by_a_writer_that_does_not_append(
    server: StubServer, lab: Lab, log: Path
) -> None:
    with log.open("w") as writer:
        writer.write(lines(0, 10))
        writer.flush()
        async with following(lab, log):
            await until(lambda: len(server.rows) == 10)
            os.truncate(log, 0)
            writer.write(lines(10, 20))
            writer.flush()
            await until(lambda: len(server.rows) == 20)

    assert numbers(server) == list(range(20))


def renamed(log: Path) -> None:
    log.rename(beside(log, ".1"))


def moved_twice(log: Path) -> None:
    log.rename(beside(log, ".1"))
    add(log, lines(20, 25))
    os.utime(beside(log, ".1"), (time.time() - 60, time.time() - 60))
    beside(log, ".1").rename(beside(log, ".2"))
    log.rename(beside(log, ".1"))


def packed(log: Path) -> None:
    beside(log, "-20261124.gz").write_bytes(gzip.compress(log.read_bytes()))
    log.unlink()


def zipped_twice(log: Path) -> None:
    beside(log, ".2.gz").write_bytes(gzip.compress(log.read_bytes()))
    os.utime(beside(log, ".2.gz"), (time.time() - 60, time.time() - 60))
    beside(log, ".1.gz").write_bytes(gzip.compress(lines(20, 25).encode()))
    log.unlink()


@pytest.mark.parametrize("follow", [True, False])
@pytest.mark.parametrize("rotate", [renamed, moved_twice, packed, zipped_twice])
async def test_what_was_rotated_while_the_shipper_was_down_is_found(
    server: StubServer, lab: Lab, log: Path, rotate: Callable[[Path], None], follow: bool
) -> None:
    """Under a name that the glob does not match."""
    add(log, lines(0, 10))
    await once(lab, log)
    add(log, lines(10, 20))
    rotate(log)
    expected = set(range(20)) | set(range(25, 30))
    expected |= set(range(20, 25)) if rotate in (moved_twice, zipped_twice) else set()
    add(log, lines(25, 30))
    if follow:
        async with following(lab, log):
            await until(lambda: set(numbers(server)) == expected)
    else:
        await once(lab, log)
    await once(lab, log)

    assert sorted(numbers(server)) == sorted(expected)


async def test_compressing_a_file_that_was_shipped_ships_nothing_again(
    server: StubServer, lab: Lab, log: Path
) -> None:
    add(log, lines(0, 2_000))
    async with following(lab, log.with_name("*")):
        await until(lambda: len(server.rows) == 2_000)
        log.rename(beside(log, ".1"))
        add(log, lines(2_000, 2_001))
        await until(lambda: len(server.rows) == 2_001)
        beside(log, ".1.gz").write_bytes(gzip.compress(beside(log, ".1").read_bytes()))
        beside(log, ".1").unlink()
        await asyncio.sleep(0.8)
    await once(lab, log.with_name("*"))

    assert numbers(server) == list(range(2_001))


async def test_an_old_rotated_file_is_known_again_when_it_is_compressed(
    server: StubServer, lab: Lab, log: Path
) -> None:
    """Met as app.log.1, so that app.log.2.gz has no name of its family."""
    text = "".join(f"n={n}\n2026-11-24 10:00:01 up\n" for n in range(300))
    add(beside(log, ".1"), text)
    await once(lab, log.with_name("app.log*"))
    beside(log, ".2.gz").write_bytes(gzip.compress(text.encode()))
    beside(log, ".1").unlink()
    await once(lab, log.with_name("app.log*"))

    assert len(server.rows) == 600
    assert numbers(server) == list(range(300))


async def test_a_new_file_with_an_old_inode_is_not_taken_for_the_old_one(
    server: StubServer, lab: Lab, log: Path
) -> None:
    add(log, lines(0, 100))
    await once(lab, log)
    inode = log.stat().st_ino
    for attempt in range(200):
        log.unlink()
        add(log, lines(100, 300))
        if log.stat().st_ino == inode:
            break
        beside(log, f".{attempt}.keep").write_text("")  # takes the inode that came
    else:
        os.truncate(log, 0)  # this file system gives no inode again: the next best thing
        add(log, lines(100, 300))
    await once(lab, log)

    assert numbers(server) == list(range(300))


async def test_a_file_replaced_by_its_like_goes_on(server: StubServer, lab: Lab, log: Path) -> None:
    """As editors save a file, and as a restored backup comes back."""
    add(log, lines(0, 100))
    await once(lab, log)
    draft = beside(log, ".draft")
    draft.write_text(log.read_text() + lines(100, 110))
    draft.rename(log)
    await once(lab, log)

    assert numbers(server) == list(range(110))


async def test_a_file_that_came_and_went_between_two_looks_is_found(
    server: StubServer, lab: Lab, log: Path
) -> None:
    add(log, lines(0, 10))
    async with following(lab, log):
        await until(lambda: len(server.rows) == 10)
        log.rename(beside(log, ".3"))
        for number in (2, 1):
            time.sleep(0.01)  # noqa: ASYNC251  all of it within one look
            add(log, lines(30 - number * 10, 40 - number * 10))
            log.rename(beside(log, f".{number}"))
        add(log, lines(30, 40))
        await until(lambda: len(server.rows) == 40)

    assert sorted(numbers(server)) == list(range(40))


async def test_a_file_that_logrotate_found_in_its_way_is_read(
    server: StubServer, lab: Lab, log: Path
) -> None:
    """A program makes it anew before logrotate does, which renames it once more."""
    add(log, lines(0, 10))
    async with following(lab, log):
        await until(lambda: len(server.rows) == 10)
        log.rename(beside(log, ".1"))
        add(log, lines(10, 20))
        log.rename(beside(log, "-2026112014.backup"))
        add(log, lines(20, 30))
        await until(lambda: len(server.rows) == 30)

    assert sorted(numbers(server)) == list(range(30))
    assert not is_rotated(f"{log}.1.backup", str(log)), "made by hand"


class Writer(threading.Thread):
    """Writes numbered lines as fast as it may, opening the file anew when it was moved."""

    def __init__(self, log: Path, count: int) -> None:
        super().__init__()
        self._log, self._count = log, count

    def run(self) -> None:
        for first in range(0, self._count, 20):
            # What a program does on logrotate's signal, and on each line here.
            add(self._log, lines(first, first + 20))
            time.sleep(0.004)


@pytest.mark.parametrize(
    "options", ["create", "create\ncompress", "create\ncompress\ndelaycompress"]
)
async def test_logrotate_under_load(
    server: StubServer, lab: Lab, log: Path, tmp_path: Path, options: str
) -> None:
    need(Path(LOGROTATE).exists(), "logrotate")
    configuration = tmp_path / "logrotate.conf"
    configuration.write_text(f"{log} {{\nsu root root\nrotate 50\nmissingok\n{options}\n}}\n")
    configuration.chmod(0o600)
    command = [LOGROTATE, "--force", "--state", str(tmp_path / "rotate.state"), str(configuration)]
    log.touch()
    writer = Writer(log, 6_000)
    async with following(lab, log):
        writer.start()
        await until(lambda: len(server.rows) > 0)
        while writer.is_alive():
            await asyncio.to_thread(subprocess.run, command, check=True, timeout=20)
            await asyncio.sleep(0.3)
        await until(lambda: len(server.rows) >= 6_000)

    assert sorted(numbers(server)) == list(range(6_000))
