"""Partitions are cut to the end, or rows are lost.

Stopped while it copies rows, REORGANIZE PARTITION leaves the new partitions without the rows still
to come. MariaDB undoes a crash or an error then, but no KILL and no shutdown: seen with 11.8.9, of
the kind of https://jira.mariadb.org/browse/MDEV-27180
"""

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pymysql

from sql.statements import statements

_log = logging.getLogger(__name__)

_ANSWER_SECONDS = 60
_PAUSE = 0.5


def await_cuts(address: Path, user: str) -> None:
    """Return when no statement cuts partitions any more, or the server says nothing."""
    with suppress(pymysql.err.MySQLError, OSError), _connected(address, user) as connection:
        cursor, told = connection.cursor(), False
        text = statements()["cuts_under_way"].given({}) % ()
        while cursor.execute(text) and cursor.fetchone() != (0,):
            if not told:
                _log.warning("MariaDB cuts partitions and must not be stopped meanwhile; waiting")
            told = True
            time.sleep(_PAUSE)


@contextmanager
def _connected(address: Path, user: str) -> Iterator[pymysql.Connection]:
    """By a socket of ours: of a server that is away the driver would leave its own open."""
    with socket.socket(socket.AF_UNIX) as way:
        way.settimeout(_ANSWER_SECONDS)
        way.connect(str(address))
        connection = pymysql.connect(user=user, read_timeout=_ANSWER_SECONDS, defer_connect=True)
        connection.connect(way)
        with connection:
            yield connection
