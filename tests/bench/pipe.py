"""The barest peer: `journalctl -o json` on standard input into bulk INSERTs of 500 rows.

usage: journalctl -o json --all | pipe.py SOCKET USER DATABASE ; no mapping, no retry, no position.
"""

import asyncio
import hashlib
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import aiomysql
import orjson

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEVELS = ("FATAL", "FATAL", "CRITICAL", "ERROR", "WARN", "INFO", "INFO", "DEBUG")
INSERT = (
    "INSERT INTO log_events (timestamp, source, service, host, level, message, meta_json, "
    "event_uid, pattern_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


def row_of(line: bytes) -> tuple[Any, ...]:
    """An entry as a row."""
    entry = orjson.loads(line)
    return (
        EPOCH + timedelta(microseconds=int(entry["__REALTIME_TIMESTAMP"])),
        "journald",
        entry.get("_SYSTEMD_UNIT", "unknown"),
        entry.get("_HOSTNAME", "unknown"),
        LEVELS[int(entry.get("PRIORITY", 6))],
        entry.get("MESSAGE") or "",
        line.rstrip().decode(),
        hashlib.blake2b(entry["__CURSOR"].encode(), digest_size=16).digest(),
        1,
    )


async def main(socket: str, user: str, database: str) -> None:
    """Read to the end; each batch is committed."""
    connection = await aiomysql.connect(
        unix_socket=socket, user=user, db=database, charset="utf8mb4", autocommit=True
    )
    rows = []
    async with connection.cursor() as cursor:
        for line in sys.stdin.buffer:
            rows.append(row_of(line))
            if len(rows) == 500:
                await cursor.executemany(INSERT, rows)
                rows = []
        if rows:
            await cursor.executemany(INSERT, rows)
    connection.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
    os._exit(0)
