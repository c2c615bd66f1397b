"""The guard against services that mint patterns without end.

A service has room for a number of patterns. When it is used up the guard learns from them and
tightens, and each time there is a quarter more room. At levels 1 and 2 a line of a kind that varies
is masked to that kind, and any other gets its pattern. At level 3 all new lines are masked to the
service's common words, at level 4 to nothing but a mask. What patterns there are stay as they are.

All of it is in the database, so that processes and restarts agree. Processes that mint at the same
moment may each use the room: the bound is exact for one, and off by a batch for each other.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

from sql.pool import Connection
from tools.coarse_masking import Learned, learn
from tools.masking import MASK, pattern_key

_log = logging.getLogger(__name__)

_ALL_COARSE, _LAST = 3, 4
_QUARTER = 4
_SAMPLE = 10_000


class Masked(Protocol):
    """Anything with a pattern by the named rules, such as a ready event."""

    @property
    def service(self) -> str:
        """The service."""

    @property
    def pattern(self) -> str:
        """The masked message."""

    @property
    def pattern_key(self) -> bytes:
        """The hash of both."""


@dataclass(frozen=True, slots=True)
class NewPattern:
    """A pattern to be made known; of a kind that varies, with that kind's first time."""

    hash: bytes
    service: str
    text: str
    first_seen: datetime | None = None


@dataclass(slots=True)
class _Guard:
    """What is known of one service's guard: what each level learned, and the count at the last."""

    learned: list[Learned] = field(default_factory=list)
    patterns: int = 0

    @property
    def level(self) -> int:
        return len(self.learned)

    def pattern(self, service: str, text: str) -> NewPattern:
        """The pattern of a text that has none yet, if there is room for it."""
        for learned in self.learned:
            kind = learned.coarse(text)
            if kind in learned.varying:
                first = learned.varying[kind]
                return NewPattern(pattern_key(service, kind), service, kind, first)
        if self.level >= _LAST:
            text = MASK
        elif self.level == _ALL_COARSE:
            text = self.learned[-1].coarse(text)
        return NewPattern(pattern_key(service, text), service, text)


class PatternGuard:
    """Says which pattern a line of a service gets, if it has none yet."""

    def __init__(self, limit: int, now: Callable[[], datetime]) -> None:
        self._limit = limit
        self._now = now
        self._guards: dict[str, _Guard] = {}

    async def assign(
        self, connection: Connection, masked: Sequence[Masked]
    ) -> dict[bytes, NewPattern]:
        """New patterns by key; none for what has no room before its service's guard tightens."""
        texts: dict[str, dict[bytes, str]] = {}
        for one in masked:
            texts.setdefault(one.service, {})[one.pattern_key] = one.pattern
        assigned: dict[bytes, NewPattern] = {}
        asked = [("count_patterns_of", {"service": service}) for service in texts]
        counts = await connection.run_all(*asked)
        for (service, of_service), [[count]] in zip(texts.items(), counts, strict=True):
            if count + len(of_service) <= self._limit:
                assigned |= {key: NewPattern(key, service, t) for key, t in of_service.items()}
            else:
                assigned |= await self._within_room(connection, service, of_service, count)
        return assigned

    async def _within_room(
        self, connection: Connection, service: str, texts: dict[bytes, str], count: int
    ) -> dict[bytes, NewPattern]:
        guard = await self._known(connection, service)
        wanted = {key: guard.pattern(service, text) for key, text in texts.items()}
        hashes = tuple({pattern.hash for pattern in wanted.values()})
        free = {hash_ for hash_, _ in await connection.run("find_pattern_ids", hashes=hashes)}
        room = self._limit if not guard.level else guard.patterns + self._limit // _QUARTER
        room -= count
        assigned = {}
        for key, pattern in wanted.items():
            if pattern.hash not in free and pattern.first_seen is None and pattern.text != MASK:
                if room <= 0:
                    continue
                room -= 1
            free.add(pattern.hash)
            assigned[key] = pattern
        return assigned

    async def _known(self, connection: Connection, service: str) -> _Guard:
        """The service's guard as the database has it now."""
        guard = self._guards.setdefault(service, _Guard())
        known = guard.level
        rows = await connection.run("guards_of", service=service, known=known)
        # In their places: another batch of the service may have read the same levels meanwhile.
        guard.learned[known:] = [_read(learned) for _, learned in rows] or guard.learned[known:]
        if rows:
            guard.patterns = max(guard.patterns, rows[-1][0])
        return guard

    async def tighten(self, connection: Connection, services: Iterable[str]) -> None:
        """Raise the guard of services by a level, unless another process has done so."""
        for service in sorted(services):
            level = self._guards[service].level + 1
            now = self._now()
            [[count]] = await connection.run("count_patterns_of", service=service)
            found = await connection.run("patterns_to_learn", service=service, limit=_SAMPLE)
            learned = learn((text, min(first.replace(tzinfo=UTC), now)) for text, first in found)
            added = await connection.run(
                "add_guard",
                service=service,
                level=level,
                since=now,
                patterns=count,
                learned=_written(learned),
            )
            if added:
                told = "%r has %d patterns: its new ones are masked coarser (level %d of %d)"
                _log.warning(told, service, count, level, _LAST)


def _written(learned: Learned) -> str:
    value = {"common": sorted(learned.common), "varying": learned.varying}
    return orjson.dumps(value).decode()


def _read(text: str) -> Learned:
    value: dict[str, Any] = orjson.loads(text)
    varying = {kind: datetime.fromisoformat(first) for kind, first in value["varying"].items()}
    return Learned(frozenset(value["common"]), varying)
