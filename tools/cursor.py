"""Opaque page cursors, each bound to the question it belongs to."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from tools.errors import BadArguments

RULE = "is not a cursor of this question; repeat the call that gave it, with the same filter"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The row beside which to go on, and the range and the total that the first page found."""

    row: tuple[datetime, int]
    start: datetime | None
    end: datetime | None
    total: int | None
    back: bool = False
    """Whether to go to what comes before the row, not after it."""


def write_cursor(cursor: Cursor, question: str) -> str:
    """The cursor as text that a caller hands back unread."""
    moment, row = cursor.row
    ends = (_text(cursor.start), _text(cursor.end))
    place = [moment.isoformat(), row, *ends, cursor.total, cursor.back]
    body = orjson.dumps([*place, _seal(question, place)])
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def read_cursor(text: str, question: str) -> Cursor:
    """The cursor that `text` holds.

    Raises:
        BadArguments: when it is no cursor, or belongs to another question.
    """
    try:
        body = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        *place, seal = orjson.loads(body)
        if seal != _seal(question, place):
            raise BadArguments.one("cursor", RULE, text)
        moment, row, start, end, total, back = place
        ends = (start and _moment(start), end and _moment(end))
        return Cursor((_moment(moment), row), *ends, total, back)
    except (ValueError, TypeError, RecursionError, binascii.Error) as error:
        raise BadArguments.one("cursor", RULE, text) from error


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _seal(question: str, place: list[Any]) -> str:
    """Of the question and the place, so that a cursor garbled on its way is refused as well."""
    sealed = f"{place!r} {question}".encode("utf-8", "backslashreplace")
    return hashlib.blake2b(sealed, digest_size=6).hexdigest()
