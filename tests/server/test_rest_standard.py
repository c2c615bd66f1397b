"""What REST callers, probes, proxies and Prometheus may count on beside the tools themselves."""

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from server.app import Home
from server.log_lines import JsonLines, TextLines, escaped
from server.settings import ServerSettings
from sql.pool import Pool
from tools.plain import clean
from tools.ports import Caller, Deps

Serving = Callable[[Any], Any]
Listening = Callable[[Home], Any]
PROBLEM = "application/problem+json"


@contextmanager
def log(style: logging.Formatter) -> Iterator[io.StringIO]:
    """What the server logs, in a format."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(style)
    logger = logging.getLogger("server")
    before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    yield written
    logger.removeHandler(handler)
    logger.setLevel(before)


async def test_a_request_id_goes_through_answer_problem_and_log(client: httpx2.AsyncClient) -> None:
    """A well-formed X-Request-ID is kept, in the answer, its problem document and the log line."""
    await client.get("/health")  # what is said once, at the first use, is said
    with log(TextLines()) as written:
        headers = {"x-request-id": "trace:7/a"}
        reply = await client.get("/query/logs", params={"limit": 0}, headers=headers)
        assert reply.headers["x-request-id"] == reply.json()["request_id"] == "trace:7/a"
    [line] = written.getvalue().splitlines()
    assert "GET /query/logs 422" in line
    assert line.endswith("[trace:7/a]")


@pytest.mark.parametrize("offered", ["", "two words", "x" * 129, "a\x7fb", "ünique"])
async def test_an_ill_formed_request_id_is_replaced(
    client: httpx2.AsyncClient, offered: str
) -> None:
    """What could break a log line or a header is not taken over; another id is made."""
    reply = await client.get("/health", headers=[(b"x-request-id", offered.encode())])
    assert re.fullmatch("[0-9a-f]{32}", reply.headers["x-request-id"])


async def test_json_lines_hold_the_request_in_fields(client: httpx2.AsyncClient) -> None:
    """With DEVMESH_LOG_FORMAT=json a request is one object of method, route, status, ms, bytes."""
    await client.get("/health")
    with log(JsonLines()) as written:
        reply = await client.get("/context/logs/4711")
    said = json.loads(written.getvalue())
    assert (said["method"], said["route"]) == ("GET", "/context/logs/{event_id}")
    assert (said["path"], said["status"]) == ("/context/logs/4711", 404)
    assert said["bytes"] == len(reply.content)
    assert said["ms"] > 0
    assert said["caller"] == "127.0.0.1"
    assert said["request_id"] == reply.headers["x-request-id"]
    assert said["logger"] == "server.request_log"


async def test_a_path_cannot_write_lines_of_its_own(client: httpx2.AsyncClient) -> None:
    """Line breaks and terminal codes in a path stand in the log as their codes."""
    await client.get("/health")
    with log(TextLines()) as written:
        await client.get("/%1b%5b31m%0aERROR%20made%20up")
    [line] = written.getvalue().splitlines()
    assert r"/\x1b[31m\nERROR made up 404" in line


@given(st.text())
def test_log_lines_are_one_line_without_control_codes(text: str) -> None:
    """Whatever is logged, a line is one line, printable and writable as UTF-8."""
    line = escaped(text)
    assert len(line.splitlines()) <= 1
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", line)
    assert clean(line) == line
    line.encode()


@given(st.text())
def test_json_lines_show_no_code_either(text: str) -> None:
    """Nothing in a JSON line acts on a terminal or turns its reading round."""
    said = logging.LogRecord("server", logging.INFO, "x.py", 1, "%s", (text,), None)
    line = JsonLines().format(said)
    assert clean(line) == line
    assert json.loads(line)["message"] == text.encode("utf-8", "backslashreplace").decode()


def test_a_traceback_is_indented_and_in_json_a_field() -> None:
    """What an exception says cannot pass for a line of the log."""
    try:
        raise ValueError("x\n2026-11-20 12:00:00,000 ERROR server: made up")
    except ValueError:
        with log(TextLines()) as text, log(JsonLines()) as lines:
            logging.getLogger("server.test").exception("it failed\x1b[0m\ud800")
    first, *rest = text.getvalue().splitlines()
    assert first.endswith(r"it failed\x1b[0m\ud800")
    assert all(line.startswith("    ") for line in rest)
    assert "made up" in json.loads(lines.getvalue())["exception"]


@pytest.mark.parametrize(
    "path",
    ["/health", "/health/live", "/info", "/query/logs", "/metrics", "/openapi.json", "/docs"],
)
async def test_head_is_get_without_a_body(client: httpx2.AsyncClient, path: str) -> None:
    """Where GET is, HEAD is, with the same status and type."""
    head, whole = await client.head(path), await client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == whole.headers["content-type"]
    assert int(head.headers["content-length"]) > 0


async def test_a_405_names_every_method_of_the_path(client: httpx2.AsyncClient) -> None:
    """Allow lists what is served, also where several operations share a path."""
    reply = await client.delete("/similar/logs")
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET, HEAD, POST")
    reply = await client.get("/v1/logs")
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
    assert reply.headers["content-type"] == PROBLEM


async def test_logs_go_into_no_cache_and_documents_are_asked_about_again(
    client: httpx2.AsyncClient,
) -> None:
    """Log data, problems and states are no-store; what has an ETag may be kept and revalidated."""
    for path in ("/query/logs", "/stats/logs", "/health", "/metrics", "/nowhere"):
        assert (await client.get(path)).headers["cache-control"] == "no-store", path
    for path in ("/openapi.json", "/info", "/docs/static/swagger-ui.css"):
        first = await client.get(path)
        assert first.headers["cache-control"] == "no-cache"
        for known in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
            again = await client.get(path, headers={"if-none-match": known})
            if path.startswith("/docs") and known != first.headers["etag"]:
                continue
            assert (again.status_code, again.content) == (304, b""), (path, known)
            assert again.headers["etag"] == first.headers["etag"]
        changed = await client.get(path, headers={"if-none-match": '"other"'})
        assert changed.status_code == 200
    await client.post("/ingest/logs", json=[{"message": "x", "service": "new"}])
    stale = await client.get("/info", headers={"if-none-match": first.headers["etag"]})
    assert stale.json()["services"] == ["new"]


class _Broken(Home):
    """A home with a bug."""

    async def deps(self, caller: Caller | None = None) -> Deps:
        raise ZeroDivisionError("secret of the house")


async def test_a_bug_is_a_problem_document_and_one_traceback(
    settings: ServerSettings, listening: Listening
) -> None:
    """An unexpected failure answers 500 with an id, tells the caller nothing, and is logged once."""
    home = _Broken(settings)
    async with listening(home) as base, httpx2.AsyncClient(base_url=base) as client:
        with log(TextLines()) as written:
            reply = await client.get("/query/logs")
    await home.close()
    assert (reply.status_code, reply.json()["code"]) == (500, "internal")
    assert reply.headers["content-type"] == PROBLEM
    assert "secret" not in reply.text
    assert written.getvalue().count("Traceback") == 1
    assert reply.json()["request_id"] in written.getvalue()


async def test_probes_tell_living_from_ready(settings: Any, serving: Serving) -> None:
    """Without its database the server lives and is not ready; /metrics answers all the same."""
    async with serving(settings) as client:
        assert (await client.get("/health/live")).json()["status"] == "live"
        assert (await client.get("/health/ready")).json()["status"] == "ready"
        assert samples(await client.get("/metrics"))["devmesh_database_up", ()] == 1
    away = settings.model_copy(update={"database_url": SecretStr("mysql://root@127.0.0.1:1/x")})
    async with serving(away) as client:
        assert (await client.get("/health/live")).status_code == 200
        reply = await client.get("/health/ready")
        assert (reply.status_code, reply.json()["code"]) == (503, "store_unavailable")
        assert int(reply.headers["retry-after"]) > 0
        assert samples(await client.get("/metrics"))["devmesh_database_up", ()] == 0


async def test_metrics_wait_for_no_busy_database(home: Home, listening: Listening) -> None:
    """While every connection is in use /metrics answers within its second and says so."""
    async with listening(home) as base, httpx2.AsyncClient(base_url=base, timeout=10) as client:
        await home.open()
        async with _AllOf(home.store.pool):
            assert (await client.get("/health/live")).status_code == 200
            found = samples(await client.get("/metrics"))
        assert found["devmesh_database_up", ()] == 0
        assert found["devmesh_database_connections_used", ()] == 8
        assert samples(await client.get("/metrics"))["devmesh_database_up", ()] == 1


async def test_health_does_not_wait_for_a_hung_database(home: Home, listening: Listening) -> None:
    """What hangs is told as an outage within 5 seconds, with the other parts beside it."""
    async with listening(home) as base, httpx2.AsyncClient(base_url=base, timeout=10) as client:
        assert (await client.get("/health")).status_code == 200
        async with _AllOf(home.store.pool):
            reply = await client.get("/health")
        assert reply.status_code == 503
        assert "has not answered within 5 s" in reply.json()["parts"]["database"]["reason"]
        assert "index" in reply.json()["parts"]
        assert (await client.get("/health")).json()["parts"]["database"]["ok"]


class _AllOf:
    """Every connection of a pool, lent."""

    def __init__(self, pool: Pool) -> None:
        self._lent = [pool.connection() for _ in range(8)]

    async def __aenter__(self) -> None:
        for one in self._lent:
            await one.__aenter__()

    async def __aexit__(self, *_: object) -> None:
        for one in self._lent:
            await one.__aexit__(None, None, None)


def samples(reply: httpx2.Response) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Values by name and labels, read as Prometheus reads them."""
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }


async def test_metrics_count_requests_and_records(client: httpx2.AsyncClient) -> None:
    """Requests by route, method and status; records by what became of them."""
    events = [{"message": "a", "uid": "1"}, {"message": "b", "uid": "1"}, {"level": "INFO"}]
    await client.post("/ingest/logs", json=events)
    await client.post("/ingest/logs", json={"events": events, "dry_run": True})
    await client.post("/v1/logs", json={"resourceLogs": [{"scopeLogs": [{"logRecords": [{}]}]}]})
    for number in (1, 2):
        await client.get(f"/context/logs/{number}000")
    found = samples(await client.get("/metrics"))

    def count(name: str, **labels: str) -> float:
        return found[f"devmesh_{name}", tuple(sorted(labels.items()))]

    route = "/context/logs/{event_id}"
    assert count("http_requests_total", method="GET", route=route, status="404") == 2
    assert count("http_request_duration_seconds_count", method="GET", route=route) == 2
    for outcome in ("accepted", "duplicate", "rejected"):
        assert count("ingested_records_total", door="rest", kind="events", outcome=outcome) == 1
    assert count("ingested_records_total", door="otlp", kind="events", outcome="accepted") == 1
    assert count("patterns") >= 0
    assert count("embedding_lag_seconds") >= 0
    assert count("upkeep_failed") == 0
    assert found["devmesh_database_connections", ()] >= 1
    assert [name for name, _ in found if name == "devmesh_build_info"]


async def test_made_up_paths_and_methods_make_no_labels(client: httpx2.AsyncClient) -> None:
    """However many paths, methods and ids are tried, the number of series stays."""

    async def series() -> int:
        return len(samples(await client.get("/metrics")))

    async def try_some(name: str) -> None:
        for path in (f"/{name}", f"/context/logs/{len(name)}", f"/docs/static/{name}"):
            await client.get(path)
            await client.request(name.upper(), path)

    await try_some("first")
    await series()
    before = await series()
    for name in ("second", "third", "fourth"):
        await try_some(name)
    assert await series() == before


async def test_every_example_in_the_document_is_valid(client: httpx2.AsyncClient) -> None:
    """Examples of parameters, bodies and answers fit the schemas beside them."""
    document = (await client.get("/openapi.json")).json()
    checked = 0
    for place in _with_example(document["paths"]):
        schema = {"components": document["components"], **place["schema"]}
        jsonschema.validate(place["example"], schema)
        checked += 1
    assert checked > 100


def _with_example(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "example" in value and "schema" in value:
            yield value
        for inner in value.values():
            yield from _with_example(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _with_example(inner)


async def test_the_document_tells_every_answer(client: httpx2.AsyncClient) -> None:
    """Each operation has its refusals, with Retry-After where one is given; 200s have examples."""
    document = (await client.get("/openapi.json")).json()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            told = operation["responses"]
            assert {"401", "403", "413", "421", "429", "500", "503"} <= told.keys(), path
            assert "Retry-After" in told["503"]["headers"]
            assert PROBLEM in told["503"]["content"]
            good = told.get("200", {"content": {}})["content"]
            assert all("example" in one or "binary" in str(one) for one in good.values()), path
