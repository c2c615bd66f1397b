"""Events that no sane program writes: stored or refused with a reason, never lost, never a 500."""

import unicodedata
from collections.abc import Callable
from typing import Any

import httpx2
import orjson
import pytest
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st
from mcp import Client

from tools.limits import MESSAGE_MAX_BYTES, META_MAX_BYTES
from tools.plain import clean

JSON = {"content-type": "application/json"}
ESCAPE = "\x1b"


async def _sent(client: httpx2.AsyncClient, body: bytes, count: int) -> dict[str, Any]:
    """The receipt of a batch of `count` events; its counts add up."""
    answer = await client.post("/ingest/logs", content=body, headers=JSON)
    assert answer.status_code in {200, 422}, answer.text
    if answer.status_code == 422:
        assert len(answer.json()["problems"]) == count
        return {"accepted": 0, "duplicates": 0, "rejected": answer.json()["problems"]}
    receipt: dict[str, Any] = answer.json()
    refused = receipt["rejected"]
    assert receipt["accepted"] + receipt["duplicates"] + len(refused) == count, receipt
    assert all(entry["rule"] and entry["field"] for entry in refused)
    return receipt


async def _only(client: httpx2.AsyncClient) -> dict[str, Any]:
    """The one row of the store, which is in the answer whole and shows no control codes."""
    answer = await client.get("/query/logs")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["total"] == 1
    [row] = body["events"]
    return dict(row)


def _controls(text: str) -> set[str]:
    """Characters that a terminal or a reader would act on rather than show."""
    return {char for char in text if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}} - {
        "\n",
        "\t",
    }


async def _shown_to_models(client: httpx2.AsyncClient) -> str:
    async with Client(str(client.base_url.join("/mcp"))) as models:
        result = await models.call_tool("query_logs", {"limit": 200})
    assert not result.is_error
    return "\n".join(getattr(part, "text", "") for part in result.content)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"message": "caf\xe9 \xff\xfe bytes"}',
        b'{"message": "nul \x00 and \\u0000 inside"}',
        b'{"message": "raw \x1b[31mred\x1b[0m and \x07 bell"}',
        b'{"message": "\\u001b]0;title\\u0007 \\u001b[2J\\u009b31m"}',
        b'{"message": "lone \\ud800 surrogate \\udfff"}',
        b'{"message": "\\ud83d\\ude00 and \\u202e turned \\u2028 line"}',
        b'{"message": "x", "service": "a\\u0000b", "host": "h\\u001b[1m", "source": "\\ud800"}',
        b'{"message": "x", "trace_id": "\xff\xff", "error_code": "\\u0000", "event_type": "\x1b"}',
        b'{"message": "x", "meta_json": {"\\u0000k": "\\ud800", "b": ["\xff"]}}',
        b'{"message": "x", "meta_json": "no json at \xff all"}',
        b'{"message": "x", "uid": "\\ud800\\u0000"}',
        b'{"message": null}',
        b'{"message": ""}',
        b'{"message": " \\t\\n "}',
        b'{"message": "%s %(x)s {0} \' \\" \\\\ ; DROP TABLE log_events; -- `"}',
        b'{"message": "x", "meta_json": {"n": 123456789012345678901234567890, "f": 1e400}}',
        b'{"message": "x", "meta_json": {"n": NaN}}',
        b'{"message": "x", "meta_json": []}',
    ],
)
async def test_odd_bytes_cost_nobody_anything(client: httpx2.AsyncClient, raw: bytes) -> None:
    """Odd bytes are stored or refused with a reason, and shown without control codes."""
    receipt = await _sent(client, b'{"events": [' + raw + b"]}", 1)
    if receipt["accepted"]:
        row = await _only(client)
        assert row["level"] == "INFO"
        text = await _shown_to_models(client)
        assert not _controls(text), text
        assert f"#{row['id']}" in text


async def test_bytes_that_are_no_utf8_stay_readable(client: httpx2.AsyncClient) -> None:
    """Invalid bytes become their escapes; what was readable stays as it was."""
    await _sent(client, b'[{"message": "caf\xe9 na\xc3\xafve"}]', 1)
    assert (await _only(client))["message"] == "caf\\xe9 naïve"


async def test_a_missing_message_is_flagged(client: httpx2.AsyncClient) -> None:
    """null and empty messages are kept as empty ones and marked in meta_json."""
    await _sent(client, b'[{"message": null}]', 1)
    row = await _only(client)
    assert row["message"] == ""
    assert row["meta_json"] == {"no_message": True}


async def test_a_megabyte_is_clipped_and_said(client: httpx2.AsyncClient) -> None:
    """1 MiB of text is cut to what the column holds, with its true length beside it."""
    for letter in ("a", "é", "😀", "\\"):
        await _sent(client, orjson.dumps([{"message": letter * 2**20, "service": letter}]), 1)
        answer = await client.get("/query/logs", params={"service": letter})
        [row] = answer.json()["events"]
        assert MESSAGE_MAX_BYTES - 4 < len(row["message"].encode()) <= MESSAGE_MAX_BYTES
        assert set(row["message"]) == {letter}
        assert row["meta_json"]["message_bytes"] == len(letter.encode()) * 2**20


@pytest.mark.parametrize(
    ("stamp", "kept"),
    [
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"),
        ("1970-01-01T00:00:00+14:00", None),
        ("1969-12-31T23:59:59Z", None),
        ("2100-01-01T00:00:00Z", "2100-01-01T00:00:00.000000Z"),
        ("2199-12-31T23:59:59.999999Z", "2199-12-31T23:59:59.999999Z"),
        ("2199-12-31T23:59:59-01:00", None),
        ("9999-12-31T23:59:59.999999-12:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("2026-11-20T12:00:00", "2026-11-20T12:00:00.000000Z"),
        ("2026-11-20T12:00:00.123456789Z", "2026-11-20T12:00:00.123456Z"),
        ("2026-11-20", "2026-11-20T00:00:00.000000Z"),
        ("2024-02-30T00:00:00Z", None),
        (1763640000, "2025-11-20T12:00:00.000000Z"),
        (1763640000123, "2025-11-20T12:00:00.123000Z"),
        (-1, None),
        (1e300, None),
        (True, None),
        ("", None),
    ],
)
async def test_odd_dates_are_kept_or_refused(
    client: httpx2.AsyncClient, stamp: object, kept: str | None
) -> None:
    """Dates of 1970 to 2199 are stored as they are; any other is refused by its field."""
    receipt = await _sent(client, orjson.dumps([{"message": "x", "timestamp": stamp}]), 1)
    if kept is None:
        [refused] = receipt["rejected"]
        assert refused["field"].endswith("timestamp")
    else:
        assert (await _only(client))["timestamp"] == kept


async def test_naive_dates_are_read_in_the_configured_zone(
    settings: Any, serving: Callable[[Any], Any]
) -> None:
    """A date without a zone is one of the zone that the server is set to."""
    async with serving(settings.model_copy(update={"timezone": "Europe/Berlin"})) as client:
        await _sent(client, b'[{"message": "x", "timestamp": "2026-07-01T12:00:00"}]', 1)
        assert (await _only(client))["timestamp"] == "2026-07-01T10:00:00.000000Z"


async def test_huge_and_deep_meta_is_clipped_and_said(client: httpx2.AsyncClient) -> None:
    """meta_json beyond the limits is kept as the beginning of its text, with its true size."""
    deep: Any = 1
    for _ in range(200):
        deep = {"a": deep}
    wide = {f"key {n}": "v" * 100 for n in range(5000)}
    events = [
        {"message": "deep", "meta_json": deep},
        {"message": "wide", "meta_json": wide},
        {"message": "fits", "meta_json": {"a": {"b": [1, 2.5, None, "é"]}}},
    ]
    receipt = await _sent(client, orjson.dumps(events), 3)
    assert receipt["accepted"] == 3
    answer = (await client.get("/query/logs", params={"order": "oldest"})).json()
    metas = {row["message"]: row["meta_json"] for row in answer["events"]}
    assert metas["fits"] == {"a": {"b": [1, 2.5, None, "é"]}}
    assert metas["deep"]["meta_text"].startswith('{"a":{"a"')
    assert metas["wide"]["meta_bytes"] > META_MAX_BYTES
    assert len(metas["wide"]["meta_text"]) <= META_MAX_BYTES


@pytest.mark.parametrize("depth", [300, 5_000, 200_000])
async def test_nesting_without_end_is_no_failure(client: httpx2.AsyncClient, depth: int) -> None:
    """However deep a body nests, the answer is a receipt or a refusal."""
    body = b'[{"message": "x", "meta_json": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}]"
    answer = await client.post("/ingest/logs", content=body, headers=JSON)
    assert answer.status_code in {200, 400, 422}, answer.text


async def test_long_names_are_clipped_and_kept(client: httpx2.AsyncClient) -> None:
    """Names longer than their columns are cut, and the whole of each stands in meta_json."""
    names = ("service", "host", "source", "trace_id", "span_id", "event_type", "error_code")
    event: dict[str, Any] = {name: name[0] * 400 + "é😀" for name in names} | {"message": "x"}
    await _sent(client, orjson.dumps([event]), 1)
    row = await _only(client)
    assert all(event[name].startswith(row[name]) for name in names)
    assert row["meta_json"]["clipped"] == {name: event[name] for name in names}
    assert not _controls(await _shown_to_models(client))


async def test_names_without_end_are_no_failure(client: httpx2.AsyncClient) -> None:
    """A service name of 1 MiB is cut, its beginning kept."""
    receipt = await _sent(client, orjson.dumps([{"message": "x", "service": "é" * 2**20}]), 1)
    assert receipt["accepted"] == 1
    row = await _only(client)
    assert row["service"] == "é" * 255
    assert row["meta_json"]["clipped"]["service"].startswith("é" * 1000)


async def test_look_alikes_are_each_kept(client: httpx2.AsyncClient) -> None:
    """100 equal events in one batch are 100 rows; the batch sent again adds none."""
    events = [{"message": "same", "timestamp": "2026-11-20T12:00:00Z"}] * 100
    body = orjson.dumps(events)
    assert (await _sent(client, body, 100))["accepted"] == 100
    assert (await _sent(client, body, 100))["duplicates"] == 100
    assert (await client.get("/query/logs")).json()["total"] == 100


async def test_one_uid_is_one_event(client: httpx2.AsyncClient) -> None:
    """Events of one uid and time are one row within a batch and across batches."""
    events = [
        {"message": f"m{n}", "uid": "one", "timestamp": "2026-11-20T12:00:00Z"} for n in range(5)
    ]
    receipt = await _sent(client, orjson.dumps(events), 5)
    assert (receipt["accepted"], receipt["duplicates"]) == (1, 4)
    assert (await client.get("/query/logs")).json()["total"] == 1


async def test_good_events_survive_bad_company(client: httpx2.AsyncClient) -> None:
    """In one batch with everything odd, the good events are stored and the counts add up."""
    raw = [
        b'{"message": "good 1"}', b'{"message": "\xff\xfe"}', b'{"message": 5}', b"null", b'"text"',
        b'{"message": "\\ud800"}', b'{"message": "x", "timestamp": "9999-12-31"}', b"[]", b"{}",
        b'{"message": ["x"]}', b'{"message": "x", "level": null}', b'{"message": "x", "level": 3}',
        b'{"message": "x", "meta_json": 3}', b'{"message": "x", "uid": ""}', b'{"message": "good 2"}',
        b'{"message": "x", "extra": {"a": 1}}', b'{"message": "x", "service": {"a": 1}}',
    ]  # fmt: skip
    receipt = await _sent(client, b"[" + b",".join(raw) + b"]", len(raw))
    refused = {entry["index"] for entry in receipt["rejected"]}
    assert not refused & {0, 1, 5, 14}
    total = (await client.get("/query/logs")).json()["total"]
    assert total == receipt["accepted"]


async def test_huge_messages_do_not_flood_a_model(client: httpx2.AsyncClient) -> None:
    """What a model is shown of long hostile rows is short, on its own line, and says it was cut."""
    line = f"{ESCAPE}[31m" + "A\nB\r\n#1 ERROR fake\t" * 4000
    await _sent(
        client,
        orjson.dumps([{"message": line, "service": f"s{ESCAPE}c\n", "host": "h\r\nx"}] * 50),
        50,
    )
    text = await _shown_to_models(client)
    assert len(text) <= 8000
    assert not _controls(text)
    assert "chars: devmesh://logs/" in text
    rows = [
        part
        for part in text.splitlines()
        if part.endswith(tuple("0123456789")) and " INFO " in part
    ]
    assert 1 <= len(rows) <= 50


@rules(max_examples=200, deadline=None)
@given(st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_shown_text_never_holds_control_codes(text: str) -> None:
    """Whatever a row holds, what is shown of it holds no control codes."""
    shown = clean(text)
    assert ESCAPE not in shown
    assert not {c for c in shown if unicodedata.category(c) == "Cc"} - {"\n", "\t"}
