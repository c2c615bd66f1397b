"""The message, the meta and the limits of an event, and what holds for any entry."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from one_event import CURSOR, MOMENT, event

from shipper.fields import Entry
from shipper.mapping import to_event
from shipper.rules import Rules
from tools.intake import NewEvent
from tools.levels import Level
from tools.limits import MESSAGE_MAX_BYTES, META_MAX_BYTES


def test_the_fixed_parts() -> None:
    made = event(MESSAGE="hello", _HOSTNAME="web-1")
    assert made["uid"] == hashlib.blake2b(CURSOR.encode(), digest_size=16).hexdigest()
    assert made["timestamp"] == "2026-11-24T03:04:05.123456Z"
    assert (made["source"], made["host"], made["message"]) == ("journald", "web-1", "hello")
    assert event()["host"] == "unknown"
    assert not {"trace_id", "span_id", "error_code"} & set(made)


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
        (1_700_000_000_999_999, "2023-11-14T22:13:20.999999Z"),
        (10**30, "9999-12-31T23:59:59.000000Z"),
    ],
)
def test_time_is_made_from_whole_microseconds(micros: int, text: str) -> None:
    assert to_event({}, CURSOR, micros)["timestamp"] == text


@pytest.mark.parametrize(
    ("given_message", "message"),
    [
        (b"one\ntwo", "one\ntwo"),
        ([b"one", b"two"], "one\ntwo"),
        (b"caf\xe9", "caf\\xe9"),
        (b"a\x00b", "a\\x00b"),
        (b"\x1b[31mred\x1b[0m", "red"),
        (b"\x1b]0;title\x07text", "text"),
        (b"a\x1b", "a\\x1b"),
        (b'{"msg":"\\u001b[1mbold\\u0000"}', "bold\\x00"),
        (b"", ""),
    ],
)
def test_message(given_message: bytes | list[bytes], message: str) -> None:
    made = event(MESSAGE=given_message)
    assert made["message"] == message
    assert "no_message" not in made["meta_json"]


def test_a_missing_message_is_kept_and_marked() -> None:
    made = event(PRIORITY="6")
    assert (made["message"], made["meta_json"]["no_message"]) == ("", True)


def test_json_gives_its_text_and_keeps_its_fields() -> None:
    made = event(MESSAGE='{"msg":"paid","order":7,"deep":{"a":[1,null]}}')
    assert made["message"] == "paid"
    assert made["meta_json"]["json"] == {"order": 7, "deep": {"a": [1, None]}}


@pytest.mark.parametrize("text", ["[1,2]", '{"a":', "{}", '{"a":' * 300 + "1" + "}" * 300])
def test_other_json_stays_text(text: str) -> None:
    made = event(MESSAGE=text)
    assert made["message"] == text
    assert "json" not in made["meta_json"]


@pytest.mark.parametrize("character", ["a", "é", "漢", "😀", "\x00"])
def test_a_long_message_is_cut_between_characters(character: str) -> None:
    original = (character * 100_000).encode()
    made = event(MESSAGE=original)
    cut = made["message"].encode()
    assert MESSAGE_MAX_BYTES - 4 < len(cut) <= MESSAGE_MAX_BYTES
    assert made["meta_json"]["message_bytes"] == len(original)
    assert "\ufffd" not in made["message"]


def test_a_secret_across_the_cut_does_not_leak_its_beginning() -> None:
    text = "x" * (MESSAGE_MAX_BYTES - 20) + " password=hunter2hunter2hunter2" + "y" * 20_000
    assert "hunter" not in event(MESSAGE=text)["message"]


def test_meta_keeps_the_rest_as_text() -> None:
    made = event(
        MESSAGE="x",
        PRIORITY="5",
        _HOSTNAME="h",
        _CAP_EFFECTIVE="1ff",
        _SELINUX_CONTEXT="unconfined",
        _SOURCE_REALTIME_TIMESTAMP="17",
        COREDUMP=b"\x00" * 300,
        ODD=b"\xff",
        TWICE=[b"a", b"b"],
    )
    assert made["meta_json"] == {
        "PRIORITY": "5",
        "_SOURCE_REALTIME_TIMESTAMP": "17",
        "COREDUMP": "[300 bytes]",
        "ODD": "\\xff",
        "TWICE": ["a", "b"],
    }


def test_meta_drops_its_largest_values_and_says_so() -> None:
    made = event(MESSAGE="x", BIG=b"b" * 300_000, SMALL="s", _PID="7")
    meta = made["meta_json"]
    assert re.fullmatch(r"\[dropped: \d+ bytes\]", meta["BIG"])
    assert (meta["SMALL"], meta["_PID"]) == ("s", "7")
    assert len(orjson.dumps(meta)) <= META_MAX_BYTES


def test_secrets_are_hidden_in_all_places() -> None:
    fields: dict[str, Any] = {
        "MESSAGE": '{"msg":"login password=hunter2","password":"hunter2"}',
        "_CMDLINE": "mysql -uroot -phunter2",
        "DB_PASSWORD": "hunter2",
        "NOTE": "see http://bob:hunter2@h/",
        "LIST": [b"password=hunter2", b"x"],
        "COREDUMP_ENVIRON": "X=hunter2",
    }
    assert b"hunter2" not in orjson.dumps(event(**fields))
    plain = event(Rules(redact=False), **fields)
    assert plain["message"] == "login password=hunter2"
    assert plain["meta_json"]["_CMDLINE"] == "mysql -uroot -phunter2"


KNOWN_FIELDS = (
    "MESSAGE PRIORITY _HOSTNAME _PID UNIT USER_UNIT _SYSTEMD_UNIT _SYSTEMD_USER_UNIT _TRANSPORT "
    "CONTAINER_NAME COREDUMP COREDUMP_UNIT SYSLOG_IDENTIFIER _COMM _CMDLINE ERRNO EXIT_STATUS "
    "UNIT_RESULT JOB_RESULT TRACE_ID SPAN_ID MESSAGE_ID SYSLOG_RAW _CAP_EFFECTIVE"
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
JSON_KEYS = st.sampled_from(
    ["msg", "level", "code", "status", "trace_id", "password", "err", "log"]
)
JSON_OBJECTS = st.dictionaries(JSON_KEYS | st.text(max_size=5), JSON_VALUES, max_size=5)
VALUES = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=80).map(lambda text: text.encode("utf-8", "surrogatepass")),
    JSON_OBJECTS.map(orjson.dumps),
    st.lists(st.binary(max_size=30), max_size=3),
    st.sampled_from([b"1", b"3", b"6", b"kernel", b"-1", b"\x1b[", b"{", b"0" * 32]),
    st.text(st.characters(), max_size=30),
)
ENTRIES = st.dictionaries(
    st.sampled_from(KNOWN_FIELDS.split()) | st.text(st.characters(), max_size=20), VALUES
)


@given(ENTRIES, st.text(st.characters()), st.integers(), st.booleans(), st.booleans())
def test_any_entry_gives_an_event(
    entry: Mapping[str, Any], cursor: str, micros: int, hide: bool, as_session: bool
) -> None:
    rules = Rules(hide, as_session)
    made = to_event(entry, cursor, micros, rules)
    assert orjson.loads(orjson.dumps(made))["uid"] == made["uid"]
    assert made == to_event(entry, cursor, micros, rules)
    within_limits(made)


@given(st.binary(max_size=300), st.integers(1, 2_000))
def test_any_long_message_keeps_the_limits(piece: bytes, times: int) -> None:
    entry: Entry = {"MESSAGE": piece * times, "EXTRA": piece * times}
    within_limits(to_event(entry, CURSOR, MOMENT))


def within_limits(made: dict[str, Any]) -> None:
    """What the server, the columns and a terminal need of an event."""
    assert re.fullmatch(r"[0-9a-f]{32}", made["uid"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", made["timestamp"])
    assert made["level"] in list(Level)
    widths = {"service": 255, "host": 255, "source": 255, "trace_id": 64, "span_id": 32}
    widths |= {"event_type": 100, "error_code": 50}
    assert all(1 <= len(made.get(name, "-")) <= width for name, width in widths.items())
    assert len(made["message"].encode()) <= MESSAGE_MAX_BYTES
    assert not {"\x1b", "\x00"} & set(made["message"] + made["service"] + made["host"])
    assert len(orjson.dumps(made["meta_json"])) <= META_MAX_BYTES
    NewEvent.model_validate_json(orjson.dumps(made))
