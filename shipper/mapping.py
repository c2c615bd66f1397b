"""A journal entry as the event that is sent. Nothing here raises, whatever the entry holds."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from shipper.error_codes import error_code
from shipper.fields import Entry, first, readable
from shipper.levels_in_text import level_in_json, level_in_text
from shipper.message_ids import event_type
from shipper.messages import TAIL, Message, read_message
from shipper.meta import fit, meta_of
from shipper.redact import redact, redact_json
from shipper.services import service_of
from shipper.traces import trace_and_span
from tools.levels import Level
from tools.records import MESSAGE_MAX_BYTES

_PRIORITIES = {
    "0": Level.FATAL,
    "1": Level.FATAL,
    "2": Level.CRITICAL,
    "3": Level.ERROR,
    "4": Level.WARN,
    "5": Level.INFO,
    "6": Level.INFO,
    "7": Level.DEBUG,
}
_SAYS_NOTHING = frozenset(("", "5", "6"))
"""Priorities that journald or a container driver gives to a line on standard output."""

_LATEST_SECOND = 253_402_300_799  # the end of the year 9999


@dataclass(frozen=True)
class Rules:
    """What may differ between sites.

    `user_units_as_session` names the programs of a user's session by the session's unit,
    user@1000.service, and not by their own.
    """

    redact: bool = True
    user_units_as_session: bool = False


_DEFAULT = Rules()


def to_event(
    entry: Entry, cursor: str, realtime_us: int, rules: Rules = _DEFAULT
) -> dict[str, Any]:
    """The event as /ingest/logs takes it; one cursor always gives one uid."""
    said = read_message(entry)
    fields = said.fields
    level = _level(entry, said)
    code = error_code(entry, fields, said.text, level)
    trace, span = trace_and_span(entry, fields, said.text)
    meta = meta_of(entry, rules.redact)
    if rules.redact:
        said.text = redact(said.text)
        code = redact(code)
        if fields:
            said.fields = redact_json(fields)
    event: dict[str, Any] = {
        "uid": uid_of(cursor),
        "timestamp": timestamp(realtime_us),
        "source": "journald",
        "service": service_of(entry, rules.user_units_as_session),
        "host": readable(first(entry, "_HOSTNAME"))[:255] or "unknown",
        "level": level.value,
        "message": _clipped(said, meta),
        "event_type": event_type(entry, said.text),
        "meta_json": meta,
    }
    if trace:
        event["trace_id"] = trace
    if span:
        event["span_id"] = span
    if code:
        event["error_code"] = code
    event["meta_json"] = fit(meta)
    return event


def uid_of(cursor: str) -> str:
    """32 hex digits that name the entry; sent twice, it is stored once."""
    raw = cursor.encode("utf-8", "backslashreplace")
    return hashlib.blake2b(raw, digest_size=16).hexdigest()


def timestamp(realtime_us: int) -> str:
    """ISO 8601 in UTC with all six digits, computed without a float."""
    seconds, micros = divmod(realtime_us, 1_000_000)
    return f"{_second(min(max(seconds, 0), _LATEST_SECOND))}.{micros:06d}Z"


@lru_cache(maxsize=256)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _level(entry: Entry, said: Message) -> Level:
    """PRIORITY, unless it is only a default and the message itself says more."""
    priority = first(entry, "PRIORITY").strip()
    if priority in _SAYS_NOTHING:
        found = level_in_json(said.fields) if said.fields else None
        found = found or level_in_text(said.text)
        if found is not None:
            return found
    return _PRIORITIES.get(priority, Level.INFO)


def _clipped(said: Message, meta: dict[str, Any]) -> str:
    """The message within its limit; what was done to it is noted in the meta."""
    if said.missing:
        meta["no_message"] = True
    if said.fields:
        meta["json"] = said.fields
    if not said.cut and len(said.text) * 4 <= MESSAGE_MAX_BYTES:
        return said.text
    encoded = said.text.encode()
    if said.cut:
        encoded = encoded[:-TAIL]
    elif len(encoded) <= MESSAGE_MAX_BYTES:
        return said.text
    meta["message_bytes"] = said.size
    return encoded[:MESSAGE_MAX_BYTES].decode("utf-8", "ignore")
