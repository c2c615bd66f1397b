"""Pages of an archive into the store, a few at a time, each record in the way of its kind."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from server.archive_lines import Page, kind_of
from sql.archive import Archive
from tools.archive_records import GapRecord, HostRecord, PatternRecord, ShipperRecord
from tools.ingest_logs import prepare_events
from tools.ingest_metrics import prepare_points
from tools.ports import Deps
from tools.records import Rejected
from tools.tool import problem

_AT_ONCE = 3
"""Pages under way: while one is prepared another is with the database."""

_STATE: dict[str, TypeAdapter[Any]] = {
    "pattern": TypeAdapter(PatternRecord),
    "host": TypeAdapter(HostRecord),
    "shipper": TypeAdapter(ShipperRecord),
    "gap": TypeAdapter(GapRecord),
}
_KINDS = ("event", "point", *_STATE)

Refuse = Callable[[int, str], None]


class Importer:
    """Stores pages. `new` and `known` count records by kind; `refuse` is told of each bad line."""

    def __init__(self, deps: Deps, archive: Archive, refuse: Refuse) -> None:
        self._deps = deps
        self._archive = archive
        self._refuse = refuse
        self.new: Counter[str] = Counter()
        self.known: Counter[str] = Counter()

    async def run(self, pages: Iterator[Page]) -> AsyncIterator[Page]:
        """Store all pages in order; each is given once it is stored."""
        running: deque[tuple[Page, asyncio.Task[None]]] = deque()
        try:
            while (page := await asyncio.to_thread(next, pages, None)) is not None:
                before = running[-1][1] if running else None
                running.append((page, asyncio.create_task(self._store(page, before))))
                if len(running) == _AT_ONCE:
                    yield await _first_of(running)
            while running:
                yield await _first_of(running)
        finally:
            for _, task in running:
                task.cancel()
            await asyncio.gather(*(task for _, task in running), return_exceptions=True)

    async def _store(self, page: Page, before: asyncio.Task[None] | None) -> None:
        """Store a page once the one before is: events of one moment keep their order."""
        found = await asyncio.to_thread(_Lines, page)
        events, bad_events = await prepare_events(found.records("event"), self._deps)
        window = await self._deps.store.window()
        points, bad_points = prepare_points(found.records("point"), self._deps, window)
        if before is not None:
            await before
        if events:
            self._count("event", await self._deps.store.add_events(events), len(events))
        if points:
            self._count("point", await self._deps.store.add_points(points), len(points))
        found.refuse("event", bad_events)
        found.refuse("point", bad_points)
        await self._merge(found)
        for line, rule in sorted(found.refused):
            self._refuse(line, rule)

    def _count(self, kind: str, new: int, number: int) -> None:
        self.new[kind] += new
        self.known[kind] += number - new

    async def _merge(self, found: "_Lines") -> None:
        good = {kind: found.validated(kind) for kind in _STATE}
        await self._archive.merge_patterns(good["pattern"])
        await self._archive.merge_hosts(good["host"], self._deps.now())
        await self._archive.merge_shippers(good["shipper"])
        await self._archive.merge_gaps(good["gap"])
        for kind, records in good.items():
            self.new[kind] += len(records)


async def _first_of(running: deque[tuple[Page, asyncio.Task[None]]]) -> Page:
    page, task = running[0]
    await task
    running.popleft()
    return page


class _Lines:
    """The records of a page by kind, each with its line, and the lines that are refused."""

    def __init__(self, page: Page) -> None:
        self.refused: list[tuple[int, str]] = []
        self._found: dict[str, list[tuple[int, Any]]] = {kind: [] for kind in _KINDS}
        for number, line in enumerate(page.lines, page.first):
            if line.strip():
                self._sort(number, line)

    def _sort(self, number: int, line: bytes) -> None:
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            self.refused.append((number, f"is no JSON: {error}"))
            return
        kind = kind_of(record) if isinstance(record, dict) else "no object"
        if kind not in self._found:
            self.refused.append((number, f"is none of {', '.join(_KINDS)}"))
            return
        if kind not in _STATE:
            record.pop("kind", None)
        self._found[kind].append((number, record))

    def records(self, kind: str) -> list[Any]:
        """What there is of a kind."""
        return [record for _, record in self._found[kind]]

    def refuse(self, kind: str, rejected: list[Rejected]) -> None:
        """Refuse records by their index."""
        for bad in rejected:
            self.refused.append((self._found[kind][bad.index][0], f"{bad.field} {bad.rule}"))

    def validated(self, kind: str) -> list[Any]:
        """The records of a kind that are as they should be; the others are refused."""
        good = []
        for number, record in self._found[kind]:
            try:
                good.append(_STATE[kind].validate_python(record))
            except ValidationError as error:
                told = problem(error.errors(include_url=False)[0], list(record))
                self.refused.append((number, f"{told['field']} {told['rule']}"))
        return good
