"""The rows of a filled store, handed to DuckDB and to a journal."""

import asyncio
import subprocess
from pathlib import Path

from sql.store import MariaStore

JOURNAL_REMOTE = "/lib/systemd/systemd-journal-remote"
_BOOT = "4" * 32
_MACHINE = "3" * 32
_COLUMNS = (
    "id, timestamp, source, service, host, level, trace_id, span_id, event_type, error_code, "
    "message, meta_json, HEX(event_uid) AS event_uid, pattern_id"
)


async def duckdb_file(store: MariaStore, folder: Path) -> Path:
    """All columns of all rows as the table `e` of a DuckDB file."""
    text, file = folder / "rows.tsv", folder / "rows.duckdb"
    await _outfile(store, f"SELECT {_COLUMNS}", text, "")
    await asyncio.to_thread(_into_duckdb, text, file)
    text.unlink()
    return file


def _into_duckdb(text: Path, file: Path) -> None:
    import duckdb

    kinds = {
        "id": "BIGINT", "timestamp": "TIMESTAMP", "source": "VARCHAR", "service": "VARCHAR",
        "host": "VARCHAR", "level": "VARCHAR", "trace_id": "VARCHAR", "span_id": "VARCHAR",
        "event_type": "VARCHAR", "error_code": "VARCHAR", "message": "VARCHAR",
        "meta_json": "VARCHAR", "event_uid": "VARCHAR", "pattern_id": "BIGINT",
    }  # fmt: skip
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            f"CREATE TABLE e AS SELECT * FROM read_csv('{text}', delim='\t', quote='', escape='', "
            f"nullstr='\\N', header=false, columns={kinds})"
        )


async def journal_folder(store: MariaStore, folder: Path) -> Path:
    """The same entries as a journal, with the fields that journalctl chooses by."""
    text, journal = folder / "rows.export", folder / "journal"
    journal.mkdir()
    level = "ELT(level + 0, 7, 6, 4, 3, 2, 1)"
    entry = (
        "SELECT CONCAT('__REALTIME_TIMESTAMP=', "
        "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', timestamp), '\\n', '__MONOTONIC_TIMESTAMP=', id, "
        f"'\\n_BOOT_ID={_BOOT}\\n_MACHINE_ID={_MACHINE}\\n_HOSTNAME=', host, "
        f"'\\n_TRANSPORT=stdout\\nPRIORITY=', {level}, '\\n_SYSTEMD_UNIT=', service, "
        "'\\nSYSLOG_IDENTIFIER=', JSON_VALUE(meta_json, '$.SYSLOG_IDENTIFIER'), '\\n_CMDLINE=', "
        "JSON_VALUE(meta_json, '$._CMDLINE'), '\\n_EXE=', JSON_VALUE(meta_json, '$._EXE'), "
        "'\\n_PID=', JSON_VALUE(meta_json, '$._PID'), '\\nMESSAGE=', message, '\\n')"
    )
    await _outfile(store, entry, text, " FIELDS ESCAPED BY ''")
    command = [JOURNAL_REMOTE, "-o", str(journal / f"{_MACHINE}.journal"), str(text)]
    await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
    text.unlink()
    return journal


async def _outfile(store: MariaStore, select: str, file: Path, form: str) -> None:
    """Written by the server itself, in order of time."""
    async with store.pool.connection() as connection:
        await connection.execute(
            f"{select} INTO OUTFILE '{file}'{form} FROM log_events ORDER BY timestamp, id"
        )
