"""Whatever is sent to be ingested, the answer is a receipt that accounts for every record, or a
problem document; never a failure of the server.
"""

import asyncio
import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
import zstandard
from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as rules
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics

from tools.ingest_metrics import NewPoint
from tools.intake import NewEvent

PROBLEM = "application/problem+json"
PROTOBUF = "application/x-protobuf"
Send = Callable[..., httpx2.Response]

MEDIA = st.sampled_from(
    ["application/json", "application/x-ndjson", "", PROTOBUF, "application/json; charset=latin-1"]
) | st.from_regex(r"[!-~]([ -~]{0,28}[!-~])?", fullmatch=True)
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "deflate": zlib.compress,
}
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(
        ["ERROR", "9999-12-31", "2026-11-20T12:00:00+23:59", "\x00", "NaN", "1" * 400]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def records(kind: Any) -> st.SearchStrategy[list[Any]]:
    """Batches of anything, often with the names that records have."""
    names = st.sampled_from([*kind.model_fields, "other"])
    near = st.dictionaries(names, VALUES, max_size=6)
    good = st.fixed_dictionaries({"message": st.text(), "name": st.just("n"), "value": st.floats()})
    return st.lists(near | VALUES | good, max_size=6)


async def trying(client: httpx2.AsyncClient, test: Callable[[Send], None]) -> None:
    """Runs a hypothesis test against the server, in a thread of its own."""

    def run() -> None:
        with httpx2.Client(base_url=client.base_url, timeout=60) as own:
            test(own.post)

    await asyncio.to_thread(run)


def many(test: Callable[..., None]) -> Callable[..., None]:
    """As many examples as fit into some seconds."""
    return rules(
        max_examples=120,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )(test)


def problem(reply: httpx2.Response) -> dict[str, Any]:
    """The problem document that an answer is."""
    assert 400 <= reply.status_code < 500, reply.text
    assert reply.headers["content-type"] == PROBLEM
    said: dict[str, Any] = reply.json()
    assert said["status"] == reply.status_code
    assert said["code"]
    return said


@pytest.mark.parametrize(
    ("path", "key", "kind"),
    [("/ingest/logs", "events", NewEvent), ("/ingest/metrics", "points", NewPoint)],
)
async def test_every_record_of_a_batch_is_accounted_for(
    client: httpx2.AsyncClient, path: str, key: str, kind: Any
) -> None:
    """Accepted, duplicate or refused by its index: the numbers add up, in every shape."""

    def test(send: Send) -> None:
        @many
        @given(
            records(kind), st.sampled_from(["object", "array", "lines"]), st.sampled_from([*PACKED])
        )
        def one(batch: list[Any], shape: str, packing: str) -> None:
            lines = [json.dumps(record).encode() for record in batch]
            body = b"\n".join(lines) if shape == "lines" else b"[" + b",".join(lines) + b"]"
            if shape == "object":
                body = b'{"%s": %s}' % (key.encode(), body)
            media = "application/x-ndjson" if shape == "lines" else "application/json"
            headers = {"content-type": media, "content-encoding": packing}
            account(send(path, content=PACKED[packing](body), headers=headers), len(batch))

        one()

    await trying(client, test)


def account(reply: httpx2.Response, sent: int) -> None:
    """Every record of a batch is told of."""
    if reply.status_code == 422:
        assert {entry["index"] for entry in problem(reply)["problems"]} == set(range(sent))
        return
    assert reply.status_code == 200, reply.text
    said = reply.json()
    refused = len(said["rejected"]) + said.get("more_rejected", 0)
    assert said["accepted"] + said["duplicates"] + refused == sent


@pytest.mark.parametrize("path", ["/ingest/logs", "/ingest/metrics", "/ingest/heartbeat"])
async def test_any_bytes_of_any_type_are_answered(client: httpx2.AsyncClient, path: str) -> None:
    """Bytes that are no batch, or not what they say, are the sender's problem."""

    def test(send: Send) -> None:
        @many
        @given(
            st.binary() | VALUES.map(lambda value: json.dumps(value).encode()),
            MEDIA,
            st.sampled_from([*PACKED, "br", "gzip, gzip"]),
            st.booleans(),
        )
        def one(body: bytes, media: str, packing: str, packed: bool) -> None:
            if packed and packing in PACKED:
                body = PACKED[packing](body)
            headers = {"content-type": media, "content-encoding": packing}
            reply = send(path, content=body, headers=headers)
            if reply.status_code not in {200, 204}:
                problem(reply)

        one()

    await trying(client, test)


@pytest.mark.parametrize(
    ("path", "sent", "answer"),
    [
        ("/v1/logs", logs.ExportLogsServiceRequest, logs.ExportLogsServiceResponse),
        ("/v1/metrics", metrics.ExportMetricsServiceRequest, metrics.ExportMetricsServiceResponse),
    ],
)
async def test_any_bytes_of_otlp_are_answered_in_its_words(
    client: httpx2.AsyncClient, path: str, sent: Any, answer: Any
) -> None:
    """Protobuf and JSON of any content get an export response or a Status, in their encoding."""

    def test(send: Send) -> None:
        @many
        @given(st.binary() | otlp(sent), VALUES | otlp_json(path))
        def one(raw: bytes, value: Any) -> None:
            reply = send(path, content=raw, headers={"content-type": PROTOBUF})
            assert reply.status_code in {200, 400}, reply.text
            assert reply.headers["content-type"] == PROTOBUF
            (answer if reply.status_code == 200 else Status).FromString(reply.content)
            if reply.status_code == 200:
                sent.FromString(raw)
            else:
                with pytest.raises(DecodeError):
                    sent.FromString(raw)
            body = json.dumps(value).encode()
            reply = send(path, content=body, headers={"content-type": "application/json"})
            assert reply.status_code in {200, 400}, reply.text
            assert reply.headers["content-type"] == "application/json"
            assert isinstance(reply.json(), dict)

        one()

    await trying(client, test)


def otlp(kind: Any) -> st.SearchStrategy[bytes]:
    """Requests of the protocol with odd values."""
    whole = st.integers(0, 2**64 - 1)

    def make(time: int, number: int, text: str, value: float, raw: bytes) -> bytes:
        request = kind()
        if isinstance(request, logs.ExportLogsServiceRequest):
            of = request.resource_logs.add()
            record = of.scope_logs.add().log_records.add(
                time_unix_nano=time, observed_time_unix_nano=number, severity_text=text,
                severity_number=number % 40, trace_id=raw, span_id=raw, event_name=text,
            )  # fmt: skip
            record.body.array_value.values.add(double_value=value)
            record.attributes.add(key="log.record.uid").value.string_value = text
            record.attributes.add(key=text).value.bytes_value = raw
        else:
            of = request.resource_metrics.add()
            scope = of.scope_metrics.add()
            scope.scope.name = text
            gauge = scope.metrics.add(name=text, unit=text)
            gauge.gauge.data_points.add(time_unix_nano=time, as_double=value)
            histogram = scope.metrics.add(name="h").histogram
            histogram.data_points.add(
                time_unix_nano=time, count=number, sum=value, bucket_counts=[1, number],
                explicit_bounds=[value, value, value], flags=number % 3,
            )  # fmt: skip
            summary = scope.metrics.add(name=text).summary.data_points.add(count=number, sum=value)
            summary.quantile_values.add(quantile=value, value=value)
        of.resource.attributes.add(key="service.name").value.string_value = text
        written: bytes = request.SerializeToString()
        return written

    text = st.text(st.characters(codec="utf-8"), max_size=300)
    return st.builds(make, whole, st.integers(0, 2**62), text, st.floats(), st.binary(max_size=40))


def otlp_json(path: str) -> st.SearchStrategy[Any]:
    """JSON that is nearly a request."""
    names = {
        "/v1/logs": ("resourceLogs", "scopeLogs", "logRecords"),
        "/v1/metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
    }[path]
    fields = st.sampled_from(
        ["timeUnixNano", "traceId", "severityNumber", "body", "attributes", "name", "gauge", "sum"]
    )
    leaf = st.dictionaries(fields, VALUES, max_size=4) | VALUES
    for name in reversed(names):
        leaf = st.fixed_dictionaries({name: st.lists(leaf, max_size=2)})
    return leaf
