"""What OpenAPI says of the OTLP door: its bodies in brief, its answers, its refusals."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from server.otlp_bodies import JSON, MAX_PLAIN, PROTOBUF
from server.otlp_values import MOST
from server.rest_responses import refusals, success

_ABOUT = (
    "OTLP/HTTP 1.x: protobuf or JSON, plain or compressed, with all that the protocol has, not "
    "only what is told here. Failures are a google.rpc.Status in the encoding of the request; 429, "
    "503 and 504 may be sent again. "
    f"Limits: {MAX_PLAIN} bytes once decompressed, {MOST} events or points."
)
_BINARY = {"type": "string", "format": "binary"}
_INT64 = {
    "anyOf": [
        {"type": "string", "pattern": "^[0-9]{1,19}$"},
        {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
    ]
}
_VALUE = {
    "type": "object",
    "description": "One of stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue, "
    "bytesValue.",
    "properties": {
        "stringValue": {"type": "string"},
        "boolValue": {"type": "boolean"},
        "doubleValue": {"type": "number"},
    },
    "maxProperties": 1,
}
_ATTRIBUTES = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"key": {"type": "string"}, "value": _VALUE},
        "required": ["key", "value"],
    },
}
_RESOURCE = {"type": "object", "properties": {"attributes": _ATTRIBUTES}}
_SCOPE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "version": {"type": "string"}},
}
_HEX = {"type": "string", "pattern": "^([0-9a-fA-F]{2})*$"}
_RECORD = {
    "type": "object",
    "properties": {
        "timeUnixNano": _INT64,
        "observedTimeUnixNano": _INT64,
        "severityNumber": {"type": "integer", "minimum": 0, "maximum": 24},
        "severityText": {"type": "string"},
        "eventName": {"type": "string"},
        "body": _VALUE,
        "attributes": _ATTRIBUTES,
        "traceId": _HEX,
        "spanId": _HEX,
    },
}
_NUMBER = {
    "type": "object",
    "properties": {
        "timeUnixNano": _INT64,
        "asDouble": {"type": "number"},
        "attributes": _ATTRIBUTES,
    },
}
_DATA = {"type": "object", "properties": {"dataPoints": {"type": "array", "items": _NUMBER}}}
_METRIC = {
    "type": "object",
    "description": "One of gauge, sum, histogram, exponentialHistogram, summary.",
    "properties": {"name": {"type": "string"}, "unit": {"type": "string"}, "gauge": _DATA},
}


def _nested(signal: str, of_scope: str, leaf: str, schema: dict[str, Any]) -> dict[str, Any]:
    within = {"scope": _SCOPE, leaf: {"type": "array", "items": schema}}
    scopes = {"type": "array", "items": {"type": "object", "properties": within}}
    resources = {"resource": _RESOURCE, of_scope: scopes}
    each = {"type": "object", "properties": resources}
    return {"type": "object", "properties": {signal: {"type": "array", "items": each}}}


def _partial(count: str) -> dict[str, Any]:
    said = {count: {"type": "string"}, "errorMessage": {"type": "string"}}
    partial = {"type": "object", "properties": said, "additionalProperties": False}
    return {"type": "object", "properties": {"partialSuccess": partial}}


@dataclass(frozen=True)
class Described:
    """One signal. `request` gives the protobuf class of its requests."""

    path: str
    name: str
    summary: str
    description: str
    schema: dict[str, Any]
    example: dict[str, Any]
    rejects: str
    request: Callable[[], Any]

    def content(self) -> dict[str, Any]:
        """The body."""
        return {
            PROTOBUF: {"schema": _BINARY},
            JSON: {"schema": self.schema, "example": self.example},
        }

    def responses(self, *more: int) -> dict[int | str, Any]:
        """The answers: refusals come in all three forms."""
        told = refusals(*more)
        for refusal in told.values():
            example = {
                "code": 3,
                "message": f"{refusal['description'].split(':')[0].strip('`')}: …",
            }
            refusal["content"] |= {
                JSON: {"schema": _STATUS, "example": example},
                PROTOBUF: {"schema": _BINARY},
            }
        done = success(JSON, {}, _partial(self.rejects))
        done["content"][PROTOBUF] = {"schema": _BINARY}
        return {200: done, **told}


_STATUS = {
    "type": "object",
    "description": "google.rpc.Status",
    "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
    "required": ["code", "message"],
}


def _logs() -> Any:
    from opentelemetry.proto.collector.logs.v1 import logs_service_pb2

    return logs_service_pb2.ExportLogsServiceRequest


def _metrics() -> Any:
    from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2

    return metrics_service_pb2.ExportMetricsServiceRequest


_OF = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
_LOG = {
    "timeUnixNano": "1795176000000000000",
    "severityNumber": 17,
    "body": {"stringValue": "card declined"},
    "traceId": "5b8efff798038103d269b633813fc60c",
}
_POINT = {"timeUnixNano": "1795176000000000000", "asDouble": 12.5}
_GAUGE = {"name": "disk_free", "unit": "GiB", "gauge": {"dataPoints": [_POINT]}}

LOGS = Described(
    path="/v1/logs",
    name="otlp_logs",
    summary="Log records by OTLP",
    description=f"Log records become events, once each. {_ABOUT}",
    schema=_nested("resourceLogs", "scopeLogs", "logRecords", _RECORD),
    example={"resourceLogs": [{"resource": _OF, "scopeLogs": [{"logRecords": [_LOG]}]}]},
    rejects="rejectedLogRecords",
    request=_logs,
)
METRICS = Described(
    path="/v1/metrics",
    name="otlp_metrics",
    summary="Metric data by OTLP",
    description=f"Gauges, sums, histograms and summaries become points, once each. {_ABOUT}",
    schema=_nested("resourceMetrics", "scopeMetrics", "metrics", _METRIC),
    example={"resourceMetrics": [{"resource": _OF, "scopeMetrics": [{"metrics": [_GAUGE]}]}]},
    rejects="rejectedDataPoints",
    request=_metrics,
)
