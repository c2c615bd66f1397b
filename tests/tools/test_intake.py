"""Intake: from what senders write to what the store takes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sql.store import MariaStore
from tools.intake import Arrival, NewEvent, prepare, read_batch
from tools.levels import Level
from tools.limits import MESSAGE_MAX_BYTES, META_MAX_BYTES
from tools.ports import Filter, Page, ReadyEvent
from tools.records import Rejected

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ARRIVAL = Arrival(NOW, ZoneInfo("Europe/Berlin"), "sender")
WIDTHS = {
    "source": 255,
    "service": 255,
    "host": 255,
    "trace_id": 64,
    "span_id": 32,
    "event_type": 100,
    "error_code": 50,
}

any_text = st.text(max_size=60) | st.text(st.characters(), max_size=10)  # lone surrogates too
leaves = st.none() | st.booleans() | st.integers() | st.floats() | any_text
json_like = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)
near_events = st.fixed_dictionaries(
    {"message": st.none() | any_text},
    optional={
        "timestamp": json_like
        | st.datetimes().map(datetime.isoformat)
        | st.sampled_from(["2026-11-20", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]),
        "level": json_like | st.sampled_from(["error", "WARNING", "emerg", "INFO"]),
        **{
            name: st.none() | any_text | st.text(max_size=5).map(lambda t: t * 80)
            for name in WIDTHS
        },
        "meta_json": json_like | st.dictionaries(any_text, json_like, max_size=3),
        "uid": any_text | st.just("0" * 32) | st.just("aa " * 10 + "aa"),
    },
)
batches = st.lists(json_like | near_events, max_size=8)


def taken(raw: list[Any]) -> tuple[list[ReadyEvent], list[Rejected]]:
    """What becomes of a batch."""
    read, unreadable = read_batch(raw)
    ready, untimely = prepare(read, ARRIVAL)
    return ready, unreadable + untimely


def one(**event: Any) -> ReadyEvent:
    """What becomes of one good event."""
    [ready], rejected = taken([{"message": "m", **event}])
    assert not rejected
    return ready


def depth(value: Any) -> int:
    """Levels of containers in JSON."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth, inner), default=0)
    return 0


def nested(levels: int) -> list[Any]:
    """Lists within lists."""
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


def fits(event: ReadyEvent) -> None:
    """Every limit of the table holds."""
    assert len(event.uid) == len(event.pattern_key) == 16
    assert datetime(1970, 1, 1, tzinfo=UTC) <= event.timestamp < datetime(2200, 1, 1, tzinfo=UTC)
    assert isinstance(event.level, Level)
    assert len(event.message.encode()) <= MESSAGE_MAX_BYTES
    assert len(event.pattern.encode()) <= MESSAGE_MAX_BYTES
    for name, width in WIDTHS.items():
        text = getattr(event, name)
        assert text is None or len(text) <= width
        assert text is None or text.encode() is not None
    assert event.source and event.service and event.host
    if event.meta_json is not None:
        assert len(event.meta_json.encode()) <= META_MAX_BYTES
        meta = orjson.loads(event.meta_json)
        assert isinstance(meta, dict) and meta
        assert depth(meta) <= 32


@given(batches)
def test_every_event_is_ready_or_refused(raw: list[Any]) -> None:
    """Nothing raises and nothing is lost: each event fits the store or is refused with a reason."""
    ready, rejected = taken(raw)
    assert len(ready) + len(rejected) == len(raw)
    assert len({entry.index for entry in rejected}) == len(rejected)
    for entry in rejected:
        assert 0 <= entry.index < len(raw)
        assert entry.field and entry.rule
        assert len(entry.field) <= 130 and len(entry.value or "") <= 130
        assert entry.model_dump_json()
    for event in ready:
        fits(event)


@given(batches)
def test_a_batch_sent_twice_is_recognised(raw: list[Any]) -> None:
    """The same batch gives the same uids."""
    assert [e.uid for e in taken(raw)[0]] == [e.uid for e in taken(raw)[0]]


@given(st.lists(st.sampled_from(["a", "b", ""]), max_size=20), st.booleans())
def test_repeats_are_events_of_their_own(messages: list[str], timed: bool) -> None:
    """Events alike in all but their place have different uids."""
    moment = {"timestamp": NOW.isoformat()} if timed else {}
    ready, _ = taken([{"message": text, **moment} for text in messages])
    assert len({event.uid for event in ready}) == len(messages)


@given(st.text(max_size=300))
def test_a_senders_uid_is_kept(uid: str) -> None:
    """Same uid, same event, whatever else it says; 32 hex digits are the uid itself."""
    if not 1 <= len(uid) <= 255:
        return
    first, second = one(uid=uid), one(uid=uid, message="other", level="ERROR")
    assert first.uid == second.uid
    assert first.uid != one(uid=uid + "x" if len(uid) < 255 else uid[:-1]).uid


def test_hex_uids() -> None:
    """Hex digits are taken in either case; 32 characters with spaces are a name like any other."""
    assert one(uid="0aF1" * 8).uid == bytes.fromhex("0aF1" * 8)
    assert len(one(uid="aa " * 10 + "aa").uid) == 16


@pytest.mark.parametrize("letter", ["a", "é", "€", "😀", "\ud800"])
@pytest.mark.parametrize("less", range(5))
def test_messages_are_cut_between_characters(letter: str, less: int) -> None:
    """A message over 65,535 bytes of UTF-8 is cut between two characters, and that is said."""
    written = letter.encode("utf-8", "backslashreplace")
    count = MESSAGE_MAX_BYTES // len(written) + 3 - less
    event = one(message=letter * count)
    size = len(written) * count
    kept = event.message.encode()
    assert kept == (written * count)[: len(kept)]
    if size <= MESSAGE_MAX_BYTES:
        assert (len(kept), event.meta_json) == (size, None)
    else:
        assert MESSAGE_MAX_BYTES - 4 < len(kept) <= MESSAGE_MAX_BYTES
        assert orjson.loads(event.meta_json or "") == {"message_bytes": size}


def test_long_columns_are_cut_and_kept_aside() -> None:
    """What a column has no room for is in meta_json whole."""
    event = one(**{name: "x" * 300 for name in WIDTHS}, meta_json={"mine": 1})
    for name, width in WIDTHS.items():
        assert getattr(event, name) == "x" * width
    assert orjson.loads(event.meta_json or "") == {
        "mine": 1,
        "clipped": dict.fromkeys(WIDTHS, "x" * 300),
    }


def test_defaults() -> None:
    """A message alone is INFO from an unknown service on the sender's host, now."""
    event = one()
    assert (event.level, event.service, event.source, event.host) == (
        "INFO",
        "unknown",
        "unknown",
        "sender",
    )
    assert (event.timestamp, event.meta_json, event.trace_id) == (NOW, None, None)
    empty = one(service="", host="", source="")
    assert (empty.service, empty.source, empty.host) == ("unknown", "unknown", "sender")


def test_events_without_a_time_keep_their_order() -> None:
    """They are a microsecond apart in the order of the batch."""
    ready, _ = taken([{"message": str(n)} for n in range(5)])
    assert [event.timestamp for event in ready] == [
        NOW + timedelta(microseconds=n) for n in range(5)
    ]


def test_naive_times_are_of_the_configured_zone() -> None:
    """A clock time without an offset is read in the zone; another offset is turned to UTC."""
    assert one(timestamp="2026-11-20T12:00:00").timestamp == NOW - timedelta(hours=1)
    assert one(timestamp="2026-11-20T12:00:00-03:00").timestamp == NOW + timedelta(hours=3)


def test_far_times_are_refused_by_index() -> None:
    """Times outside 1970 to 2200 are refused, the others of the batch are not."""
    stamps = [
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00Z",
        "2199-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z",
    ]
    ready, rejected = taken([{"message": "m", "timestamp": stamp} for stamp in stamps])
    assert [event.timestamp.year for event in ready] == [1970, 2199]
    assert [(entry.index, entry.field) for entry in rejected] == [
        (0, "timestamp"),
        (3, "timestamp"),
    ]


@pytest.mark.parametrize(
    ("event", "field", "rule"),
    [
        ({}, "message", "is required"),
        ({"message": 5}, "message", "string"),
        ({"message": "m", "level": "loud"}, "level", "DEBUG, INFO, WARN, ERROR, CRITICAL or FATAL"),
        ({"message": "m", "timestamp": "soon"}, "timestamp", "datetime"),
        ({"message": "m", "uid": ""}, "uid", "at least 1"),
        ({"message": "m", "mesage": "m"}, "mesage", "allowed: message, timestamp, level"),
        ({"message": "m", "k" * 9999: 1}, "k" * 120 + "…", "unknown name"),
        ("line", "event", "dictionary"),
        (None, "event", "dictionary"),
        (nested(1020), "event", "dictionary"),
        ({"message": nested(1020)}, "message", "string"),
    ],
)
def test_refusals_name_field_and_rule(event: object, field: str, rule: str) -> None:
    """A refusal says which event, which field and which rule; its neighbours are taken."""
    ready, [entry] = taken([{"message": "before"}, event, {"message": "after"}])
    assert [good.message for good in ready] == ["before", "after"]
    assert (entry.index, entry.field) == (1, field)
    assert rule in entry.rule


ODD_META = {
    "deep": {"d": nested(31)},
    "deeper": {"d": nested(40)},
    "too deep for JSON": {"d": nested(300)},
    "too deep for Python": {"d": nested(1020)},
    "deep text": "[" * 500 + "]" * 500,
    "huge": {"h": "x" * 400_000},
    "huge quotes": {"h": '"' * 300_000},
    "huge controls": {"h": "\x01" * 300_000},
    "wide": {str(n): n for n in range(50_000)},
    "big numbers": {"n": 2**80, "f": 1e308, "nan": float("nan"), "inf": float("inf")},
    "surrogates": {"s": "\ud800", "\udfff": 1},
    "nul": {"\x00": "\x00"},
    "emoji": {"😀": "👩‍👩‍👧‍👦 \u202e"},
    "quotes": {"'": '"', "\\": "\\\\", "%s": "%(x)s"},
    "text": "not json at all",
    "list text": "[1, 2]",
    "null text": "null",
    "object text": '{"a": {"b": [1, null, true]}}',
    "cut text": '{"a": ',
    "empty text": "",
    "same keys": '{"a": 1, "a": 2}',
}


@pytest.mark.parametrize("name", ODD_META)
async def test_odd_meta_is_kept_as_json(store: MariaStore, name: str) -> None:
    """Whatever meta_json holds, what is kept is an object that MariaDB takes for JSON."""
    event = one(meta_json=ODD_META[name], service="é" * 300)
    fits(event)
    assert await store.add_events([event]) == 1
    [(row, _)] = await store.find_events(Filter(), Page(10))
    assert row.meta_json == orjson.loads(event.meta_json or "")
    async with store.pool.connection() as connection:
        assert await connection.execute("SELECT JSON_VALID(meta_json) FROM log_events") == [(1,)]


def test_meta_that_fits_is_whole() -> None:
    """Ordinary meta_json comes through unchanged, as an object or as its text."""
    meta = {"a": {"b": [1, 2.5, None, True]}, "c": "é"}
    for given_meta in (meta, orjson.dumps(meta).decode()):
        assert orjson.loads(one(meta_json=given_meta).meta_json or "") == meta
    assert orjson.loads(one(meta_json="plain").meta_json or "") == {"text": "plain"}
    assert one(meta_json={}).meta_json is None


def test_clipped_meta_says_its_size() -> None:
    """Of meta_json too large to keep the beginning is kept as text, with its true size."""
    meta = {"h": "x" * 400_000}
    kept = orjson.loads(one(meta_json=meta).meta_json or "")
    assert kept["meta_bytes"] == len(orjson.dumps(meta))
    assert orjson.dumps(meta).decode().startswith(kept["meta_text"])
    assert len(kept["meta_text"]) > 50_000


def test_the_fields_of_an_event_are_the_columns() -> None:
    """What senders may write is what the store has, but for what is found out on the way."""
    stored = set(ReadyEvent._fields)
    assert stored - {"pattern", "pattern_key", "dated"} == set(NewEvent.model_fields)
