"""Our own log as lines of text or of JSON. What callers and log events say in it stays data."""

import logging
import re
import traceback
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from server.request_ids import current
from tools.plain import UNSEEN, plain_json
from tools.records import utc_text

LogFormat = Literal["text", "json"]

_QUIET = ("httpx2", "sentence_transformers", "transformers", "asyncio", "mcp")
"""Libraries that speak only when something is wrong."""

_CODES = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029{UNSEEN}]")


def configure_logging(level: str, style: LogFormat = "text") -> None:
    """Log lines go to standard error, one an event, each with the id of its request."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if style == "json" else TextLines())
    logging.basicConfig(level=level, handlers=[handler])
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def escaped(text: str) -> str:
    """The text on one line, with control codes written out as Python writes them."""
    return _CODES.sub(lambda code: code.group().encode("unicode_escape").decode(), text)


class TextLines(logging.Formatter):
    """One line for a person. A traceback follows indented, so that none of it passes for a line."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        moment = datetime.fromtimestamp(record.created).strftime("%Y-%m-%d %H:%M:%S")
        head = f"{moment},{int(record.msecs):03} {record.levelname} {record.name}:"
        name = current()
        line = f"{head} {escaped(record.getMessage())}{f' [{name}]' if name else ''}"
        told = _traceback(record).splitlines()
        return "\n".join([line, *(f"    {escaped(part)}" for part in told)])


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request_id, and what `fields` says."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        said: dict[str, Any] = {
            "time": utc_text(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": current(),
            **getattr(record, "fields", {}),
            "exception": _traceback(record) or None,
        }
        kept = {key: _sound(value) for key, value in said.items() if value is not None}
        return plain_json(orjson.dumps(kept, default=str).decode())


def _sound(value: Any) -> Any:
    """Text without lone surrogates, which no JSON holds."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def _traceback(record: logging.LogRecord) -> str:
    return "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
