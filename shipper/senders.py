"""What the entries of one sender have in common, worked out once and not for each entry."""

import marshal
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from shipper.fields import Entry, first, readable
from shipper.meta import meta_of
from shipper.services import service_of

_OWN = frozenset(
    (
        "MESSAGE",
        "SYSLOG_RAW",
        "SYSLOG_TIMESTAMP",
        "_SOURCE_REALTIME_TIMESTAMP",
        "_SOURCE_MONOTONIC_TIMESTAMP",
        "_SOURCE_BOOTTIME_TIMESTAMP",
        "_AUDIT_ID",
        "CPU_USAGE_NSEC",
    )
)
"""Fields that differ from entry to entry and decide nothing but their own place in the meta."""

_WITHOUT_REFERENCES = 2
"""The version of marshal's format in which equal fields are equal bytes."""

_REMEMBERED = 2_048
_REMEMBERED_BYTES = 4_096
"""Of one entry; larger ones are worked out each time, so that memory stays small."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote an entry. `meta` holds the fields that its entries share, `packed` it as JSON."""

    service: str
    host: str
    meta: dict[str, Any]
    packed: bytes


def sender_of(entry: Entry, hide: bool, user_units_as_session: bool) -> tuple[Sender, Entry]:
    """The sender, and the fields that are the entry's own. With `hide`, without secrets."""
    shared = dict(entry)
    own = {name: shared.pop(name) for name in _OWN if name in shared}
    packed = marshal.dumps(shared, _WITHOUT_REFERENCES)
    if len(packed) > _REMEMBERED_BYTES:
        return _sender(shared, hide, user_units_as_session), own
    return _remembered(packed, hide, user_units_as_session), own


@lru_cache(maxsize=_REMEMBERED)
def _remembered(packed: bytes, hide: bool, session: bool) -> Sender:
    """By what is the cheapest to compare: all fields as one string of bytes."""
    return _sender(marshal.loads(packed), hide, session)  # noqa: S302  packed a moment ago


def _sender(entry: Entry, hide: bool, user_units_as_session: bool) -> Sender:
    meta = meta_of(entry, hide)
    return Sender(
        service_of(entry, user_units_as_session),
        readable(first(entry, "_HOSTNAME"))[:255] or "unknown",
        meta,
        orjson.dumps(meta),
    )
