"""Trace and span ids: from fields, from a JSON message, or from the text."""

import re
from typing import Any

from shipper.fields import Entry, first
from shipper.glance import glance

_TRACE_FIELDS = ("TRACE_ID", "OTEL_TRACE_ID")
_SPAN_FIELDS = ("SPAN_ID", "OTEL_SPAN_ID")
_TRACE_KEYS = ("trace_id", "traceId", "traceID", "TraceId", "trace.id", "otel.trace_id")
_SPAN_KEYS = ("span_id", "spanId", "spanID", "SpanId", "span.id", "otel.span_id")

_W3C = re.compile(r"00-(?<![\w-]00-)([0-9a-fA-F]{32})-([0-9a-fA-F]{16})-[0-9a-fA-F]{2}(?![\w-])")
_TRACE = re.compile(
    r"(?<![A-Za-z])trace[._-]?id[\"']?\s?[=:]\s?[\"']?([0-9a-fA-F]+)(?![\w-])", re.I
)
_SPAN = re.compile(r"(?<![A-Za-z])span[._-]?id[\"']?\s?[=:]\s?[\"']?([0-9a-fA-F]+)(?![\w-])", re.I)
_HEX = frozenset("0123456789abcdef")


def trace_and_span(entry: Entry, fields: dict[str, Any] | None, text: str) -> tuple[str, str]:
    """Both ids in lower-case hex, '' for one that is not known."""
    trace = _from_fields(entry, _TRACE_FIELDS, (32, 16))
    span = _from_fields(entry, _SPAN_FIELDS, (16,))
    if fields and not (trace and span):
        trace = trace or _from_json(fields, _TRACE_KEYS, (32, 16))
        span = span or _from_json(fields, _SPAN_KEYS, (16,))
        text = f"{fields.get('traceparent', '')} {text}"
    if trace and span:
        return trace, span
    return _from_text(text, trace, span)


def _from_text(text: str, trace: str, span: str) -> tuple[str, str]:
    seen = glance(text)
    if not trace and "traceparent" in seen and (found := _W3C.search(text)):
        trace, span = _hex(found[1], (32,)), span or _hex(found[2], (16,))
    if "trace" not in seen:
        return trace, span
    if not trace and (found := _TRACE.search(text)):
        trace = _hex(found[1], (32, 16))
    if not span and (found := _SPAN.search(text)):
        span = _hex(found[1], (16,))
    return trace, span


def _from_fields(entry: Entry, names: tuple[str, ...], lengths: tuple[int, ...]) -> str:
    for name in names:
        if name in entry and (found := _hex(first(entry, name), lengths)):
            return found
    return ""


def _from_json(fields: dict[str, Any], keys: tuple[str, ...], lengths: tuple[int, ...]) -> str:
    for key in keys:
        value = fields.get(key)
        if isinstance(value, str) and (found := _hex(value, lengths)):
            return found
    return ""


def _hex(text: str, lengths: tuple[int, ...]) -> str:
    """The id in lower case; '' for another length, other characters, or zeros alone."""
    low = text.strip().lower()
    if len(low) in lengths and _HEX.issuperset(low) and low.strip("0"):
        return low
    return ""
