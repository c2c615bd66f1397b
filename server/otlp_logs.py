"""OTLP log records as our events.

https://opentelemetry.io/docs/specs/otel/logs/data-model/ ; where each field goes:

    resource service.name, host.name     service, host
    time, else observed time             timestamp
    severity number, else its text       level
    body                                 message; what is no text as JSON
    trace id, span id                    trace_id, span_id, in hex
    event name                           event_type
    attribute error.type                 error_code
    attributes                           meta_json
    everything else                      meta_json, under `otel`

Nothing of a record is dropped. Its identity is the attribute log.record.uid with its time, where it
has one. Any other is known by its content and its time to the nanosecond, as ingested events are: a
request sent again is stored once, equal records within a request stay as many as they are, and of
equal records in different requests one is stored.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import orjson

from server.otlp_values import Budget, Origin, attributes, moment, origin_of, plain
from tools.levels import Level

SOURCE = "otlp"
_BY_NUMBER = (
    Level.DEBUG,  # 1 to 4, TRACE
    Level.DEBUG,
    Level.INFO,
    Level.WARN,
    Level.ERROR,
    Level.FATAL,
)
_RANGE = 4
_ERROR = 17
_LONGEST_UID = 255
_MICRO = 1000


def events(request: Any) -> Iterator[dict[str, Any]]:
    """The records of an ExportLogsServiceRequest as events, in their order. Raises TooLarge."""
    budget = Budget()
    for of_resource in request.resource_logs:
        origin = origin_of(of_resource.resource)
        for of_scope in of_resource.scope_logs:
            around = {
                "resource": origin.rest,
                "resource_schema_url": of_resource.schema_url,
                "scope": _scope(of_scope.scope),
                "scope_schema_url": of_scope.schema_url,
            }
            shared = of_resource.resource.ByteSize() + of_scope.scope.ByteSize()
            for record in of_scope.log_records:
                budget.take(shared)
                yield _event(record, origin, around)


def _scope(scope: Any) -> dict[str, Any]:
    said = attributes(scope.attributes)
    named = {"name": scope.name, "version": scope.version, "attributes": said}
    return {key: value for key, value in named.items() if value}


def _event(record: Any, origin: Origin, around: dict[str, Any]) -> dict[str, Any]:
    said = attributes(record.attributes)
    event = {
        "message": _message(record),
        "timestamp": moment(record.time_unix_nano or record.observed_time_unix_nano),
        "level": level_of(record.severity_number, record.severity_text),
        "service": origin.service,
        "host": origin.host,
        "source": SOURCE,
        "trace_id": _id(record.trace_id),
        "span_id": _id(record.span_id),
        "event_type": record.event_name or None,
        "error_code": _text(said.get("error.type")),
        "meta_json": _meta(record, said, around),
        "uid": _uid(said.get("log.record.uid")),
    }
    return {name: value for name, value in event.items() if value is not None or name == "message"}


def _message(record: Any) -> str | None:
    body = plain(record.body)
    return body if isinstance(body, str | None) else orjson.dumps(body).decode()


def level_of(number: int, text: str) -> Level:
    """The level of a severity: by its number, else by its text, else INFO.

    CRITICAL has no number of its own; it is taken from the text of errors and worse.
    """
    try:
        named = Level(text)
    except ValueError:
        named = None
    if not 1 <= number <= _RANGE * len(_BY_NUMBER):
        return named or Level.INFO
    if named is Level.CRITICAL and number >= _ERROR:
        return named
    return _BY_NUMBER[(number - 1) // _RANGE]


def _meta(record: Any, said: dict[str, Any], around: dict[str, Any]) -> dict[str, Any] | None:
    exact = record.time_unix_nano or record.observed_time_unix_nano
    more = {
        **around,
        "severity_number": int(record.severity_number),
        "severity_text": record.severity_text,
        "time_unix_nano": exact if exact % _MICRO else 0,
        "observed_time_unix_nano": record.time_unix_nano and record.observed_time_unix_nano,
        "flags": record.flags,
        "dropped_attributes_count": record.dropped_attributes_count,
        # Where somebody else calls an attribute by our name.
        "attribute": said.pop("otel", None),
    }
    kept = {name: value for name, value in more.items() if value}
    return {**said, "otel": kept} if kept else said or None


def _id(raw: bytes) -> str | None:
    """The hex digits; None where all are 0, which means that there is no id."""
    return raw.hex() if any(raw) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _uid(given: Any) -> str | None:
    text = _text(given)
    if text is None or len(text) <= _LONGEST_UID:
        return text
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
