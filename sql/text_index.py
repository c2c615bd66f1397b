"""An optional index of the messages' words, for searches over more than some hours.

It finds whole words, a search any part of the message: so only words that stand whole within the
text asked for are looked up, and LIKE has the last word on every row that they lead to.
https://mariadb.com/kb/en/full-text-index-overview/
"""

import re
from datetime import timedelta

from sql.leases import Lease
from sql.pool import Pool
from tools.errors import BadArguments
from tools.ports import Filter

_WHOLE_WORD = re.compile(r"(?<=[^\w'])[A-Za-z0-9_]{5,80}(?=[^\w'])")
_STOPWORDS = frozenset(("about", "where"))
"""Those of InnoDB's default list that are as long: it does not index them."""

_MOST = 8
_LONG = timedelta(hours=6)
"""A shorter window is read faster by its time."""


class TextIndex:
    """The index of log_events' messages. Unless it is `wanted`, searches do without."""

    def __init__(self, pool: Pool, wanted: bool) -> None:
        self._pool = pool
        self._wanted = wanted

    async def open(self) -> None:
        """Build it, if it is wanted and not there. That takes minutes for millions of rows.

        Raises:
            BadArguments: when the server indexes other words than we count on.
        """
        if not self._wanted or await self._pool.run("text_index"):
            return
        [[shortest, list_of_its_own]] = await self._pool.run("text_index_settings")
        if shortest > 5 or list_of_its_own:
            rule = (
                "needs innodb_ft_min_token_size of at most 5 and no innodb_ft_server_stopword_table"
            )
            raise BadArguments.one("DEVMESH_FULLTEXT", rule)
        async with Lease(self._pool, "text_index").held():
            if not await self._pool.run("text_index"):
                async with self._pool.connection() as connection:
                    await connection.run("add_text_index")

    def words(self, wanted: Filter) -> str | None:
        """What to look up for a filter, as MATCH takes it in boolean mode; None to do without."""
        text = wanted.contains
        if not self._wanted or not text or not text.isascii() or not _is_long(wanted):
            return None
        words = [word for word in _WHOLE_WORD.findall(text) if word.lower() not in _STOPWORDS]
        return " ".join(f"+{word}" for word in words[:_MOST]) or None


def _is_long(wanted: Filter) -> bool:
    return wanted.start is None or wanted.end is None or wanted.end - wanted.start > _LONG
