"""The journal export format, from hand-made text, from journalctl, cut off and damaged."""

import gzip
import io
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from journals import START_US, export_text
from lab import Lab
from stub_server import StubServer

from shipper.entries import Entry, Fields
from shipper.export import ExportParser
from shipper.export_source import ExportSource

names = st.from_regex(r"[A-Z][A-Z0-9_]{0,12}", fullmatch=True)
values = st.one_of(st.binary(max_size=60), st.lists(st.binary(max_size=9), min_size=2, max_size=3))
entries_of_fields = st.lists(st.dictionaries(names, values, min_size=1, max_size=6), max_size=6)


def written(entries: list[Fields], binary: bool = True) -> bytes:
    """Entries in the export format; what holds a newline is always written as binary."""
    lines = []
    for at, fields in enumerate(entries):
        lines.append(b"__CURSOR=c%d\n__REALTIME_TIMESTAMP=%d\n" % (at, START_US + at))
        for name, value in fields.items():
            for one in [value] if isinstance(value, bytes) else value:
                if binary or b"\n" in one:
                    lines.append(b"%s\n%s%s\n" % (name.encode(), struct.pack("<Q", len(one)), one))
                else:
                    lines.append(b"%s=%s\n" % (name.encode(), one))
        lines.append(b"\n")
    return b"".join(lines)


def parsed(text: bytes) -> tuple[list[Entry], str | None]:
    parser = ExportParser(io.BytesIO(text))
    return list(parser), parser.problem


@given(entries_of_fields, st.booleans())
def test_what_is_written_is_read(entries: list[Fields], binary: bool) -> None:
    read, problem = parsed(written(entries, binary))

    assert problem is None
    assert read == [(f"c{at}", START_US + at, one) for at, one in enumerate(entries)]


@given(entries_of_fields.filter(bool), st.data())
def test_a_cut_is_told_unless_it_falls_between_lines(
    entries: list[Fields], data: st.DataObject
) -> None:
    text = written(entries)
    cut = data.draw(st.integers(0, len(text) - 1))
    read, problem = parsed(text[:cut])
    whole, _ = parsed(text)

    assert read[:-1] == whole[: max(0, len(read) - 1)]
    if problem is None:
        assert cut == 0 or text[cut - 1 : cut] == b"\n"


@given(st.binary(max_size=300))
def test_arbitrary_bytes_raise_nothing(data: bytes) -> None:
    parsed(data)


def test_entries_without_a_cursor_get_one_from_content_and_place() -> None:
    text = b"MESSAGE=same\n__REALTIME_TIMESTAMP=5\n\n" * 2
    (first, second), _ = parsed(text)

    assert first[0] != second[0]
    assert parsed(text)[0] == [first, second]


def test_more_than_one_empty_line_between_entries() -> None:
    read, problem = parsed(b"\n\nMESSAGE=a\n\n\n\nMESSAGE=b\n\n\n")

    assert [fields for _, _, fields in read] == [{"MESSAGE": b"a"}, {"MESSAGE": b"b"}]
    assert problem is None


def test_journalctl_and_the_parser_agree(make_journal: Callable[..., Path]) -> None:
    folder = make_journal(export_text(50))
    command = ["journalctl", "-D", str(folder), "-o", "export"]
    text = subprocess.run(command, check=True, capture_output=True, timeout=30).stdout
    read, problem = parsed(text)

    assert problem is None
    assert [fields["MESSAGE"] for _, _, fields in read] == [
        b"n=%d of the lab" % number for number in range(50)
    ]
    assert all(cursor.startswith("s=") for cursor, _, _ in read)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
async def test_a_file_is_shipped_whatever_packs_it(
    server: StubServer, tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    file = tmp_path / "export"
    file.write_bytes(pack(export_text(1_200)))
    source = ExportSource(str(file))
    await Lab(server, tmp_path).ship(source, follow=True, ledger=False)

    assert server.seqs() == list(range(1_200))
    assert source.problem is None


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
async def test_a_truncated_tail_is_reported(
    server: StubServer, tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    file = tmp_path / "export"
    file.write_bytes(pack(export_text(1_200))[:-7])
    source = ExportSource(str(file))
    await Lab(server, tmp_path).ship(source, follow=True, ledger=False)

    assert source.problem is not None
    assert "cut off or damaged after" in source.problem
    assert server.seqs() == list(range(len(server.rows)))


async def test_a_file_goes_on_behind_the_saved_position(server: StubServer, tmp_path: Path) -> None:
    file, lab = tmp_path / "export", Lab(server, tmp_path)
    file.write_bytes(written([{"MESSAGE": b"n=%d" % at} for at in range(10)]))
    await lab.ship(ExportSource(str(file)), follow=True, ledger=False)
    file.write_bytes(written([{"MESSAGE": b"n=%d" % at} for at in range(12)]))
    sender = await lab.ship(ExportSource(str(file)), follow=True, ledger=False)

    assert (sender.sent, sender.duplicates) == (2, 0)


async def test_all_times_can_be_moved_by_one_amount(server: StubServer, tmp_path: Path) -> None:
    file = tmp_path / "export"
    file.write_bytes(export_text(10))
    now = START_US + 86_400_000_000
    for _ in range(2):
        source = ExportSource(str(file), newest_at_us=now)
        await Lab(server, tmp_path).ship(source, follow=True, ledger=False)

    times = sorted(row["timestamp"] for row in server.rows.values())
    assert times == [now - 9_000 + 1_000 * at for at in range(10)]


async def test_another_shift_makes_other_events(server: StubServer, tmp_path: Path) -> None:
    file = tmp_path / "export"
    file.write_bytes(export_text(10))
    for later in (1, 2):
        source = ExportSource(str(file), newest_at_us=START_US + later)
        await Lab(server, tmp_path / str(later)).ship(source, follow=True, ledger=False)

    assert len(server.rows) == 20
