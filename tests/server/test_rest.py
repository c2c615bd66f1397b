"""The REST door: its routes, bodies, arguments and errors, through a real HTTP server."""

import gzip
import re
from collections.abc import Callable
from typing import Any

import httpx2
import orjson
import pytest
import zstandard

from tools.catalogue import TOOLS
from tools.query_logs import QUERY_LOGS
from tools.query_metrics import QUERY_METRICS
from tools.similar_logs import SIMILAR_LOGS
from tools.tool import AnyTool

Known = Callable[[], list[dict[str, Any]]]
PROBLEM = "application/problem+json"


def _problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer, its frame checked."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["title"]
    assert body["detail"]
    return body


async def _stored(client: httpx2.AsyncClient, **filters: Any) -> list[dict[str, Any]]:
    answer = await client.get("/query/logs", params={"limit": 1000, **filters})
    assert answer.status_code == 200, answer.text
    events: list[dict[str, Any]] = answer.json()["events"]
    return events


async def test_health_names_the_version_and_each_part(client: httpx2.AsyncClient) -> None:
    """/health says ok, the database's version and the state of the index."""
    body = (await client.get("/health")).json()
    assert body["status"] == "ok"
    assert body["parts"]["database"]["ok"]
    assert "MariaDB" in body["parts"]["database"]["version"]
    assert body["parts"]["index"]["pending"] == 0


async def test_info_lists_tools_limits_and_names(
    client: httpx2.AsyncClient, known_events: Known
) -> None:
    """/info tells what the server can do and which names it holds."""
    await client.post("/ingest/logs", json=known_events())
    body = (await client.get("/info")).json()
    assert [tool["name"] for tool in body["tools"]] == [tool.name for tool in TOOLS]
    assert body["services"] == ["billing", "cron", "nginx", "sshd"]
    assert body["hosts"] == ["alpha", "beta", "gamma"]
    assert body["limits"]["events_per_batch"] == 5000


def _json(lines: list[bytes]) -> tuple[bytes, str]:
    return b'{"events": [' + b",".join(lines) + b"]}", "application/json"


def _array(lines: list[bytes]) -> tuple[bytes, str]:
    return b"[" + b",".join(lines) + b"]", "application/json; charset=utf-8"


def _ndjson(lines: list[bytes]) -> tuple[bytes, str]:
    return b"\n".join(lines) + b"\n\n", "application/x-ndjson"


@pytest.mark.parametrize("shape", [_json, _array, _ndjson])
@pytest.mark.parametrize("encoding", ["identity", "gzip", "zstd"])
async def test_every_shape_and_encoding_of_a_batch_is_taken(
    client: httpx2.AsyncClient, shape: Callable[[list[bytes]], tuple[bytes, str]], encoding: str
) -> None:
    """An object, a bare array and NDJSON, plain or compressed, bring the same rows."""
    lines = [orjson.dumps({"message": f"line {n}", "service": "shapes"}) for n in range(3)]
    body, media = shape(lines)
    pack: dict[str, Callable[[bytes], bytes]] = {
        "identity": bytes,
        "gzip": gzip.compress,
        "zstd": zstandard.ZstdCompressor().compress,
    }
    headers = {"content-type": media, "content-encoding": encoding}
    answer = await client.post("/ingest/logs", content=pack[encoding](body), headers=headers)
    assert answer.json() == {"accepted": 3, "duplicates": 0, "rejected": [], "dry_run": False}
    rows = await _stored(client, service="shapes", order="oldest")
    assert [row["message"] for row in rows] == ["line 0", "line 1", "line 2"]


async def test_a_broken_line_of_ndjson_is_refused_by_its_index(client: httpx2.AsyncClient) -> None:
    """One unreadable line costs that line alone, and its index says which it was."""
    body = b'{"message": "good"}\n{"message": "cut off\n{"message": "good too"}\n'
    headers = {"content-type": "application/x-ndjson"}
    answer = await client.post("/ingest/logs", content=body, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 2
    [refused] = answer.json()["rejected"]
    assert refused["index"] == 1
    assert "cut off" in refused["value"]


async def test_some_bad_events_are_named_and_the_others_stored(client: httpx2.AsyncClient) -> None:
    """A partly bad batch answers 200 with index, field, rule and value of what was refused."""
    events = [
        {"message": "good"},
        {"message": "bad", "level": "LOUD"},
        {"message": "bad", "servce": "nginx"},
        {"message": "bad", "timestamp": "half past nine"},
        {"service": "no message"},
        7,
    ]
    answer = await client.post("/ingest/logs", json={"events": events})
    assert answer.status_code == 200
    body = answer.json()
    assert body["accepted"] == 1
    told = {entry["index"]: entry for entry in body["rejected"]}
    assert sorted(told) == [1, 2, 3, 4, 5]
    assert (told[1]["field"], told[1]["value"]) == ("level", "LOUD")
    assert "DEBUG" in told[1]["rule"]
    assert told[2]["field"] == "servce"
    assert "service" in told[2]["rule"]
    assert (told[3]["field"], told[3]["value"]) == ("timestamp", "half past nine")
    assert (told[4]["field"], told[4]["rule"]) == ("message", "is required")
    assert [row["message"] for row in await _stored(client)] == ["good"]


async def test_a_batch_of_bad_events_alone_is_refused_whole(client: httpx2.AsyncClient) -> None:
    """422 only when not one event is readable, each named by its place."""
    answer = await client.post("/ingest/logs", json=[{"level": "LOUD", "message": "x"}, 7])
    body = _problem(answer, 422, "bad_arguments")
    assert [entry["index"] for entry in body["problems"]] == [0, 1]
    assert body["problems"][0]["field"] == "events.0.level"


async def test_an_empty_batch_is_taken(client: httpx2.AsyncClient) -> None:
    """No events are no mistake."""
    answer = await client.post("/ingest/logs", json={"events": []})
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 0


async def test_a_batch_sent_twice_is_stored_once(
    client: httpx2.AsyncClient, known_events: Known
) -> None:
    """The second sending counts as duplicates and adds no row."""
    events = known_events()
    first = (await client.post("/ingest/logs", json=events)).json()
    again = (await client.post("/ingest/logs", json=events)).json()
    assert (first["accepted"], first["duplicates"]) == (300, 0)
    assert (again["accepted"], again["duplicates"]) == (0, 300)
    assert len(await _stored(client)) == 300


async def test_a_dry_run_stores_nothing(client: httpx2.AsyncClient) -> None:
    """dry_run beside the events checks them only."""
    answer = await client.post("/ingest/logs", json={"events": [{"message": "x"}], "dry_run": True})
    assert answer.json() == {"accepted": 1, "duplicates": 0, "rejected": [], "dry_run": True}
    assert await _stored(client) == []


async def test_events_get_their_defaults(client: httpx2.AsyncClient) -> None:
    """A bare message gets arrival time, INFO, unknown service and source, and the sender's host."""
    await client.post("/ingest/logs", json=[{"message": "bare"}])
    [row] = await _stored(client, start_time="1m")
    assert (row["level"], row["service"], row["source"]) == ("INFO", "unknown", "unknown")
    assert row["host"]


@pytest.mark.parametrize(
    ("body", "media", "encoding", "status", "code"),
    [
        (b'{"message": "no batch"}', "application/json", "", 400, "bad_batch"),
        (b'{"events": {"message": "x"}}', "application/json", "", 400, "bad_batch"),
        (b"{broken", "application/json", "", 400, "bad_batch"),
        (b"", "application/json", "", 400, "bad_batch"),
        (b"7", "application/json", "", 400, "bad_batch"),
        (b"[" * 100_000, "application/json", "", 400, "bad_batch"),
        (b"not gzip", "application/json", "gzip", 400, "bad_batch"),
        (gzip.compress(b"[]", mtime=0)[:-6], "application/json", "gzip", 400, "bad_batch"),
        (b"not zstd", "application/json", "zstd", 400, "bad_batch"),
        (b"[]", "text/csv", "", 415, "unsupported_media_type"),
        (b"[]", "application/json", "br", 415, "unsupported_media_type"),
        (b'{"events": [], "dryrun": true}', "application/json", "", 422, "bad_arguments"),
    ],
)
async def test_bodies_that_are_no_batch_are_refused(
    client: httpx2.AsyncClient, body: bytes, media: str, encoding: str, status: int, code: str
) -> None:
    """What cannot be read as a batch is a problem of the caller, never of the server."""
    headers = {"content-type": media, "content-encoding": encoding}
    _problem(await client.post("/ingest/logs", content=body, headers=headers), status, code)


async def test_a_cut_zstd_body_is_refused(client: httpx2.AsyncClient) -> None:
    """Half of a zstd body is no batch, and no shorter batch either."""
    body = b"\n".join(orjson.dumps({"message": f"{n} {n * 7919}"}) for n in range(60_000))
    cut = zstandard.ZstdCompressor().compress(body)
    headers = {"content-type": "application/x-ndjson", "content-encoding": "zstd"}
    answer = await client.post("/ingest/logs", content=cut[: len(cut) // 100], headers=headers)
    _problem(answer, 400, "bad_batch")


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
async def test_a_decompression_bomb_is_refused(client: httpx2.AsyncClient, encoding: str) -> None:
    """A small body that would unfold beyond the limit answers 413."""
    plain = b'[{"message": "' + b" " * (65 * 1024 * 1024) + b'"}]'
    bomb = (
        gzip.compress(plain, 1)
        if encoding == "gzip"
        else zstandard.ZstdCompressor().compress(plain)
    )
    headers = {"content-type": "application/json", "content-encoding": encoding}
    _problem(await client.post("/ingest/logs", content=bomb, headers=headers), 413, "too_large")


@pytest.mark.parametrize(
    ("path", "record"),
    [
        ("/ingest/logs", {"message": "x"}),
        ("/ingest/metrics", {"name": "x", "value": 1}),
    ],
)
async def test_too_many_records_are_refused(
    client: httpx2.AsyncClient, path: str, record: dict[str, Any]
) -> None:
    """A batch over the limit answers 413 and names the limit; at the limit it is taken."""
    body = _problem(await client.post(path, json=[record] * 5001), 413, "too_large")
    assert "5000" in body["detail"]


async def test_filters_are_exact(client: httpx2.AsyncClient, known_events: Known) -> None:
    """service, host, level, several levels, min_level and text each give just their rows."""
    events = known_events()
    await client.post("/ingest/logs", json=events)

    async def same(wanted: Callable[[dict[str, Any]], bool], **filters: Any) -> None:
        rows = await _stored(client, **filters)
        assert [row["message"] for row in rows] == [e["message"] for e in events if wanted(e)]

    await same(lambda e: e["service"] == "nginx", service="nginx")
    await same(lambda e: e["host"] == "beta", host="beta")
    await same(lambda e: e["level"] == "ERROR", level="ERROR")
    await same(lambda e: e["level"] == "ERROR", level="error")
    await same(lambda e: e["level"] == "ERROR", min_level="WARN")
    await same(lambda e: True, level=["ERROR", "INFO"])
    await same(lambda e: True, level="ERROR,INFO")
    await same(lambda e: e["level"] == "ERROR", level="ERROR,err,ERROR")
    await same(lambda e: "card" in e["message"], contains="CARD declined")
    await same(
        lambda e: e["service"] == "nginx" and e["host"] == "alpha" and e["level"] == "ERROR",
        service="nginx", host="alpha", level="ERROR",
    )  # fmt: skip
    await same(lambda e: False, contains="%")
    await same(lambda e: False, contains="_" * 3)
    await same(lambda e: False, service="nginx' OR 1=1 -- ")


async def test_time_ranges_are_half_open(client: httpx2.AsyncClient, known_events: Known) -> None:
    """start_time is inclusive, end_time exclusive, and the answer states the resolved range."""
    events = known_events()
    await client.post("/ingest/logs", json=events)
    start, end = events[200]["timestamp"], events[100]["timestamp"]
    answer = await client.get(
        "/query/logs", params={"start_time": start, "end_time": end, "limit": 1000}
    )
    assert [row["message"] for row in answer.json()["events"]] == [
        e["message"] for e in events[101:201]
    ]
    assert answer.json()["total"] == 100
    assert answer.json()["range"]["start"] == start.replace("+00:00", "Z")
    recent = await _stored(client, start_time="30m")
    assert len(recent) == 29


async def test_what_a_timeline_leaves_out_is_not_said_to_be_small(
    client: httpx2.AsyncClient,
) -> None:
    """Of one interval with more groups than the page nothing is said of those before it."""
    now = [{"service": f"s{number}", "message": "x"} for number in range(3)]
    before = [{"service": "s0", "message": f"{n}", "timestamp": "2026-01-01"} for n in range(9)]
    await client.post("/ingest/logs", json=now + before)
    asked = {"group_by": "service", "limit": "2"}
    alone = (await client.get("/stats/logs", params=asked)).json()
    assert alone["hint"].startswith("more groups, none over 1")
    timeline = (await client.get("/stats/logs", params=asked | {"interval": "1h"})).json()
    assert timeline["complete"] is False
    assert "none over" not in timeline["hint"]


async def test_limit_and_offset_page_through(
    client: httpx2.AsyncClient, known_events: Known
) -> None:
    """offset with limit visits each row once, as in the seed."""
    events = known_events()
    await client.post("/ingest/logs", json=events)
    rows = [
        row
        for offset in range(0, 300, 100)
        for row in await _stored(client, limit=100, offset=offset)
    ]
    assert [row["message"] for row in rows] == [e["message"] for e in events]
    assert await _stored(client, offset=300) == []
    beyond = (await client.get("/query/logs", params={"level": "ERROR", "offset": 300})).json()
    assert beyond["total"] > 0
    assert beyond["hint"] is None


@pytest.mark.parametrize("order", ["newest", "oldest"])
async def test_cursors_visit_each_row_once(
    client: httpx2.AsyncClient, known_events: Known, order: str
) -> None:
    """Following next_cursor to its end gives every row once, also of rows with one timestamp.

    Newest first, what comes meanwhile changes neither the rows nor the total of the first page.
    """
    events = known_events()
    for event in events[50:150]:
        event["timestamp"] = events[50]["timestamp"]
    await client.post("/ingest/logs", json=events)
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"order": order, "limit": "37"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/query/logs", params=params)).json()
        assert page["total"] == 300
        seen += [row["id"] for row in page["events"]]
        cursor = page["next_cursor"]
        if order == "newest":
            later = {"message": f"after {len(seen)} rows", "timestamp": "2150-01-01"}
            await client.post("/ingest/logs", json=[later])
    assert len(seen) == len(set(seen)) == 300


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("start", [{}, {"offset": "120"}])
async def test_previous_cursors_lead_back_over_the_same_rows(
    client: httpx2.AsyncClient, known_events: Known, order: str, start: dict[str, str]
) -> None:
    """From the last page back to the first, in the same order, row for row; then forward again."""
    events = known_events()
    for event in events[50:150]:
        event["timestamp"] = events[50]["timestamp"]
    await client.post("/ingest/logs", json=events)
    asked = {"order": order, "limit": "37", "start_time": "30d"}
    everything = await _stored(client, **{**asked, "limit": "1000"})

    async def follow(page: dict[str, Any], name: str) -> list[dict[str, Any]]:
        pages = [page]
        while cursor := pages[-1].get(name):
            reply = await client.get("/query/logs", params={**asked, "cursor": cursor})
            pages.append(reply.json())
        return pages

    first = (await client.get("/query/logs", params={**asked, **start})).json()
    last = (await follow(first, "next_cursor"))[-1]
    pages = (await follow(last, "previous_cursor"))[::-1]
    assert pages[0].get("previous_cursor") is None
    assert [row for page in pages for row in page["events"]] == everything
    again = await follow(pages[0], "next_cursor")
    assert [row for page in again for row in page["events"]] == everything


async def test_rows_that_arrive_between_pages_are_not_met(
    client: httpx2.AsyncClient, known_events: Known
) -> None:
    """Newest-first pages go on where they were while new rows arrive."""
    events = known_events()
    await client.post("/ingest/logs", json=events)
    params = {"start_time": "1d", "limit": "100"}
    page = (await client.get("/query/logs", params=params)).json()
    seen = [row["message"] for row in page["events"]]
    while page.get("next_cursor"):
        await client.post("/ingest/logs", json=[{"message": "came later"}])
        more = {**params, "cursor": page["next_cursor"]}
        page = (await client.get("/query/logs", params=more)).json()
        seen += [row["message"] for row in page["events"]]
    assert seen == [event["message"] for event in events]


async def test_a_cursor_belongs_to_its_filter(
    client: httpx2.AsyncClient, known_events: Known
) -> None:
    """A cursor of another question, or made up, is refused with the rule."""
    await client.post("/ingest/logs", json=known_events())
    page = (await client.get("/query/logs", params={"limit": 5})).json()
    for params in (
        {"cursor": page["next_cursor"], "service": "nginx"},
        {"cursor": "made up"},
        {"cursor": "e30"},
        {"cursor": "ÿ"},
        {"cursor": page["next_cursor"], "offset": 5},
    ):
        body = _problem(await client.get("/query/logs", params=params), 422, "bad_arguments")
        assert body["problems"][0]["field"] in {"cursor", "offset"}


@pytest.mark.parametrize(
    ("path", "params", "field", "rule"),
    [
        ("/query/logs", {"sevice": "nginx"}, "sevice", "allowed: service"),
        ("/query/logs", {"start_time": "a while ago"}, "start_time", "ISO 8601"),
        ("/query/logs", {"start_time": "0001-01-01"}, "start_time", "ISO 8601"),
        ("/query/logs", {"end_time": "99999999w"}, "end_time", "age"),
        ("/query/logs", {"start_time": "1h", "end_time": "2h"}, "end_time", "later than"),
        ("/query/logs", {"level": "LOUD"}, "level.0", "one of"),
        ("/query/logs", {"level": "INFO", "min_level": "INFO"}, "min_level", "combined"),
        ("/query/logs", {"limit": "0"}, "limit", "greater than or equal to 1"),
        ("/query/logs", {"limit": "1001"}, "limit", "less than or equal to 1000"),
        ("/query/logs", {"limit": "many"}, "limit", "integer"),
        ("/query/logs", {"offset": "-1"}, "offset", "greater than or equal to 0"),
        ("/query/logs", {"service": ["a", "b"]}, "service", "string"),
        ("/query/logs", {"service": ""}, "service", "at least 1"),
        ("/query/metrics", {}, "name", "is required"),
        ("/query/metrics", {"name": "x", "interval": "soon"}, "interval", "width"),
        ("/query/metrics", {"name": "x", "aggregate": "most"}, "aggregate", "one of avg, min, max"),
        ("/similar/logs", {}, "text", "is required"),
        ("/similar/logs", {"text": "x", "min_score": "3"}, "min_score", "less than or equal to 2"),
    ],
)
async def test_bad_arguments_are_named_with_their_rule(
    client: httpx2.AsyncClient, path: str, params: dict[str, Any], field: str, rule: str
) -> None:
    """A bad or unknown argument answers 422 and says which, and what would be right."""
    body = _problem(await client.get(path, params=params), 422, "bad_arguments")
    [entry] = body["problems"]
    assert entry["field"] == field
    assert rule in entry["rule"]


async def test_metrics_go_in_and_come_out(client: httpx2.AsyncClient) -> None:
    """Points come back newest first, by label, and summed up by interval."""
    points = [
        {"name": "temp", "value": n, "unit": "C", "timestamp": f"2026-11-20T12:{n:02}:00Z",
         "labels": {"rack": str(n % 2)}, "host": "alpha"}
        for n in range(10)
    ]  # fmt: skip
    for accepted in (10, 0):
        answer = await client.post("/ingest/metrics", json={"points": points})
        assert answer.json()["accepted"] == accepted
    newest = (await client.get("/query/metrics", params={"name": "temp"})).json()
    assert [point["value"] for point in newest["points"]] == list(range(9, -1, -1))
    odd = {"name": "temp", "labels": '{"rack": "1"}'}
    assert len((await client.get("/query/metrics", params=odd)).json()["points"]) == 5
    sums = {"name": "temp", "interval": "5m", "aggregate": "sum"}
    buckets = (await client.get("/query/metrics", params=sums)).json()["points"]
    assert [point["value"] for point in buckets] == [35, 10]
    whole = {"name": "temp", "aggregate": "max", "start_time": "2026-11-20T12:02:00Z"}
    [highest] = (await client.get("/query/metrics", params=whole)).json()["points"]
    assert (highest["value"], highest["count"], highest["timestamp"][:16]) == (
        9,
        8,
        "2026-11-20T12:02",
    )
    none = (await client.get("/query/metrics", params={"name": "tmp"})).json()
    assert "temp" in none["hint"]


async def test_bad_points_are_refused_by_index(client: httpx2.AsyncClient) -> None:
    """NaN, no name and an unknown field are refused, the good point stored."""
    body = b'[{"name":"a","value":1},{"name":"a","value":NaN},{"value":1},{"name":"a","value":1,"x":1}]'
    headers = {"content-type": "application/json"}
    answer = await client.post("/ingest/metrics", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["accepted"] == 1
    assert [entry["index"] for entry in answer.json()["rejected"]] == [1, 2, 3]


async def test_similar_by_get_and_post(client: httpx2.AsyncClient, known_events: Known) -> None:
    """GET and POST give the same patterns, nearest first, within the filter."""
    await client.post("/ingest/logs", json=known_events())
    ask: dict[str, str | int] = {"text": "upstream connection refused", "limit": 3}
    by_get = (await client.get("/similar/logs", params=ask)).json()
    by_post = (await client.post("/similar/logs", json=ask)).json()
    assert by_get["patterns"] == by_post["patterns"]
    assert by_get["patterns"][0]["service"] == "nginx"
    assert by_get["patterns"][0]["count"] == 60
    narrowed = (await client.post("/similar/logs", json={**ask, "service": "billing"})).json()
    assert {found["service"] for found in narrowed["patterns"]} <= {"billing"}
    _problem(await client.post("/similar/logs", json=["x"]), 422, "bad_arguments")


async def test_a_heartbeat_shows_in_coverage(client: httpx2.AsyncClient) -> None:
    """A host that sent nothing but a heartbeat is heard, and its gaps are known."""
    gap = {
        "host": "quiet", "source": "journald", "missing": 12,
        "start": "2026-11-20T10:00:00Z", "end": "2026-11-20T11:00:00Z",
    }  # fmt: skip
    beat = {"host": "quiet", "sent": 3, "lag_seconds": 1.5, "gaps": [gap]}
    for _ in range(2):
        assert (await client.post("/ingest/heartbeat", json=beat)).status_code == 204
    coverage = (await client.get("/query/logs")).json()["coverage"]
    [host] = coverage["hosts"]
    assert host["host"] == "quiet"
    assert host["last_heartbeat"]
    assert host["last_event"] is None
    assert coverage["missing"] == 12
    bad = await client.post("/ingest/heartbeat", json={"hots": "quiet"})
    fields = {entry["field"] for entry in _problem(bad, 422, "bad_arguments")["problems"]}
    assert fields == {"hots", "host"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/docs/static/nothing.js", 404, "not_found"),
        ("GET", "/docs/static/../../server/app.py", 404, "not_found"),
        ("GET", "/ingest/logs", 405, "method_not_allowed"),
        ("DELETE", "/query/logs", 405, "method_not_allowed"),
    ],
)
async def test_unknown_routes_and_methods_are_problem_documents(
    client: httpx2.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    """404 and 405 come in the same form as every other error."""
    answer = await client.request(method, path)
    _problem(answer, status, code)
    if status == 405:
        assert answer.headers["allow"]


async def test_docs_load_without_another_host(client: httpx2.AsyncClient) -> None:
    """/docs and all it loads come from this server."""
    page = await client.get("/docs")
    assert page.status_code == 200
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)""", page.text)
    assert loaded
    for address in loaded:
        assert address.startswith("/"), address
        assert (await client.get(address)).status_code == 200
    assert not re.search(r"https?://|[\"']//", page.text)


async def test_openapi_lists_every_route_and_parameter(client: httpx2.AsyncClient) -> None:
    """/openapi.json resolves its own references and lists each query route's parameters."""
    schema = (await client.get("/openapi.json")).json()
    assert schema["openapi"].startswith("3.")
    queried: dict[str, AnyTool] = {
        "/query/logs": QUERY_LOGS,
        "/similar/logs": SIMILAR_LOGS,
        "/query/metrics": QUERY_METRICS,
    }
    for path, tool in queried.items():
        listed = {entry["name"]: entry for entry in schema["paths"][path]["get"]["parameters"]}
        assert set(listed) == set(tool.takes.model_fields)
        assert all(entry["in"] == "query" for entry in listed.values())
    for path in ("/ingest/logs", "/ingest/metrics", "/similar/logs"):
        assert "application/json" in schema["paths"][path]["post"]["requestBody"]["content"]
    assert {"/health", "/info", "/ingest/heartbeat"} <= schema["paths"].keys()
    for reference in re.findall(r'"\$ref":"([^"]+)"', orjson.dumps(schema).decode()):
        part: Any = schema
        for key in reference.removeprefix("#/").split("/"):
            assert key in part, reference
            part = part[key]


async def test_info_names_services_that_mint_patterns_without_end(
    settings: Any, serving: Callable[[Any], Any]
) -> None:
    """A service over the limit is listed with the time since when it is masked coarser."""
    few = settings.model_copy(update={"max_patterns_per_service": 10})
    letters = "abcdefghijklmnop"
    events = [{"message": f"hello {a}{b}", "service": "chat"} for a in letters for b in letters]
    async with serving(few) as client:
        assert (await client.get("/info")).json()["guarded_services"] == {}
        await client.post("/ingest/logs", json=events)
        assert list((await client.get("/info")).json()["guarded_services"]) == ["chat"]
        patterns = (await client.get("/patterns/logs", params={"limit": 1000})).json()
    assert len(patterns["patterns"]) < 20
    assert "chat has too many kinds" in patterns["notes"][0]
