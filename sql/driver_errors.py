"""The driver's errors in our words."""

import asyncio

import pymysql

from tools.errors import DevMeshError, StoreUnavailable, TookTooLong

GONE = {1040, 1047, 1053, 1077, 1129, 1203, 1290, 1927, 2002, 2003, 2006, 2013, 2014, 2055}
"""Another server, or this one later: it is gone or full, or a node without a majority (1047), or
read-only (1290)."""
BEATEN = {1020, 1180, 1205, 1213}
"""Another transaction came first; in a Galera cluster also at COMMIT (1213, 1180)."""
_TOO_LONG = {1028, 1317, 1969, 3024}


def error_code(error: BaseException) -> int:
    """The server's or client's number of an error, 0 when it has none."""
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


class translated:  # noqa: N801  reads as a word in `with translated():`
    """Driver errors raised inside come out as ours, the driver's kept as the cause."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, DevMeshError):
            return
        if isinstance(error, OSError | asyncio.IncompleteReadError):
            why = str(error) or type(error).__name__
            raise StoreUnavailable(f"the database is away: {why}") from error
        if not isinstance(error, pymysql.err.MySQLError):
            return
        code = error_code(error)
        if code in _TOO_LONG:
            raise TookTooLong("the query ran into its time limit; narrow the window") from error
        # Without a number, an internal error is the driver's: what it read is no answer.
        lost = isinstance(error, pymysql.err.InternalError) and not code
        if lost or code in GONE or isinstance(error, pymysql.err.InterfaceError):
            raise StoreUnavailable(f"the database is away (error {code})") from error
        if code in BEATEN:
            raise StoreUnavailable(f"the database is too busy (error {code})") from error
        if code in {1044, 1045, 1698}:
            raise StoreUnavailable("the database refuses our login", 30) from error
