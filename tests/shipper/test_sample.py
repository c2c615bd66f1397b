"""The recorded sample is what the demo and the tests take it for."""

import io
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

SAMPLE = Path(__file__).resolve().parents[2] / "shipper" / "sample" / "journal.export.zst"
REMOTE = Path("/lib/systemd/systemd-journal-remote")
HOUR = 3_600_000_000
Entry = dict[bytes, bytes]


def parse(data: bytes) -> Iterator[Entry]:
    """Every entry of an export; of a repeated field the last value."""
    stream, entry = io.BytesIO(data), Entry()
    while line := stream.readline():
        line = line.removesuffix(b"\n")
        if not line:
            yield entry
            entry = {}
        elif b"=" in line:
            name, _, value = line.partition(b"=")
            entry[name] = value
        else:
            entry[line] = stream.read(int.from_bytes(stream.read(8), "little"))
            stream.read(1)


@pytest.fixture(scope="module")
def export() -> bytes:
    return zstandard.ZstdDecompressor().stream_reader(SAMPLE.read_bytes()).read()


@pytest.fixture(scope="module")
def entries(export: bytes) -> list[Entry]:
    return list(parse(export))


def when(entry: Entry) -> int:
    return int(entry[b"__REALTIME_TIMESTAMP"])


def test_it_is_small_enough_for_the_repository() -> None:
    assert SAMPLE.stat().st_size <= 1 << 20


def test_it_is_large_enough_to_be_worth_a_question(entries: list[Entry]) -> None:
    assert len(entries) >= 5000
    assert when(entries[-1]) - when(entries[0]) >= 24 * HOUR
    assert len({entry[b"_HOSTNAME"] for entry in entries}) >= 4
    assert len({entry[b"SYSLOG_IDENTIFIER"] for entry in entries}) >= 15


def test_each_host_is_one_machine(entries: list[Entry]) -> None:
    machines = {
        (entry[b"_HOSTNAME"], entry[b"_MACHINE_ID"], entry[b"_BOOT_ID"]) for entry in entries
    }
    assert (
        len(machines)
        == len({host for host, _, _ in machines})
        == len({boot for _, _, boot in machines})
    )


def test_it_is_in_order_and_every_cursor_is_unique(entries: list[Entry]) -> None:
    times = [when(entry) for entry in entries]
    assert times == sorted(times)
    assert len({entry[b"__CURSOR"] for entry in entries}) == len(entries)


def test_cursors_agree_with_the_clocks(entries: list[Entry]) -> None:
    for entry in entries:
        parts = dict(part.split(b"=") for part in entry[b"__CURSOR"].split(b";"))
        assert int(parts[b"t"], 16) == when(entry)
        assert int(parts[b"m"], 16) == int(entry[b"__MONOTONIC_TIMESTAMP"])
        assert parts[b"b"] == entry[b"_BOOT_ID"]


def test_trouble_of_every_degree_is_in_it(entries: list[Entry]) -> None:
    degrees = Counter(entry[b"PRIORITY"] for entry in entries)
    assert degrees[b"6"] >= 2000
    assert degrees[b"4"] >= 100
    assert degrees[b"3"] >= 100
    assert degrees[b"2"] >= 1


def test_nginx_is_in_trouble_in_the_last_hour(entries: list[Entry]) -> None:
    nginx = [entry for entry in entries if entry[b"SYSLOG_IDENTIFIER"] == b"nginx"]
    late = [entry[b"MESSAGE"] for entry in nginx if when(entry) >= when(entries[-1]) - HOUR]
    assert len(late) >= 60
    assert any(b"Connection refused" in message for message in late)
    assert any(b"upstream timed out" in message for message in late)


def test_it_does_not_tell_where_it_was_recorded(export: bytes) -> None:
    """No home but those of the story's people, no checkout, no Python of somebody's own."""
    homes = rb"/root\b|/home/(?!(?:alice|bob|carol|deploy)\b)"
    assert not re.findall(rb"|".join((homes, rb"pyenv|venv|record_sample|site-packages")), export)


@pytest.mark.skipif(not REMOTE.exists(), reason="needs the package systemd-journal-remote")
def test_journald_reads_it(export: bytes, entries: list[Entry], tmp_path: Path) -> None:
    source = tmp_path / "sample.export"
    source.write_bytes(export)
    journal = tmp_path / "journal"
    journal.mkdir()
    subprocess.run(
        [REMOTE, "-o", journal / "sample.journal", source], check=True, capture_output=True
    )
    listed = subprocess.run(
        ["journalctl", "-D", journal, "-o", "cat", "--output-fields=_BOOT_ID", "--no-pager"],
        check=True,
        capture_output=True,
    )
    assert len(listed.stdout.splitlines()) == len(entries)
