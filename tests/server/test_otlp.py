"""The OTLP door, through the exporters of OpenTelemetry's own SDK and with requests of its protocol."""

import asyncio
import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import orjson
import pytest
from google.protobuf.json_format import MessageToDict
from google.rpc.status_pb2 import Status
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from pydantic import SecretStr

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
SECOND = 1_000_000_000
AT = 1_795_176_000 * SECOND
RESOURCE = Resource({"service.name": "shop", "host.name": "web-01", "service.version": "1.2"})
Serving = Callable[[Any], Any]


@contextmanager
def logging_to(url: str, packing: Compression) -> Iterator[Any]:
    """A logger of the SDK; at the end all that it was told has been exported."""
    exporter = OTLPLogExporter(f"{url}/v1/logs", compression=packing)
    provider = LoggerProvider(RESOURCE, shutdown_on_exit=False)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    yield provider.get_logger("checkout", "3.1")
    assert provider.force_flush()
    provider.shutdown()


def record(**fields: Any) -> LogRecord:
    """A record of the SDK."""
    return LogRecord(**{"timestamp": AT, "observed_timestamp": AT, **fields})


@pytest.mark.parametrize("packing", list(Compression))
async def test_what_the_sdk_logs_is_found(client: httpx2.AsyncClient, packing: Compression) -> None:
    """Records of the SDK become events, whatever way they are packed: each field in its place."""

    def log() -> None:
        with logging_to(str(client.base_url), packing) as logger:
            logger.emit(
                record(
                    body="card declined",
                    severity_number=SeverityNumber.ERROR,
                    severity_text="ERROR",
                    event_name="payment.failed",
                    attributes={"error.type": "CardError", "order": 17, "tags": ["a", "b"]},
                )
            )
            logger.emit(record(body={"user": "ann", "ok": False}, severity_text="warning"))

    await asyncio.to_thread(log)
    page = (await client.get("/query/logs", params={"order": "oldest"})).json()
    declined, structured = page["events"]
    assert (declined["service"], declined["host"], declined["source"]) == ("shop", "web-01", "otlp")
    assert (declined["level"], declined["message"]) == ("ERROR", "card declined")
    assert declined["timestamp"] == "2026-11-20T12:00:00.000000Z"
    assert (declined["event_type"], declined["error_code"]) == ("payment.failed", "CardError")
    assert declined["meta_json"]["order"] == 17
    assert declined["meta_json"]["tags"] == ["a", "b"]
    assert declined["meta_json"]["otel"]["scope"] == {"name": "checkout", "version": "3.1"}
    assert declined["meta_json"]["otel"]["resource"]["service.version"] == "1.2"
    assert structured["level"] == "WARN"
    assert orjson.loads(structured["message"]) == {"user": "ann", "ok": False}


async def test_what_the_sdk_measures_is_found(client: httpx2.AsyncClient) -> None:
    """A counter, a gauge and a histogram of the SDK become points under Prometheus' names."""

    def measure() -> None:
        exporter = OTLPMetricExporter(f"{client.base_url}/v1/metrics")
        reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
        provider = MeterProvider([reader], RESOURCE, shutdown_on_exit=False)
        meter = provider.get_meter("checkout")
        meter.create_counter("orders").add(3, {"shop": "north"})
        meter.create_gauge("queue", unit="jobs").set(12.5)
        histogram = meter.create_histogram(
            "took", "s", explicit_bucket_boundaries_advisory=[0.1, 1.0]
        )
        for seconds in (0.05, 0.5, 0.7, 3):
            histogram.record(seconds)
        provider.shutdown()

    await asyncio.to_thread(measure)
    orders = await points(client, "orders")
    assert [(point["value"], point["labels"]["shop"]) for point in orders] == [(3, "north")]
    assert orders[0]["labels"]["otel.scope.name"] == "checkout"
    [queue] = await points(client, "queue")
    assert (queue["value"], queue["unit"], queue["host"]) == (12.5, "jobs", "web-01")
    assert [point["value"] for point in await points(client, "took_count")] == [4]
    assert [point["value"] for point in await points(client, "took_sum")] == [pytest.approx(4.25)]
    buckets = {p["labels"]["le"]: p["value"] for p in await points(client, "took_bucket")}
    assert buckets == {"0.1": 1, "1": 3, "+Inf": 4}


async def points(client: httpx2.AsyncClient, name: str) -> list[dict[str, Any]]:
    """The stored points of a metric."""
    reply = await client.get("/query/metrics", params={"name": name})
    found: list[dict[str, Any]] = reply.json()["points"]
    return found


async def test_exponential_histograms_are_kept_but_for_their_buckets(
    client: httpx2.AsyncClient,
) -> None:
    """What has no place in points is said in the answer; the rest is stored."""
    reader = InMemoryMetricReader()
    view = View(instrument_name="took", aggregation=ExponentialBucketHistogramAggregation())
    provider = MeterProvider([reader], RESOURCE, shutdown_on_exit=False, views=[view])
    provider.get_meter("checkout").create_histogram("took").record(0.5)
    measured = reader.get_metrics_data()
    provider.shutdown()
    assert measured is not None
    sent = encode_metrics(measured).SerializeToString()
    reply = await client.post("/v1/metrics", content=sent, headers={"content-type": PROTOBUF})
    partial = ExportMetricsServiceResponse.FromString(reply.content).partial_success
    assert partial.rejected_data_points == 0
    assert "1 buckets of exponential histograms" in partial.error_message
    assert [point["value"] for point in await points(client, "took_max")] == [0.5]


def one_log(**fields: Any) -> dict[str, Any]:
    """A request of one log record in OTLP's JSON."""
    given = {"timeUnixNano": str(AT + 1), "body": {"stringValue": "hello"}, **fields}
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": [given]}]}]}


async def stored(client: httpx2.AsyncClient) -> list[dict[str, Any]]:
    """All events, oldest first."""
    reply = await client.get("/query/logs", params={"limit": 1000, "order": "oldest"})
    events: list[dict[str, Any]] = reply.json()["events"]
    return events


async def test_json_and_protobuf_bring_the_same_event(client: httpx2.AsyncClient) -> None:
    """Hex ids, numbers as text and enums as numbers in JSON are what protobuf has: one event."""
    fields = {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": "EEE19B7EC3C1B174",
        "severityNumber": 18,
        "severityText": "Critical",
        "attributes": [{"key": "raw", "value": {"bytesValue": "AP8="}}],
        "notYetKnown": {"deep": [1]},
    }
    reply = await client.post("/v1/logs", json=one_log(**fields))
    assert (reply.status_code, reply.json()) == (200, {})
    assert reply.headers["content-type"] == JSON
    request = ExportLogsServiceRequest()
    request.resource_logs.add().scope_logs.add().log_records.add(
        time_unix_nano=AT + 1,
        body={"string_value": "hello"},
        trace_id=bytes.fromhex("5b8efff798038103d269b633813fc60c"),
        span_id=bytes.fromhex("eee19b7ec3c1b174"),
        severity_number=18,
        severity_text="Critical",
        attributes=[{"key": "raw", "value": {"bytes_value": b"\x00\xff"}}],
    )
    packed = gzip.compress(request.SerializeToString())
    headers = {"content-type": PROTOBUF, "content-encoding": "gzip"}
    reply = await client.post("/v1/logs", content=packed, headers=headers)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == PROTOBUF
    assert ExportLogsServiceResponse.FromString(reply.content) == ExportLogsServiceResponse()
    [event] = await stored(client)
    assert event["trace_id"] == "5b8efff798038103d269b633813fc60c"
    assert event["span_id"] == "eee19b7ec3c1b174"
    assert event["level"] == "CRITICAL"
    assert event["meta_json"]["raw"] == "AP8="
    assert event["meta_json"]["otel"]["time_unix_nano"] == AT + 1


async def test_a_record_with_an_id_of_its_own_is_stored_once(client: httpx2.AsyncClient) -> None:
    """log.record.uid is the event's identity, whatever else differs; even without a time."""
    for _ in range(2):
        named = [{"key": "log.record.uid", "value": {"stringValue": "01HX"}}]
        await client.post("/v1/logs", json=one_log(attributes=named, timeUnixNano="0"))
    assert len(await stored(client)) == 1


async def test_records_without_an_id_are_known_by_content_and_nanosecond(
    client: httpx2.AsyncClient,
) -> None:
    """Sent again they are stored once; a nanosecond apart, or twice in one request, they are two."""
    twins = one_log()
    twins["resourceLogs"] *= 2
    for _ in range(2):
        assert (await client.post("/v1/logs", json=twins)).status_code == 200
    assert len(await stored(client)) == 2
    await client.post("/v1/logs", json=one_log(timeUnixNano=AT + 2))
    assert len(await stored(client)) == 3


async def test_the_observed_time_stands_in_for_a_time_that_is_not_known(
    client: httpx2.AsyncClient,
) -> None:
    """A record without a time is dated by when it was seen."""
    late = one_log(timeUnixNano="0", observedTimeUnixNano=str(AT + 7 * SECOND))
    await client.post("/v1/logs", json=late)
    [event] = await stored(client)
    assert event["timestamp"] == "2026-11-20T12:00:07.000000Z"


async def test_what_is_refused_is_counted_with_its_reason(client: httpx2.AsyncClient) -> None:
    """A record dated out of the world is refused, and the answer says which and why; the rest stays."""
    sent = one_log()
    records = sent["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    records.append({"timeUnixNano": str(2**64 - 1), "body": {"stringValue": "far off"}})
    partial = (await client.post("/v1/logs", json=sent)).json()["partialSuccess"]
    assert partial["rejectedLogRecords"] == "1"
    assert "#1 timestamp: must lie between 1970 and 2200" in partial["errorMessage"]
    alone = {"resourceLogs": [{"scopeLogs": [{"logRecords": records[1:] * 9}]}]}
    partial = (await client.post("/v1/logs", json=alone)).json()["partialSuccess"]
    assert partial["rejectedLogRecords"] == "9"
    assert partial["errorMessage"].endswith("and 4 more")
    assert len(await stored(client)) == 1


async def test_data_points_that_are_refused_are_counted_once_each(
    client: httpx2.AsyncClient,
) -> None:
    """Of a histogram whose sum is no number the parts are stored that are; it counts as refused."""
    histogram = {
        "dataPoints": [
            {"timeUnixNano": str(AT), "count": "3", "sum": "NaN", "explicitBounds": [1], "bucketCounts": ["1", "2"]},
            {"timeUnixNano": str(AT), "flags": 1},
        ]
    }  # fmt: skip
    gauge = {"dataPoints": [{"timeUnixNano": str(AT), "asInt": "7"}, {"timeUnixNano": str(AT)}]}
    metrics = [
        {"name": "took", "histogram": histogram},
        {"name": "queue", "gauge": gauge},
        {"name": "x"},
    ]
    sent = {"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}
    partial = (await client.post("/v1/metrics", json=sent)).json()["partialSuccess"]
    assert partial["rejectedDataPoints"] == "2"
    told = partial["errorMessage"]
    assert "#0 value" in told
    assert "#3 value" in told
    assert "1 marks that a value is missing" in told
    assert "1 metrics without data" in told
    assert [point["value"] for point in await points(client, "queue")] == [7]
    assert len(await points(client, "took_bucket")) == 2
    assert await points(client, "took_sum") == []


async def test_more_records_than_a_batch_holds_are_taken(client: httpx2.AsyncClient) -> None:
    """A request of 8,192 records, a collector's usual batch, is stored whole."""
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    for number in range(8192):
        scope.log_records.add(
            time_unix_nano=AT + number * 1000, body={"string_value": f"n {number}"}
        )
    headers = {"content-type": PROTOBUF}
    for _ in range(2):
        reply = await client.post("/v1/logs", content=request.SerializeToString(), headers=headers)
        assert reply.status_code == 200
    assert (await client.get("/stats/logs")).json()["total"] == 8192


def many_logs() -> bytes:
    """A small body of so many empty records that as events they would fill the memory."""
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    for _ in range(100_001):
        scope.log_records.add()
    return gzip.compress(request.SerializeToString())


async def test_the_parts_of_one_data_point_are_bounded_too(client: httpx2.AsyncClient) -> None:
    """A histogram of more buckets than a request may bring points is refused whole; so is a point
    of too many labels, by itself.
    """
    many = [{"key": f"k{number}", "value": {"stringValue": "v"}} for number in range(60)]
    point: dict[str, Any] = {"timeUnixNano": str(AT), "asInt": "1", "attributes": many}
    gauge = {"name": "labelled", "gauge": {"dataPoints": [point]}}
    sent = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [gauge]}]}]}
    partial = (await client.post("/v1/metrics", json=sent)).json()["partialSuccess"]
    assert "#0 labels: " in partial["errorMessage"]
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="took")
    metric.histogram.data_points.add(
        time_unix_nano=AT, explicit_bounds=range(100_000), bucket_counts=[1] * 100_001
    )
    body = gzip.compress(request.SerializeToString())
    headers = {"content-type": PROTOBUF, "content-encoding": "gzip"}
    reply = await client.post("/v1/metrics", content=body, headers=headers)
    assert reply.status_code == 413
    assert await points(client, "took_count") == []


async def test_what_many_records_share_is_counted_for_each(client: httpx2.AsyncClient) -> None:
    """A large resource is kept with every record of it: a small body cannot make gigabytes so."""
    large = [{"key": "large", "value": {"stringValue": "x" * 2**22}}]
    records = [{"timeUnixNano": str(AT + n * 1000), "asInt": "1"} for n in range(70)]
    about = {"resource": {"attributes": large}}
    gauge = {"name": "n", "gauge": {"dataPoints": records}}
    for path, sent in (
        ("logs", {"resourceLogs": [about | {"scopeLogs": [{"logRecords": records}]}]}),
        ("metrics", {"resourceMetrics": [about | {"scopeMetrics": [{"metrics": [gauge]}]}]}),
    ):
        reply = await client.post(f"/v1/{path}", json=sent)
        assert reply.status_code == 413
        assert "counted for each" in reply.json()["message"]
    assert await stored(client) == []


@pytest.mark.parametrize(
    ("body", "media", "packing", "status"),
    [
        (b"\xff\xff\xff", PROTOBUF, "", 400),
        (b"{broken", JSON, "", 400),
        (b"[]", JSON, "", 400),
        (b'{"resourceLogs": 7}', JSON, "", 400),
        (b'{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"traceId": "xyz"}]}]}]}', JSON, "", 400),
        (b"no gzip", PROTOBUF, "gzip", 400),
        (b"", PROTOBUF, "br", 415),
        (gzip.compress(b" " * (17 * 1024 * 1024), 1), JSON, "gzip", 413),
        (many_logs(), PROTOBUF, "gzip", 413),
        (gzip.compress(b"") * 10_001, PROTOBUF, "gzip", 413),
    ],
)  # fmt: skip
async def test_what_cannot_be_decoded_is_a_status_in_the_requests_encoding(
    client: httpx2.AsyncClient, body: bytes, media: str, packing: str, status: int
) -> None:
    """Bad requests get a google.rpc.Status that says why, and no client sends them again."""
    headers = {"content-type": media, "content-encoding": packing}
    reply = await client.post("/v1/logs", content=body, headers=headers)
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == media
    said = Status.FromString(reply.content) if media == PROTOBUF else Status(**reply.json())
    assert said.code
    assert ": " in said.message


async def test_another_content_type_gets_a_problem_document(client: httpx2.AsyncClient) -> None:
    """Who sends no OTLP is told so in the form of every other refusal."""
    reply = await client.post("/v1/logs", content=b"x", headers={"content-type": "text/plain"})
    assert reply.status_code == 415
    assert reply.headers["content-type"] == "application/problem+json"
    assert "application/x-protobuf" in reply.json()["detail"]


async def test_the_guards_refusals_are_statuses_too(settings: Any, serving: Serving) -> None:
    """Without its token a sender gets 401 with a Status; traces have no place here: 404."""
    async with serving(settings.model_copy(update={"token": SecretStr("sesame")})) as client:
        headers = {"content-type": PROTOBUF}
        reply = await client.post("/v1/logs", content=b"", headers=headers)
        assert reply.status_code == 401
        assert Status.FromString(reply.content).code == 16
        headers["authorization"] = "Bearer sesame"
        assert (await client.post("/v1/logs", content=b"", headers=headers)).status_code == 200
        reply = await client.post("/v1/traces", content=b"", headers=headers)
        assert reply.status_code == 404
        assert "/v1/traces" in Status.FromString(reply.content).message


async def test_while_the_store_is_away_senders_are_asked_to_come_again(
    settings: Any, serving: Serving
) -> None:
    """503 with Retry-After and a Status: exporters send the same again."""
    away = settings.model_copy(update={"database_url": SecretStr("mysql://root@127.0.0.1:1/x")})
    async with serving(away) as client:
        for path, kind in (
            ("logs", ExportLogsServiceRequest),
            ("metrics", ExportMetricsServiceRequest),
        ):
            for body in (
                {"json": MessageToDict(kind())},
                {"content": b"", "headers": {"content-type": PROTOBUF}},
            ):
                reply = await client.post(f"/v1/{path}", **body)
                assert reply.status_code == 503
                assert int(reply.headers["retry-after"]) > 0
