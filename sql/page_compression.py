"""Whether the server's file system gives back what page compression saves.

InnoDB compresses a page and punches a hole where it got shorter. Without holes there is nothing
to gain: https://mariadb.com/kb/en/innodb-page-compression/
"""

import logging
from typing import Literal

import pymysql

from sql.pool import Connection

_log = logging.getLogger(__name__)

Mode = Literal["auto", "on", "off"]
_SMALL = 0.5
"""Of a table of one repeated letter at most this part is left on disk."""


class PageCompression:
    """Decides once a process whether new partitions are made with PAGE_COMPRESSED."""

    def __init__(self, mode: Mode = "auto") -> None:
        self._works: bool | None = None if mode == "auto" else mode == "on"

    async def wanted(self, connection: Connection) -> bool:
        """As set; by default what a trial table shows."""
        if self._works is None:
            try:
                self._works = await _tried(connection)
            except pymysql.err.MySQLError as error:
                _log.info("page compression stays off, it could not be tried: %s", error)
                self._works = False
        return self._works


async def _tried(connection: Connection) -> bool:
    await connection.run("drop_trial")
    await connection.run("create_trial")
    try:
        await connection.run("fill_trial")
        await connection.run("flush_trial")
        await connection.run("unlock_tables")
        [[size, allocated]] = await connection.run("trial_size")
    finally:
        await connection.run("drop_trial")
    return bool(allocated <= size * _SMALL)
