"""The store's condition: what a check of it needs to know, read in one go."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from sql.events_out import aware
from sql.pool import Pool
from sql.recount import miscounted
from sql.sizes import Sizes, measure

NEEDED = ("select", "insert", "update", "delete", "create", "alter", "drop")
"""What the account must be granted on the database."""

_GRANT = re.compile(r"GRANT (.+?) ON (\S+) TO ")


@dataclass(frozen=True, slots=True)
class LastRun:
    """The upkeep's latest run by any process: when, where, what it did, and its error if any."""

    at: datetime | None
    host: str
    did: str
    error: str | None


@dataclass(frozen=True, slots=True)
class Condition:
    """A store as of now. `last_day` is the last with a partition of its own.

    `missing_rights` are those of NEEDED that no grant names; `roles` may still bring them.
    `later_rows` are events dated after the days made ahead, counted up to a thousand.
    `miscounted_days` are those whose totals are too low.
    """

    version: str
    data_directory: str
    missing_rights: tuple[str, ...]
    roles: bool
    sizes: Sizes
    last_day: date | None
    later_rows: int
    miscounted_days: tuple[date, ...]
    kept_since: datetime | None
    last_run: LastRun


async def condition(pool: Pool) -> Condition:
    """Read it. Raises StoreUnavailable."""
    async with pool.connection() as connection:
        [[version]] = await connection.run("server_version")
        [[folder]] = await connection.run("data_directory")
        grants = [str(text) for (text,) in await connection.run("grants")]
        sizes = await measure(connection)
        [[later]] = await connection.run("future_rows")
        days = await miscounted(connection)
        [(since, _)] = await connection.run("kept")
        [(ran_at, host, did, error)] = await connection.run("last_run")
    return Condition(
        version=version,
        data_directory=folder,
        missing_rights=_missing(grants, pool.address.database),
        roles=any(not _GRANT.match(text) for text in grants),
        sizes=sizes,
        last_day=max(sizes.days, default=None),
        later_rows=later,
        miscounted_days=tuple(days),
        kept_since=since and aware(since),
        last_run=LastRun(ran_at and aware(ran_at), host, did, error),
    )


def _missing(grants: list[str], database: str) -> tuple[str, ...]:
    """The needed rights that no grant on everything or on the database names."""
    granted: set[str] = set()
    for text in grants:
        match = _GRANT.match(text)
        if match and match[2].replace("\\", "") in {"*.*", f"`{database}`.*"}:
            granted |= {part.strip() for part in match[1].lower().split(",")}
    return () if "all privileges" in granted else tuple(r for r in NEEDED if r not in granted)
