"""Partitions are cut to the end, or rows are lost.

Stopped while it copies rows, REORGANIZE PARTITION leaves the new partitions without the rows still
to come. MariaDB undoes a crash or an error then, but no KILL and no shutdown: seen with 11.8.9, of
the kind of https://jira.mariadb.org/browse/MDEV-27180
"""

import logging
import time
from contextlib import suppress
from pathlib import Path

import pymysql

from sql.statements import statements

_log = logging.getLogger(__name__)

_ANSWER_SECONDS = 60
_PAUSE = 0.5


def await_cuts(socket: Path, user: str) -> None:
    """Return when no statement cuts partitions any more, or the server says nothing."""
    text = statements()["cuts_under_way"].given({}) % ()
    with suppress(pymysql.err.MySQLError), _connected(socket, user) as connection:
        cursor, told = connection.cursor(), False
        while cursor.execute(text) and cursor.fetchone() != (0,):
            if not told:
                _log.warning("MariaDB cuts partitions and must not be stopped meanwhile; waiting")
            told = True
            time.sleep(_PAUSE)


def _connected(socket: Path, user: str) -> pymysql.Connection:
    return pymysql.connect(
        unix_socket=str(socket),
        user=user,
        connect_timeout=_ANSWER_SECONDS,
        read_timeout=_ANSWER_SECONDS,
    )
