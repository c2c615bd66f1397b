"""Lines of files as events: service, time, level, and what holds for any bytes."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.file_lines import LineCutter
from shipper.file_mapping import LineMapper, Origin, service_of_path
from shipper.line_times import Clock
from shipper.mapping import uid_of
from shipper.rules import Rules
from tools.intake import NewEvent
from tools.levels import Level
from tools.limits import MESSAGE_MAX_BYTES, META_MAX_BYTES

NOW_US = 1_795_521_600_000_000  # 2026-11-24T12:00:00Z
CURSOR = "f=4ad;o=7;e=60"


def mapper(**services: str) -> LineMapper:
    return LineMapper("web-01", Rules(), services, UTC)


def event(
    text: str | bytes,
    path: str = "/opt/shop/shop.log",
    clock: Clock | None = None,
    by: LineMapper | None = None,
) -> dict[str, Any]:
    raw = text.encode() if isinstance(text, str) else text
    (line,) = LineCutter(7).feed(raw + b"\n")
    made, _ = (by or mapper()).event(line, CURSOR, Origin(path, NOW_US, NOW_US), clock or Clock())
    return made


def test_the_fixed_parts() -> None:
    made = event("2026-11-24T10:00:01.5Z paid")

    assert made == {
        "uid": uid_of(CURSOR),
        "timestamp": "2026-11-24T10:00:01.500000Z",
        "source": "file",
        "service": "shop",
        "host": "web-01",
        "level": "INFO",
        "message": "2026-11-24T10:00:01.5Z paid",
        "event_type": "log",
        "meta_json": {"path": "/opt/shop/shop.log", "offset": 7},
    }


def test_a_line_without_a_time_has_that_of_the_line_above() -> None:
    made = event("    at com.example.Main", clock=Clock(NOW_US - 1_000_000))

    assert made["timestamp"] == "2026-11-24T11:59:59.000000Z"
    assert made["meta_json"]["time_from"] == "line above"


def test_a_line_without_any_time_leaves_it_to_the_server() -> None:
    """Which then knows it by its uid alone; a time of reading would differ the second time."""
    made = event("started")

    assert "timestamp" not in made
    assert made["meta_json"]["time_from"] == "arrival"


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/var/log/nginx/error.log", "nginx"),
        ("/var/log/nginx/shop.access.log", "nginx"),
        ("/var/log/mysql/mysql-slow.log.1", "mysql"),
        ("/var/log/dpkg.log", "dpkg"),
        ("/var/log/syslog", "syslog"),
        ("/opt/app/app.log", "app"),
        ("/opt/shop/logs/error.log", "shop"),
        ("/opt/shop/log/2026-11-24.log", "shop"),
        ("/home/jo/worker-2026-11-24.log.gz", "worker"),
        ("/home/jo/worker.log-20261124", "worker"),
        ("/srv/billing/current/stdout", "billing"),
        ("/x.log", "x"),
        ("/.log", ".log"),
        ("/log/error.log", "error"),
        ("", "unknown"),
    ],
)
def test_the_service_that_a_path_speaks_of(path: str, service: str) -> None:
    assert service_of_path(path) == service


def test_a_service_can_be_set_for_a_glob() -> None:
    by = LineMapper("web-01", Rules(), {"/opt/*/shop.log": "checkout"}, UTC)

    assert event("x", by=by)["service"] == "checkout"
    assert event("x", "/opt/a/b/shop.log", by=by)["service"] == "shop"


@pytest.mark.parametrize(
    ("line", "path", "service", "pid"),
    [
        ("Nov 24 10:00:01 web-01 sshd[77]: Failed password", "/var/log/auth.log", "sshd", "77"),
        ("Nov 24 10:00:01 web-01 kernel: [1.5] oops", "/var/log/kern.log", "kernel", None),
        ("2026-11-24T10:00:01.5+00:00 web-01 CRON[9]: (root) CMD", "/var/log/x", "CRON", "9"),
        ("2026-11-24T10:00:01Z web-01 systemd: up", "/x.log", "systemd", None),
        ("2026-11-24T10:00:01Z db-7 postfix/smtp: up", "/var/log/messages", "postfix/smtp", None),
        ("2026-11-24T10:00:01Z worker queue: up", "/opt/x.log", "x", None),
        ("2026-11-24T10:00:01Z INFO server[7]: up", "/opt/x.log", "x", None),
        ("Nov 24 10:00:01 ERROR server: up", "/opt/x.log", "x", None),
    ],
)
def test_the_program_of_a_syslog_line(line: str, path: str, service: str, pid: str | None) -> None:
    made = event(line, path)

    assert (made["service"], made["meta_json"].get("pid")) == (service, pid)
    assert (made["message"], made["host"]) == (line, "web-01")


def test_another_host_in_a_syslog_line_is_noted() -> None:
    made = event("Nov 24 10:00:01 nas-01 sshd[77]: x")

    assert made["meta_json"]["syslog_host"] == "nas-01"
    assert "syslog_host" not in event("Nov 24 10:00:01 web-01 sshd[77]: x")["meta_json"]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("2026/11/24 10:00:01 [error] 7#7: *1 connect() failed", Level.ERROR),
        ("2026-11-24 10:00:01,123 WARN  [main] c.e.Main - slow", Level.WARN),
        ("Nov 24 10:00:01 web-01 app[7]: CRITICAL: out of disk", Level.CRITICAL),
        ('{"level":"error","msg":"x"}', Level.ERROR),
        ('{"level":50,"msg":"x"}', Level.ERROR),
        ("ts=2026-11-24T10:00:01Z level=debug msg=x", Level.DEBUG),
        ("0 errors", Level.INFO),
    ],
)
def test_the_level_that_a_line_names(line: str, level: Level) -> None:
    assert event(line)["level"] == level


def test_a_json_line_gives_its_text_and_time_and_keeps_its_fields() -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    made = event(
        f'{{"time":"2026-11-24T10:00:01Z","msg":"paid","order":7,"trace_id":"{trace}","code":"E7"}}'
    )

    assert (made["message"], made["timestamp"]) == ("paid", "2026-11-24T10:00:01.000000Z")
    assert (made["trace_id"], made["error_code"]) == (trace, "E7")
    assert made["meta_json"]["json"]["order"] == 7


def test_error_codes_and_traces_of_plain_lines() -> None:
    made = event(
        '10.0.0.7 - - [24/Nov/2026:10:00:01 +0000] "GET / HTTP/1.1" 502 5 '
        '"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"'
    )

    assert (made["error_code"], made["span_id"]) == ("HTTP_502", "00f067aa0ba902b7")


def test_secrets_are_masked_unless_that_is_off() -> None:
    line = "login password=hunter2hunter2 as jo"
    bare = LineMapper("web-01", Rules(redact=False), {}, UTC)

    assert "hunter" not in event(line)["message"]
    assert "hunter" in event(line, by=bare)["message"]
    assert "hunter" not in str(event('{"msg":"x","password":"hunter2hunter2"}'))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"caf\xe9", "caf\\xe9"),
        (b"a\x00b", "a\\x00b"),
        (b"\x1b[31mred\x1b[0m", "red"),
        (b"\xef\xbb\xbffirst", "first"),
        (b"two words\r", "two words"),
        (b"\x00\x00behind a hole", "behind a hole"),
    ],
)
def test_bytes_that_are_no_plain_text(raw: bytes, message: str) -> None:
    assert event(raw)["message"] == message


def test_a_long_line_is_cut_and_says_so() -> None:
    made = event("é" * 100_000)

    assert len(made["message"].encode()) in (MESSAGE_MAX_BYTES, MESSAGE_MAX_BYTES - 1)
    assert made["meta_json"]["message_bytes"] == 200_000


def test_a_path_that_is_no_text_is_written_out() -> None:
    made = event("x", path="/opt/caf\udce9/x.log")

    assert made["meta_json"]["path"] == "/opt/caf\\udce9/x.log"


@given(st.binary(max_size=400), st.sampled_from(["/var/log/syslog", "/opt/\udcff.log", ""]))
def test_any_bytes_give_an_event_that_the_server_takes(raw: bytes, path: str) -> None:
    for line in LineCutter().feed(raw + b"\n"):
        body, _ = mapper().to_json(line, CURSOR, Origin(path, NOW_US, NOW_US), Clock(NOW_US, 3))
        NewEvent.model_validate(orjson.loads(body))
        assert len(body) < MESSAGE_MAX_BYTES * 7 + META_MAX_BYTES


@given(st.binary(max_size=200), st.integers(0, 600))
def test_a_line_maps_alike_whenever_it_is_read(raw: bytes, timeless: int) -> None:
    """Sent again after a crash it must come with the same uid and the same time."""
    for line in LineCutter().feed(raw + b"\n"):
        clock = Clock(NOW_US - 5, timeless)
        first = mapper().event(line, CURSOR, Origin("/x", NOW_US, NOW_US), clock)
        later = mapper().event(line, CURSOR, Origin("/x", NOW_US, NOW_US + 10**13), clock)
        if first[0].get("timestamp") is not None:
            assert first == later


def test_the_uid_tells_half_a_line_from_the_whole() -> None:
    assert uid_of("f=4ad;o=7;e=60") != uid_of("f=4ad;o=7;e=61")


def test_the_zone_of_the_host_is_used_without_another() -> None:
    (line,) = LineCutter().feed(b"2026-11-24 10:00:01 x\n")
    made, _ = LineMapper("h", Rules()).event(line, CURSOR, Origin("/x", NOW_US, NOW_US), Clock())
    local = datetime(2026, 11, 24, 10, 0, 1).astimezone(UTC)

    assert made["timestamp"] == f"{local:%Y-%m-%dT%H:%M:%S}.000000Z"
