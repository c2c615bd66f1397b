"""Export and import: what comes back answers as what went out, whatever interrupts either."""

import asyncio
import random
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer
import zstandard
from pydantic import SecretStr

from server.app import Home
from server.app import home as opened
from server.archive_frames import Frames
from server.export import export_once
from server.restore import import_once
from server.serving_index import ServingIndex
from server.settings import ServerSettings
from sql.partitions import COUNTS
from tools.catalogue import tool_named
from tools.errors import BadArguments, BadBatch, DevMeshError
from tools.ports import Caller, Deps, Filter, Page
from tools.records import Gap, Heartbeat

DEVMESH = Path(sys.executable).parent / "devmesh"
START = datetime(2026, 11, 18, 6, 0, tzinfo=UTC)
HOSTILE = (
    'it\'s a "quote" and a \\ backslash \\\' \\" \\0 \\n \\u0000 \\ud800',
    "'; DROP TABLE log_events; -- %s %(x)s {0} `tick`",
    "nul \x00 byte, escape \x1b[31m, del \x7f, substitute \x1a, next line \x85, sep \u2028",
    "line\nbreak\r\nand\ttab",
    '{"kind":"end","counts":{},"blake2b":"0"}',
    '{"kind":"page","line":3}\n{"message":"smuggled"}',
    "emoji 😀 👩‍👩‍👧‍👦 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \u202e to left, \ufeff bom, \U0010ffff \uffff",
    " leading and trailing spaces   ",
    "",
)
KINDS = (
    "GET /orders/{} 200 {}ms",
    "upstream timed out after {} ms, request {}",
    "Failed password for root from 10.0.0.{} port {}",
    "payment {} failed: card declined, attempt {}",
    "connect() failed (111: Connection refused) to upstream {} {}",
)


def varied(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Events of two days, many of one moment, every column used, some lines hostile or huge."""
    chance = random.Random(seed)
    events = []
    for number in range(count):
        message = chance.choice(KINDS).format(chance.randrange(999), chance.randrange(999))
        if number % 10 == 0:
            message = chance.choice(HOSTILE)
        if number % 500 == 7:
            message = chance.choice("ä\\\x01 ") * chance.randrange(70_000)
        moment = START + timedelta(seconds=chance.randrange(172_800) // 40 * 40)
        if number % 3 == 0:
            moment += timedelta(microseconds=chance.randrange(10**6))
        event = {
            "message": message,
            "timestamp": moment.isoformat(),
            "service": chance.choice(["nginx", "nginx.service", "sshd", "billing", HOSTILE[1]]),
            "host": chance.choice(["alpha", "beta", "gamma", "x" * 300]),
            "level": chance.choice(["DEBUG", "INFO", "INFO", "WARN", "ERROR", "FATAL"]),
            "source": chance.choice(["journald", "file"]),
            "trace_id": chance.choice([None, f"trace-{chance.randrange(50)}"]),
            "span_id": chance.choice([None, "", f"{number:x}"]),
            "event_type": chance.choice([None, "unit.failed", "kernel"]),
            "error_code": chance.choice([None, "ETIMEDOUT", HOSTILE[0][:40]]),
            "meta_json": chance.choice([None, None, _meta(chance)]),
        }
        events.append({key: value for key, value in event.items() if value is not None})
    return events


def _meta(chance: random.Random) -> dict[str, Any]:
    return {
        chance.choice(HOSTILE): chance.choice(HOSTILE),
        "number": chance.choice([0, -1, 2**63, 1e-300, 0.1, 3.0]),
        "inner": [None, True, {"deep": [chance.choice(HOSTILE)]}],
    }


async def fill(settings: ServerSettings, events: list[dict[str, Any]]) -> None:
    """Store events, some metric points, and what shippers say."""
    chance = random.Random(3)
    points = [
        {
            "name": chance.choice(["cpu", "disk 'free'"]),
            "value": chance.choice([0.1, -0.0, 1e300, 5e-324, 12.0, chance.random()]),
            "timestamp": (START + timedelta(seconds=n * 97)).isoformat(),
            "unit": "%",
            "host": chance.choice(["alpha", "beta"]),
            "labels": {"core": n % 4, HOSTILE[0]: HOSTILE[2]},
        }
        for n in range(900)
    ]
    async with opened(settings) as parts:
        deps = await parts.deps()
        for begin in range(0, len(events), 500):
            batch = {"events": events[begin : begin + 500]}
            await tool_named("ingest_logs").call(batch, deps)
        await tool_named("ingest_metrics").call({"points": points}, deps)
        hour = timedelta(hours=1)
        gaps = [
            Gap(host="alpha", source="journald", start=START + n * hour, end=START + (n + 1) * hour,
                missing=n + 1)
            for n in range(5)
        ]  # fmt: skip
        for host in ("alpha", "silent"):
            await parts.store.heartbeat(Heartbeat(host=host, lag_seconds=2.5, sent=7, gaps=gaps))


def other(settings: ServerSettings) -> ServerSettings:
    """Settings on another, empty database of the same server."""
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    return settings.model_copy(
        update={"database_url": SecretStr(url.replace("?unix_socket", "_2?unix_socket"))}
    )


def restored(archive: Path) -> list[dict[str, Any]]:
    """Every line of a complete archive."""
    with archive.open("rb") as file:
        text = b"".join(piece.text for piece in Frames(file))
    return [orjson.loads(line) for line in text.splitlines()]


def content(archive: Path) -> list[dict[str, Any]]:
    """The records of an archive, events in their order, without how and when it was made."""
    lines = restored(archive)
    others = [one for one in lines if one.get("kind", "page") not in {"header", "page", "end"}]
    return [one for one in lines if "kind" not in one] + sorted(others, key=repr)


WINDOW = {"start_time": "2026-11-18T18:00:07Z", "end_time": "2026-11-19T20:30:00.5Z"}
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("query_logs", {"limit": 1000, "order": "oldest"}),
    ("query_logs", {"limit": 1000, "order": "oldest", **WINDOW}),
    ("query_logs", {"limit": 1000, "service": "nginx", "min_level": "WARN"}),
    ("query_logs", {"limit": 1000, "host": "alpha", "contains": "drop table"}),
    ("query_logs", {"limit": 1000, "trace_id": "trace-7"}),
    ("query_logs", {"limit": 1000, "source": "file", "event_type": "kernel", "fold": True}),
    *[
        ("log_stats", {"group_by": column, "limit": 1000, **scope})
        for column in ("service", "host", "level", "source", "event_type", "error_code", "pattern")
        for scope in ({}, WINDOW)
    ],
    ("log_stats", {"interval": "1h", "group_by": "level", "limit": 1000}),
    ("log_patterns", {"limit": 1000}),
    ("log_patterns", {"limit": 1000, "new_only": True, **WINDOW}),
    ("log_patterns", {"limit": 1000, "compare_to": "2026-11-18T07:00:00Z", **WINDOW}),
    ("query_metrics", {"name": "cpu", "limit": 1000}),
    ("query_metrics", {"name": "disk 'free'", "interval": "1h", "aggregate": "sum", "limit": 1000}),
    ("query_metrics", {"name": "cpu", "interval": "1d", "aggregate": "last"}),
    ("similar_logs", {"text": "connection refused by upstream", "limit": 50}),
    ("similar_logs", {"text": "wrong password", "limit": 50, **WINDOW}),
]


async def answers(deps: Deps) -> list[Any]:
    """What every tool says, page after page, without the numbers of rows and patterns."""
    said: list[Any] = []
    for name, arguments in CALLS:
        cursor: dict[str, Any] = {}
        while True:
            page = await tool_named(name).call({**arguments, **cursor}, deps)
            said.append((name, arguments, unnumbered(page.model_dump(mode="json"))))
            if not getattr(page, "next_cursor", None):
                break
            cursor = {"cursor": page.next_cursor}
    events = await deps.store.find_events(Filter(), Page(5000, newest_first=False))
    for event, _ in events[::331]:
        page = await tool_named("log_context").call({"event_id": event.id}, deps)
        said.append(("log_context", event.message, unnumbered(page.model_dump(mode="json"))))
    return said


def unnumbered(value: Any) -> Any:
    """An answer without ids and cursors; patterns of one rank in the order of their text."""
    if isinstance(value, dict):
        cursors = {"next_cursor", "previous_cursor"}
        dropped = {"id", "pattern_id", "event_id", "index", *cursors}
        kept = {key: unnumbered(one) for key, one in value.items() if key not in dropped}
        if "patterns" in kept:
            kept["patterns"].sort(key=lambda one: (one["service"], one["pattern"]))
        if "groups" in kept:
            kept["groups"].sort(key=repr)
        return kept
    return [unnumbered(one) for one in value] if isinstance(value, list) else value


@asynccontextmanager
async def embedding_with(embedder: Any, settings: ServerSettings) -> AsyncIterator[Deps]:
    """What tools need on a database, with an embedder that others use as well."""
    parts = Home(settings)
    parts.index = ServingIndex(parts.store.vectors, embedder)
    await parts.index.embed_waiting()
    try:
        yield await parts.deps(Caller(host="sender", rest=True))
    finally:
        await parts.close()


async def test_what_is_imported_answers_as_what_was_exported(
    settings: ServerSettings, home: Home, tmp_path: Path
) -> None:
    """5,000 varied events, points, heartbeats and gaps: every tool says the same of the copy."""
    await fill(settings, varied(5_000))
    archive = tmp_path / "all.ndjson.zst"
    await export_once(settings, str(archive), {}, metrics=True)
    await import_once(other(settings), str(archive))
    async with (
        embedding_with(home.embedder, settings) as here,
        embedding_with(home.embedder, other(settings)) as there,
    ):
        for mine, theirs in zip(await answers(here), await answers(there), strict=True):
            assert mine == theirs
    again = tmp_path / "again.ndjson.zst"
    await export_once(other(settings), str(again), {}, metrics=True)
    assert content(again) == content(archive)
    end = restored(archive)[-1]
    assert (end["counts"]["event"], end["counts"]["point"]) == (5_000, 900)


async def test_what_was_seen_before_its_rows_were_dropped_is_not_new(
    settings: ServerSettings, tmp_path: Path
) -> None:
    """Patterns and hosts older than the oldest row are known in the copy as well."""
    await fill(settings, varied(300))
    cut = START + timedelta(days=1)
    async with opened(settings) as parts:
        await parts.open()
        async with parts.store.pool.connection() as connection:
            await connection.execute(f"DELETE FROM log_events WHERE timestamp < '{cut:%F}'")
            for table in COUNTS:
                await connection.execute(f"DELETE FROM {table} WHERE start < '{cut:%F}'")
    archive = tmp_path / "late.ndjson.zst"
    await export_once(settings, str(archive), {}, metrics=False)
    await import_once(other(settings), str(archive))
    asked = {"start_time": f"{cut:%F}", "limit": 1000}
    pages = []
    for one in (settings, other(settings)):
        async with opened(one) as parts:
            deps = await parts.deps()
            page = await tool_named("log_patterns").call(asked, deps)
            pages.append(unnumbered(page.model_dump(mode="json")))
    assert pages[0] == pages[1]
    assert {one["new"] for one in pages[0]["patterns"]} == {True, False}


FILTERS: tuple[dict[str, Any], ...] = (
    {"service": "nginx"},
    {"service": "nginx.service", "level": "ERROR,FATAL"},
    {"host": "alpha", "contains": "password"},
    {"start_time": "2026-11-18T18:00:07Z", "end_time": "2026-11-19"},
    {"trace_id": "trace-7", "min_level": "WARN"},
    {"source": "file", "event_type": "kernel", "error_code": HOSTILE[0][:40]},
)


async def test_an_archive_holds_what_its_filter_finds(
    settings: ServerSettings, tmp_path: Path
) -> None:
    """The events of an archive are those that query_logs finds, oldest first."""
    await fill(settings, varied(2_000))
    for number, asked in enumerate(FILTERS):
        archive = tmp_path / f"{number}.ndjson.zst"
        await export_once(settings, str(archive), asked, metrics=False)
        async with opened(settings) as parts:
            page = await tool_named("query_logs").call(
                {**asked, "order": "oldest", "limit": 1000}, await parts.deps()
            )
        found = page.model_dump(mode="json", exclude_none=True)["events"]
        assert page.complete and found
        events = [record for record in content(archive) if "kind" not in record]
        assert [{**event, "uid": "", "id": 0} for event in events] == [
            {**event, "uid": "", "id": 0} for event in found
        ], asked


async def test_an_export_goes_on_from_wherever_it_was_cut(
    settings: ServerSettings, tmp_path: Path
) -> None:
    """Cut at any byte, the same command makes the same archive; a part of it says it is one."""
    await fill(settings, varied(4_200))
    whole = tmp_path / "whole.ndjson.zst"
    await export_once(settings, str(whole), {}, metrics=True)
    good = whole.read_bytes()
    chance = random.Random(5)
    places = [0, 1, 3, 200, len(good) - 1, *(chance.randrange(len(good)) for _ in range(5))]
    for number, place in enumerate(places):
        archive = tmp_path / f"{number}.ndjson.zst"
        part = archive.with_name(f"{archive.name}.part")
        part.write_bytes(good[:place] + (b"\0" * 500 if number % 2 else b""))
        await export_once(settings, str(archive), {}, metrics=True)
        assert not part.exists()
        assert content(archive) == content(whole), place
        assert restored(archive)[-1]["counts"] == restored(whole)[-1]["counts"]
    torn = tmp_path / "torn.ndjson.zst"
    torn.write_bytes(good[: len(good) // 2])
    with pytest.raises(typer.Exit) as left:
        await import_once(other(settings), str(torn))
    assert left.value.exit_code == 1
    await import_once(other(settings), str(whole))  # checks the end and the sum, and is content


async def test_an_export_keeps_to_its_options_and_its_name(
    settings: ServerSettings, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A complete file is not written again, an unfinished one only with the same options."""
    await fill(settings, varied(50))
    archive = tmp_path / "one.ndjson.zst"
    await export_once(settings, str(archive), {"start_time": "90d"}, metrics=False)
    with pytest.raises(BadArguments, match="exists already"):
        await export_once(settings, str(archive), {}, metrics=False)
    part = archive.rename(tmp_path / "two.ndjson.zst.part")
    with pytest.raises(BadArguments, match="begun with other options"):
        await export_once(settings, str(tmp_path / "two.ndjson.zst"), {}, metrics=False)
    assert part.exists()
    await export_once(
        settings, str(tmp_path / "two.ndjson.zst"), {"start_time": "90d"}, metrics=False
    )
    with pytest.raises(DevMeshError, match="cannot write"):
        await export_once(settings, str(tmp_path / "no" / "folder.zst"), {}, metrics=False)
    folder = tmp_path / "folder"
    folder.mkdir()
    await export_once(settings, str(folder), {}, metrics=False)
    [made] = folder.iterdir()
    unfinished = made.rename(folder / f"{made.name}.part")
    unfinished.write_bytes(unfinished.read_bytes()[:-30])
    await export_once(settings, str(folder), {}, metrics=False)
    assert list(folder.iterdir()) == [made]
    assert made.stat().st_mode & 0o777 == 0o600


async def test_damage_costs_what_it_hits(
    settings: ServerSettings, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A damaged stretch or line is told and left out; all others are stored, and the status is 1."""
    await fill(settings, varied(5_000))
    archive = tmp_path / "good.ndjson.zst"
    await export_once(settings, str(archive), {}, metrics=False)
    with archive.open("rb") as file:
        ends = [piece.end for piece in Frames(file) if piece.end]
    raw = bytearray(archive.read_bytes())
    raw[ends[1] + 5_000] ^= 0x40  # within the second of three pages of events
    archive.write_bytes(raw)
    with pytest.raises(typer.Exit):
        await import_once(other(settings), str(archive))
    assert "1 damaged stretches" in capfd.readouterr().err
    async with opened(other(settings)) as parts:
        assert await (await parts.deps()).store.count_events(Filter()) == 3_000


async def test_bad_lines_are_refused_by_number(
    settings: ServerSettings, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Plain NDJSON is taken too; lines that are no event are named, and the others are stored."""
    lines: list[bytes] = [
        orjson.dumps({"message": f"good {n}", "timestamp": "2026-11-20T12:00:00Z"})
        for n in range(4_000)
    ]
    lines[2] = b"no json"
    lines[3] = b'{"message": 5}'
    lines[4] = b'{"kind": "riddle"}'
    lines[5] = b'["message"]'
    lines[6] = b'{"kind": "gap", "host": "alpha"}'
    lines[7] = b'{"kind": "point", "name": "cpu"}'
    lines[3_000] = b'{"message": "' + b"x" * 5_000_000 + b'"}'
    lines[3_500] = b'{"message": "\xff"}'
    lines[3_501] = b'{"message": "esc\\u001b[31m", "level": "\x1b[31mloud"}'
    file = tmp_path / "lines.ndjson"
    file.write_bytes(b"\n".join(lines))
    with pytest.raises(typer.Exit) as left:
        await import_once(settings, str(file))
    told = capfd.readouterr().err
    assert left.value.exit_code == 1
    for number in (3, 4, 5, 6, 7, 8, 3_001, 3_501, 3_502):
        assert f"line {number}: " in told
    assert "\x1b" not in told
    async with opened(settings) as parts:
        assert await (await parts.deps()).store.count_events(Filter()) == 4_000 - 9


async def test_an_archive_of_the_future_is_refused(
    settings: ServerSettings, tmp_path: Path
) -> None:
    """A format that we do not know is not guessed at; a changed archive is told."""
    await fill(settings, varied(20))
    archive = tmp_path / "now.ndjson.zst"
    await export_once(settings, str(archive), {}, metrics=False)
    with archive.open("rb") as file:
        text = b"".join(piece.text for piece in Frames(file))
    later = tmp_path / "later.zst"
    later.write_bytes(zstandard.compress(text.replace(b'"version":1', b'"version":2')))
    with pytest.raises(BadBatch, match="newer DevMesh"):
        await import_once(other(settings), str(later))
    later.write_bytes(zstandard.compress(text.replace(b"trace-", b"TRACE-")))
    with pytest.raises(typer.Exit):
        await import_once(other(settings), str(later))


@pytest.mark.parametrize("size", [1, 100, 5_000, 300_000])
def test_frames_come_whole_or_not_at_all(size: int, tmp_path: Path) -> None:
    """Whichever byte is flipped, what is given is text that was written, in order."""
    chance = random.Random(size)
    texts = [bytes([number]) * size + chance.randbytes(size) for number in range(20)]
    compressor = zstandard.ZstdCompressor(write_checksum=True)
    good = b"".join(map(compressor.compress, texts))
    file = tmp_path / "frames"
    for _ in range(40):
        raw = bytearray(good)
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        file.write_bytes(raw)
        with file.open("rb") as reading:
            frames = Frames(reading)
            pieces = [piece.text for piece in frames]
        if raw[:1] != good[:1]:
            continue  # no archive any more, but text
        assert len(pieces) >= 18
        assert [text for text in texts if text in pieces] == pieces
        assert frames.damaged or frames.torn or pieces == texts


class Running:
    """`devmesh` as a process of its own."""

    def __init__(self, settings: ServerSettings) -> None:
        assert settings.database_url is not None
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "DEVMESH_STATE_DIR": str(settings.state_dir),
            "DEVMESH_CONFIG": "/nonexistent",
            "DEVMESH_DATABASE_URL": settings.database_url.get_secret_value(),
        }

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        """Begin a command."""
        return await asyncio.create_subprocess_exec(
            str(DEVMESH), *arguments, env=self.environment,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip

    async def kill_when(self, ready: Callable[[], Any], *arguments: str) -> bool:
        """SIGKILL a command as soon as something is so; whether it was still at work."""
        process = await self.start(*arguments)
        while process.returncode is None and not await ready():
            await asyncio.sleep(0.002)
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.communicate()
        return process.returncode == -signal.SIGKILL

    async def finish(self, *arguments: str) -> str:
        """Run a command to its end, which must be good; what it noted."""
        process = await self.start(*arguments)
        _, noted = await process.communicate()
        assert process.returncode == 0, noted
        return noted.decode()


async def test_killed_in_the_middle_both_go_on(settings: ServerSettings, tmp_path: Path) -> None:
    """SIGKILL during export and during import: the same commands finish, nothing lost or doubled."""
    await fill(settings, varied(9_000))
    archive = tmp_path / "killed.ndjson.zst"
    part = archive.with_name(f"{archive.name}.part")

    async def some_written() -> bool:
        return part.exists() and part.stat().st_size > 20_000

    assert await Running(settings).kill_when(some_written, "export", str(archive))
    assert part.exists() and not archive.exists()
    await Running(settings).finish("export", str(archive))
    end = restored(archive)[-1]
    assert end["counts"]["event"] == 9_000
    async with opened(other(settings)) as parts:
        await parts.open()

        async def some_stored() -> bool:
            async with parts.store.pool.connection() as connection:
                return bool(await connection.execute("SELECT line FROM log_imports"))

        assert await Running(other(settings)).kill_when(some_stored, "import", str(archive))
        noted = await Running(other(settings)).finish("import", str(archive))
        assert "going on after line" in noted
    again = tmp_path / "again.ndjson.zst"
    await export_once(other(settings), str(again), {}, metrics=False)
    assert content(again) == content(archive)
    noted = await Running(other(settings)).finish("import", str(archive))
    assert "known already: 9,000 events" in noted


async def test_from_machine_to_machine_through_a_pipe(
    settings: ServerSettings, environment: dict[str, str]
) -> None:
    """`export - | import -` moves everything; a reader that goes away is said in a line."""
    await fill(settings, varied(500))
    there = Running(other(settings)).environment["DEVMESH_DATABASE_URL"]
    moved = await asyncio.create_subprocess_shell(
        f"'{DEVMESH}' export --metrics - | DEVMESH_DATABASE_URL='{there}' '{DEVMESH}' import -",
        env=environment,
        stderr=asyncio.subprocess.PIPE,
    )
    _, noted = await moved.communicate()
    assert moved.returncode == 0, noted
    assert b"500 events, 900 points; known already: nothing; refused: 0" in noted
    gone = await asyncio.create_subprocess_shell(
        f"'{DEVMESH}' export - | true", env=environment, stderr=asyncio.subprocess.PIPE
    )
    _, noted = await gone.communicate()
    assert b"devmesh: cannot write -: Broken pipe" in noted
    assert b"Traceback" not in noted
