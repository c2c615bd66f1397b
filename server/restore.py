"""`devmesh import`: an archive, or any NDJSON of events, by the same way as what senders send.

What is stored already is a duplicate; what is damaged is refused by its line, and the rest goes on.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from itertools import chain
from pathlib import Path

import orjson
import typer

from server.app import Home, home
from server.archive_frames import Frames
from server.archive_lines import Page, PageEnd, Pages, words_for
from server.command import PARTLY
from server.importing import Importer
from server.settings import ServerSettings
from server.show import Screen
from tools.errors import BadArguments, BadBatch, DevMeshError
from tools.plain import one_line

_TOLD = 20
"""Refused lines that are told one by one."""


async def import_once(settings: ServerSettings, source: str) -> None:
    """Store what a file, or standard input, holds; exit status 1 when not all of it was good.

    Raises:
        BadBatch: for an archive that a newer DevMesh has made, and for what is none at all.
        StoreUnavailable: the same command goes on where this one ended.
    """
    screen = Screen()
    with _opened(source) as raw:
        async with home(settings) as parts:
            frames = Frames(raw)
            pages = Pages(frames)
            refused = await _store(pages, frames, parts, screen)
    lacking = _lacking(frames, pages)
    for line in lacking:
        screen.complain(line)
    if refused or lacking:
        raise typer.Exit(PARTLY)


async def _store(pages: Pages, frames: Frames, parts: Home, screen: Screen) -> int:
    """Store the pages that no interrupted import has stored; the number of lines refused."""
    refused = 0

    def refuse(line: int, rule: str) -> None:
        nonlocal refused
        refused += 1
        if refused <= _TOLD:
            screen.complain(f"line {line}: {one_line(rule, 300)}")

    archive = parts.store.archive
    importer = Importer(await parts.deps(), archive, refuse)
    left = iter(pages)
    first = [page for page in [await asyncio.to_thread(next, left, None)] if page]
    _check(pages, first)
    key = bytes.fromhex(pages.header.export_id) if pages.header else None
    done = await archive.imported_line(key) if key else 0
    if done:
        screen.note(f"an import of this archive was interrupted: going on after line {done:,}")
    new = (page for page in chain(first, left) if not (_line(page) and _line(page) <= done))
    with screen.progress("importing", in_bytes=True) as report:
        async for page in importer.run(new):
            if key and _line(page):
                await archive.put_imported_line(key, _line(page))
            report(frames.read, frames.size)
    if key and pages.end:
        await archive.put_imported_line(key, None)
    if refused > _TOLD:
        screen.complain(f"and {refused - _TOLD:,} more lines refused")
    known = words_for(importer.known)
    screen.note(f"imported {words_for(importer.new)}; known already: {known}; refused: {refused}")
    return refused


def _check(pages: Pages, first: list[Page]) -> None:
    """Refuse a file that is something else, rather than each of its lines."""
    if pages.header is None and first and not any(map(_is_object, first[0].lines)):
        raise BadBatch("this is no archive of devmesh export, and no NDJSON of events")


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _line(page: Page) -> int:
    """The number of the line that ends a page of an archive, 0 for other pages."""
    return page.mark.line if isinstance(page.mark, PageEnd) else 0


def _lacking(frames: Frames, pages: Pages) -> list[str]:
    """What an archive, other than plain NDJSON, should have had."""
    lacking = []
    if frames.damaged:
        lacking.append(f"{frames.damaged} damaged stretches of the archive were passed over")
    if frames.torn or (pages.header and not pages.end):
        lacking.append("the archive is not complete: let its export finish, then import it again")
    elif pages.header and not frames.damaged and not pages.unbroken:
        lacking.append("the archive was changed after it was made: its checksum differs")
    return lacking


@contextmanager
def _opened(source: str) -> Iterator[BufferedReader]:
    if source == "-":
        if sys.stdin.isatty():
            raise BadArguments.one("FILE", "is the terminal: name a file, or pipe one in", "-")
        with os.fdopen(os.dup(sys.stdin.fileno()), "rb") as raw:
            yield raw
        return
    try:
        with Path(source).open("rb") as raw:
            yield raw
    except OSError as error:
        raise DevMeshError(f"cannot read {source}: {error.strerror or error}") from error
