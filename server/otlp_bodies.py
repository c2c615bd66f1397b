"""OTLP/HTTP bodies in and out: protobuf, or JSON in OTLP's mapping of it.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

import base64
from typing import Any

import orjson

from server.bodies import UnknownMedia, decompress, parse_json
from tools.errors import BadBatch

PROTOBUF, JSON = "application/x-protobuf", "application/json"
MAX_PLAIN = 16 * 1024 * 1024
"""Bytes of a body after decompression: decoded, the smallest records take 70 times as many."""

_DEPTH = 100
"""Levels of nesting, as protobuf's own readers take."""
_IDS = {"traceId", "trace_id", "spanId", "span_id"}


def encoding_of(media: str) -> str | None:
    """PROTOBUF or JSON, which a Content-Type stands for; None for any other."""
    kind = media.partition(";")[0].strip().lower()
    return kind if kind in {PROTOBUF, JSON} else None


def read_request(kind: Any, body: bytes, media: str, packing: str) -> Any:
    """The request in a body, as an instance of the protobuf class `kind`. What a newer OTLP has and
    this one does not know is passed over.

    Raises:
        UnknownMedia: for another type or encoding; TooLarge: see `decompress`.
        BadBatch: for a body that cannot be decoded.
    """
    encoding = encoding_of(media)
    if encoding is None:
        raise UnknownMedia(f"Content-Type {media[:80]!r} is none of {PROTOBUF}, {JSON}")
    plain = decompress(body, packing, MAX_PLAIN)
    return _from_json(kind, plain) if encoding == JSON else _from_protobuf(kind, plain)


def written(message: Any, encoding: str) -> bytes:
    """A message as a body."""
    from google.protobuf.json_format import MessageToDict

    if encoding == PROTOBUF:
        body: bytes = message.SerializeToString()
        return body
    return orjson.dumps(MessageToDict(message))


def _from_protobuf(kind: Any, body: bytes) -> Any:
    from google.protobuf.message import DecodeError

    try:
        return kind.FromString(body)
    except DecodeError as error:
        raise BadBatch(f"the body is no {kind.__name__}: {error}") from error


def _from_json(kind: Any, body: bytes) -> Any:
    from google.protobuf.json_format import ParseDict, ParseError

    value = parse_json(body)
    if not isinstance(value, dict):
        raise BadBatch(f"the body is no {kind.__name__}: it must be a JSON object")
    _read_ids(value)
    try:
        return ParseDict(value, kind(), ignore_unknown_fields=True, max_recursion_depth=_DEPTH)
    except (ParseError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise BadBatch(f"the body is no {kind.__name__}: {str(error)[:300]}") from error


def _read_ids(value: Any) -> None:
    """Trace and span ids from hex, as OTLP writes them, to base64, as protobuf's JSON does.

    A name of a caller's own is never a key in this JSON, so every such key is a field.
    """
    level = [value]
    while level:
        one = level.pop()
        if isinstance(one, list):
            level += one
        elif isinstance(one, dict):
            level += one.values()
            for name in _IDS & one.keys():
                one[name] = _base64(name, one[name])


def _base64(name: str, digits: Any) -> str:
    try:
        return base64.b64encode(bytes.fromhex(digits or "")).decode()
    except (TypeError, ValueError) as error:
        raise BadBatch(f"{name} must be hex digits, not {str(digits)[:80]!r}") from error
