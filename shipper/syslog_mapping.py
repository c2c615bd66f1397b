"""A received syslog message as the event that is sent. Nothing here raises, whatever it holds."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import orjson

from shipper.fields import readable
from shipper.mapping import add_said, timestamp, uid_of
from shipper.message_ids import event_type
from shipper.messages import message_of
from shipper.meta import fit
from shipper.redact import redact_json
from shipper.spool_records import Received
from shipper.syslog_3164 import parse_3164
from shipper.syslog_5424 import parse_5424
from shipper.syslog_parts import FACILITIES, SEVERITIES, Parts
from shipper.syslog_times import resolve

_KERNEL = {"_TRANSPORT": b"kernel"}
_END = b"\r\n\0"


@dataclass(frozen=True)
class SyslogRules:
    """What may differ between sites.

    `zone` is that of stamps without one, None the zone of this machine. `host_is_sender` takes
    the sender's address for the host and not the name that the message gives.
    """

    redact: bool = True
    zone: tzinfo | None = None
    host_is_sender: bool = False


_DEFAULT = SyslogRules()


def to_json(received: Received, cursor: str, rules: SyslogRules = _DEFAULT) -> bytes:
    """The event as JSON."""
    return orjson.dumps(to_event(received, cursor, rules))


def to_event(received: Received, cursor: str, rules: SyslogRules = _DEFAULT) -> dict[str, Any]:
    """The event as /ingest/logs takes it; one cursor always gives one uid."""
    raw = received.data.rstrip(_END)
    parts = parse_5424(raw) or parse_3164(raw)
    # What was stripped or belongs to the header is not counted as message.
    beside = len(received.data) - len(parts.message)
    said = message_of(parts.message, max(received.size - beside, 0))
    meta = _meta(received, parts, rules)
    written_us = parts.stamp and resolve(parts.stamp, received.received_us, rules.zone)
    if parts.stamp and written_us is None:
        meta["timestamp"] = parts.stamp.text
    address = received.peer.rpartition(":")[0].strip("[]")
    host = address if rules.host_is_sender else parts.host or address
    event: dict[str, Any] = {
        "uid": uid_of(cursor),
        "timestamp": timestamp(written_us or received.received_us),
        "source": "syslog",
        "service": readable(parts.app)[:255] or "unknown",
        "host": readable(host)[:255] or "unknown",
    }
    severity = b"" if parts.severity is None else b"%d" % parts.severity
    add_said(event, meta, said, {"PRIORITY": severity}, rules.redact)
    kind = event_type(_KERNEL if parts.app == "kernel" else {}, said.text)
    event["event_type"] = readable(parts.msgid)[:100] or kind
    event["meta_json"] = fit(meta)
    return event


def _meta(received: Received, parts: Parts, rules: SyslogRules) -> dict[str, Any]:
    """All that has no column of its own; empty parts are left out."""
    given = {
        "transport": "tcp" if received.tcp else "udp",
        "sender": received.peer,
        "received": timestamp(received.received_us),
        "layout": parts.layout,
        "facility": "" if parts.facility is None else FACILITIES[parts.facility],
        "severity": "" if parts.severity is None else SEVERITIES[parts.severity],
        "hostname": parts.host if rules.host_is_sender else "",
        "procid": parts.procid,
        "msgid": parts.msgid,
        **parts.extra,
    }
    meta: dict[str, Any] = {name: value for name, value in given.items() if value}
    if parts.data:
        meta["structured_data"] = redact_json(parts.data) if rules.redact else parts.data
    if received.partial:
        meta["partial"] = True
    return meta
