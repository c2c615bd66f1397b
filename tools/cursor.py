"""Opaque page cursors, each bound to the question it belongs to."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime

import orjson

from tools.errors import BadArguments

RULE = "is not a cursor of this question; repeat the call that gave it, with the same filter"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the last page ended, and the range that the first page resolved to."""

    after: tuple[datetime, int]
    start: datetime | None
    end: datetime | None


def write_cursor(cursor: Cursor, question: str) -> str:
    """The cursor as text that a caller hands back unread."""
    moment, row = cursor.after
    body = orjson.dumps([moment, row, cursor.start, cursor.end, _seal(question)])
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def read_cursor(text: str, question: str) -> Cursor:
    """The cursor that `text` holds.

    Raises:
        BadArguments: when it is no cursor, or belongs to another question.
    """
    try:
        body = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        moment, row, start, end, seal = orjson.loads(body)
        if seal != _seal(question) or not isinstance(row, int):
            raise BadArguments.one("cursor", RULE, text)
        after = (datetime.fromisoformat(moment), row)
        return Cursor(after, start and _moment(start), end and _moment(end))
    except (ValueError, TypeError, binascii.Error) as error:
        raise BadArguments.one("cursor", RULE, text) from error


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _seal(question: str) -> str:
    return hashlib.blake2b(question.encode("utf-8", "backslashreplace"), digest_size=6).hexdigest()
