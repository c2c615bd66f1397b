"""Ids of patterns; a new one is made known, or masked coarser where there is no room for it."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime

from sql.literals import rows_of
from sql.pattern_guard import Masked, NewPattern, PatternGuard
from sql.pool import Connection, Pool
from tools.masking import VERSION

_KNOWN_PATTERNS = 200_000
_NOT_SEEN = datetime(9999, 12, 31)


class PatternIds:
    """Knows the latest patterns' ids by heart."""

    def __init__(self, pool: Pool, guard: PatternGuard) -> None:
        self._pool = pool
        self._guard = guard
        self._ids: OrderedDict[bytes, int] = OrderedDict()

    async def of(self, masked: Sequence[Masked]) -> dict[bytes, int]:
        """Ids by pattern key; new patterns are made known first, in their own transaction."""
        wanted = {one.pattern_key: one for one in masked}
        ids = {key: self._ids[key] for key in wanted if key in self._ids}
        unknown = sorted(key for key in wanted if key not in ids)
        if unknown:
            ids |= await self._make_known([wanted[key] for key in unknown])
        self._remember(ids)
        return ids

    async def _make_known(self, masked: list[Masked]) -> dict[bytes, int]:
        hashes = tuple(one.pattern_key for one in masked)

        async def work(connection: Connection) -> dict[bytes, int]:
            found: dict[bytes, int] = dict(await connection.run("find_pattern_ids", hashes=hashes))
            left = [one for one in masked if one.pattern_key not in found]
            while left:
                found |= await _added(connection, await self._guard.assign(connection, left))
                left = [one for one in left if one.pattern_key not in found]
                await self._guard.tighten(connection, {one.service for one in left})
            return found

        return await self._pool.retried(work, transaction=False)

    def forget(self) -> None:
        """Look every id up again."""
        self._ids.clear()

    def _remember(self, ids: dict[bytes, int]) -> None:
        self._ids.update(ids)
        for key in ids:
            self._ids.move_to_end(key)
        while len(self._ids) > _KNOWN_PATTERNS:
            self._ids.popitem(last=False)


async def _added(connection: Connection, new: dict[bytes, NewPattern]) -> dict[bytes, int]:
    """The ids of new patterns by the keys that they stand for."""
    by_hash = {pattern.hash: pattern for pattern in new.values()}
    if not by_hash:
        return {}
    rows = [
        (key, pattern.service, pattern.text, VERSION, pattern.first_seen or _NOT_SEEN)
        for key, pattern in sorted(by_hash.items())
    ]
    await connection.run("add_patterns", rows=rows_of(rows))
    ids: dict[bytes, int] = dict(await connection.run("find_pattern_ids", hashes=tuple(by_hash)))
    return {key: ids[pattern.hash] for key, pattern in new.items()}
