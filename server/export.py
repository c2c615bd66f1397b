"""`devmesh export`: what is in a filter as one archive; interrupted, it goes on where it ended."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from server.app import Home, home
from server.archive_frames import Frames
from server.archive_lines import Header, Pages, words_for
from server.archive_writer import ArchiveWriter, archive_file
from server.embedding_worker import Progress
from server.settings import ServerSettings
from server.show import Screen
from server.version import VERSION
from sql.archive import SECTIONS
from tools.errors import BadArguments, DevMeshError
from tools.filters import resolve
from tools.ports import Filter
from tools.query_logs import QUERY_LOGS

_SUFFIX = ".ndjson.zst"


async def export_once(
    settings: ServerSettings, target: str, arguments: dict[str, Any], metrics: bool
) -> None:
    """Write an archive into a file, into a folder under a name of our own, or to standard output.

    Raises:
        BadArguments: for a bad filter, and a file that is complete or was begun with another one.
    """
    screen = Screen()
    async with home(settings) as parts:
        asked = QUERY_LOGS.read(arguments, parts.unopened())
        deps = await parts.deps()
        wanted = resolve(asked, deps)
        header = Header(
            devmesh=VERSION,
            export_id=os.urandom(16).hex(),
            begun_at=deps.now(),
            asked={**arguments, "metrics": metrics},
            start=wanted.start,
            end=wanted.end,
        )
        try:
            with _writer(target, header) as writer:
                total = await deps.store.count_events(wanted)
                with screen.progress("exporting") as report:
                    await _write(parts, writer, wanted, lambda done, _: report(done, total))
        except asyncio.CancelledError:
            if target != "-":
                screen.note("interrupted; the same command goes on where this one ended")
            raise
        screen.note(f"exported {words_for(writer.counts)}")


async def _write(parts: Home, writer: ArchiveWriter, wanted: Filter, report: Progress) -> None:
    """Write what is still to be written, compressing one stretch while the next is read."""
    header, place = writer.header, writer.place
    if header is None:
        raise DevMeshError("an archive begins with its header")
    wanted = replace(wanted, start=header.start, end=header.end)
    sections = [name for name in SECTIONS if header.asked["metrics"] or name != "points"]
    after = place.after if place else None
    if place:
        sections = sections[sections.index(place.section) + (after is None) :]
    writing: asyncio.Future[None] | None = None
    for section in sections:
        async for stretch in parts.store.archive.stretches(section, wanted, after):
            if writing is not None:
                await writing
            report(writer.counts["event"], None)
            page = (stretch.records, section, stretch.after)
            writing = asyncio.ensure_future(asyncio.to_thread(writer.page, *page))
        after = None
    if writing is not None:
        await writing
    report(writer.counts["event"], None)
    await asyncio.to_thread(writer.end)


@contextmanager
def _writer(target: str, header: Header) -> Iterator[ArchiveWriter]:
    """A writer whose archive has its header: the given one, or the one with which it was begun."""
    try:
        if target == "-":
            with _standard_output() as out:
                writer = ArchiveWriter(out)
                writer.begin(header)
                yield writer
            return
        with archive_file(_path(Path(target), header)) as writer:
            if writer.header is None:
                writer.begin(header)
            elif writer.header.asked != header.asked:
                rule = f"was begun with other options: {writer.header.asked}; give another name"
                raise BadArguments.one("FILE", rule, target)
            yield writer
    except OSError as error:
        raise DevMeshError(f"cannot write {target}: {error.strerror or error}") from error


def _standard_output() -> IO[bytes]:
    if sys.stdout.isatty():
        rule = "is compressed and not for a terminal: send it to a file or another program"
        raise BadArguments.one("FILE", rule, "-")
    # A file of our own: after a broken pipe, Python's would try once more at the end.
    return os.fdopen(os.dup(sys.stdout.fileno()), "wb")


def _path(target: Path, header: Header) -> Path:
    """The file itself; in a folder the one that was begun with the same options, or a new one."""
    if not target.is_dir():
        return target
    for part in sorted(target.glob(f"devmesh-*{_SUFFIX}.part")):
        with part.open("rb") as file:
            pages = Pages(Frames(file))
            next(iter(pages), None)
        if pages.header is not None and pages.header.asked == header.asked:
            return part.with_suffix("")
    return target / f"devmesh-{header.begun_at:%Y%m%dT%H%M%SZ}{_SUFFIX}"
