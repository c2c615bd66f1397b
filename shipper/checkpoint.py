"""The position that a server has acknowledged, kept in one file that is never half written."""

import os
import secrets
from pathlib import Path
from typing import Any

import orjson

from shipper.errors import BadPosition

VERSION = 1


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file so that after a power cut it holds either the old bytes or the new.

    Each writer has a draft of its own: with one name for all, the slower would rename a file that
    the faster has renamed already.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Checkpoint:
    """A cursor, its wall clock (µs), and the gap ledger, as of the last acknowledged batch."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cursor: str | None = None
        self.realtime_us: int | None = None
        self.ledger: dict[str, Any] | None = None

    def load(self) -> None:
        """Read the file, if there is one. Raises BadPosition rather than guess."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return
        try:
            saved = orjson.loads(data)
            if saved["version"] != VERSION:
                raise ValueError(f"version {saved['version']} is not {VERSION}")
            self.cursor = _text(saved["cursor"])
            self.realtime_us = int(saved["realtime_us"])
            self.ledger = saved["ledger"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadPosition(
                f"the saved position {self.path} is damaged ({error}). Delete the file to ship "
                "everything the journal still holds (the server drops what it has already), "
                "or restore it from a backup"
            ) from error

    def save(self, cursor: str, realtime_us: int, ledger: dict[str, Any] | None) -> None:
        """Make a position durable. Only for entries that the server has acknowledged."""
        self.cursor, self.realtime_us, self.ledger = cursor, realtime_us, ledger
        saved = {
            "version": VERSION,
            "cursor": cursor,
            "realtime_us": realtime_us,
            "ledger": ledger,
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(self.path, orjson.dumps(saved))


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("no cursor in it")
    return value
