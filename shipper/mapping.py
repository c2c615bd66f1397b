"""A journal entry as the event that is sent. Nothing here raises, whatever the entry holds."""

import hashlib
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import orjson

from shipper.error_codes import error_code
from shipper.fields import Entry, first
from shipper.levels_in_text import level_in_json, level_in_text
from shipper.message_ids import event_type
from shipper.messages import TAIL, Message, read_message
from shipper.meta import MAX_BYTES, fit, meta_of
from shipper.redact import redact, redact_json
from shipper.rules import Rules
from shipper.senders import Sender, sender_of
from shipper.traces import trace_and_span
from tools.levels import Level
from tools.limits import MESSAGE_MAX_BYTES

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
Json = tuple[str, bytes]

_SAYS_NOTHING = frozenset(("", "5", "6"))
"""Priorities that journald or a container driver gives to a line on standard output."""

_EPOCH = date(1970, 1, 1)
_LATEST_SECOND = 253_402_300_799  # the end of the year 9999


_DEFAULT = Rules()


def to_event(
    entry: Entry, cursor: str, realtime_us: int, rules: Rules = _DEFAULT
) -> dict[str, Any]:
    """The event as /ingest/logs takes it; one cursor always gives one uid."""
    event, sender, own = _mapped(entry, cursor, realtime_us, rules)
    event["meta_json"] = fit({**sender.meta, **own})
    return event


def to_json(entry: Entry, cursor: str, realtime_us: int, rules: Rules = _DEFAULT) -> Json:
    """The host, and the event as JSON; what entries of one sender share is not packed again."""
    event, sender, own = _mapped(entry, cursor, realtime_us, rules)
    shared, rest = sender.packed, orjson.dumps(own)
    if len(shared) + len(rest) > MAX_BYTES or not own.keys().isdisjoint(sender.meta):
        event["meta_json"] = fit({**sender.meta, **own})
    elif len(shared) > 2 and len(rest) > 2:
        event["meta_json"] = orjson.Fragment(shared[:-1] + b"," + rest[1:])
    else:
        event["meta_json"] = orjson.Fragment(shared if len(shared) > 2 else rest)
    return sender.host, orjson.dumps(event)


def _mapped(
    entry: Entry, cursor: str, realtime_us: int, rules: Rules
) -> tuple[dict[str, Any], Sender, dict[str, Any]]:
    """The event without its meta, the sender, and what the meta holds beside the sender's."""
    sender, fields_of_its_own = sender_of(entry, rules.redact, rules.user_units_as_session)
    own = meta_of(fields_of_its_own, rules.redact)
    said = read_message(entry)
    event: dict[str, Any] = {
        "uid": uid_of(cursor),
        "timestamp": timestamp(realtime_us),
        "source": "journald",
        "service": sender.service,
        "host": sender.host,
    }
    add_said(event, own, said, entry, rules.redact)
    event["event_type"] = event_type(entry, said.text)
    return event, sender, own


def add_said(
    event: dict[str, Any], meta: dict[str, Any], said: Message, entry: Entry, hide: bool
) -> None:
    """Put what was said into the event: level, message, code, trace. The meta gets the rest.

    `entry` is asked for PRIORITY, ERRNO and the like. With `hide`, secrets are masked in `said`.
    """
    level = _level(entry, said)
    code = error_code(entry, said.fields, said.text, level)
    trace, span = trace_and_span(entry, said.fields, said.text)
    if hide:
        said.text = redact(said.text)
        code = redact(code) if code else ""
        if said.fields:
            said.fields = redact_json(said.fields)
    event["level"] = level.value
    event["message"] = clipped(said, meta)
    if trace:
        event["trace_id"] = trace
    if span:
        event["span_id"] = span
    if code:
        event["error_code"] = code


def uid_of(cursor: str) -> str:
    """32 hex digits that name the entry; sent twice, it is stored once."""
    raw = cursor.encode("utf-8", "backslashreplace")
    return hashlib.blake2b(raw, digest_size=16).hexdigest()


def timestamp(realtime_us: int) -> str:
    """ISO 8601 in UTC with all six digits, computed without a float."""
    seconds, micros = divmod(realtime_us, 1_000_000)
    days, seconds = divmod(min(max(seconds, 0), _LATEST_SECOND), 86_400)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{_day(days)}T{hours:02}:{minutes:02}:{seconds:02}.{micros:06}Z"


@lru_cache(maxsize=256)
def _day(days: int) -> str:
    return (_EPOCH + timedelta(days=days)).isoformat()


def _level(entry: Entry, said: Message) -> Level:
    """PRIORITY, unless it is only a default and the message itself says more."""
    priority = first(entry, "PRIORITY").strip()
    if priority in _SAYS_NOTHING:
        found = level_in_json(said.fields) if said.fields else None
        found = found or level_in_text(said.text)
        if found is not None:
            return found
    return _PRIORITIES.get(priority, Level.INFO)


def clipped(said: Message, meta: dict[str, Any]) -> str:
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
