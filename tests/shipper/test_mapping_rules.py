"""Each rule that fills a column from the fields of an entry, by example."""

import re
from pathlib import Path
from typing import Any

import pytest
from one_event import event

from shipper.message_ids import EVENT_TYPES
from shipper.rules import Rules

HEADER = Path("/usr/include/systemd/sd-messages.h")


@pytest.mark.parametrize(
    ("priority", "level"),
    [
        ("0", "FATAL"),
        ("1", "FATAL"),
        ("2", "CRITICAL"),
        ("3", "ERROR"),
        ("4", "WARN"),
        ("5", "INFO"),
        ("6", "INFO"),
        ("7", "DEBUG"),
        ("9", "INFO"),
        ("junk", "INFO"),
        ([b"3", b"6"], "ERROR"),
    ],
)
def test_level_by_priority(priority: object, level: str) -> None:
    assert event(MESSAGE="hello", PRIORITY=priority)["level"] == level


@pytest.mark.parametrize("priority", ["5", "6", None])
def test_the_text_decides_where_priority_is_a_default(priority: str | None) -> None:
    fields: dict[str, Any] = {"PRIORITY": priority} if priority else {}
    assert event(MESSAGE="[ERROR] no", **fields)["level"] == "ERROR"


@pytest.mark.parametrize("priority", ["0", "1", "2", "3", "4", "7", "junk"])
def test_an_explicit_priority_is_trusted(priority: str) -> None:
    plain = event(MESSAGE="x", PRIORITY=priority)["level"]
    assert event(MESSAGE="[CRITICAL] no", PRIORITY=priority)["level"] == plain


@pytest.mark.parametrize(
    ("message", "level"),
    [
        ("[error] upstream gone", "ERROR"),
        ("<Warn> x", "WARN"),
        ("ERROR:root:no", "ERROR"),
        ("WARNING something", "WARN"),
        ("error: cannot open", "ERROR"),
        ("Warning: x", "WARN"),
        ("2026-01-01 12:00:00,123 [main] ERROR com.x - msg", "ERROR"),
        ("2026-01-01 12:00:00,123 - my.module - WARNING - x", "WARN"),
        ("2026-01-01T12:00:00.123Z DEBUG target: msg", "DEBUG"),
        ("[2026-01-01T12:00:00,123][WARN ][o.e.x] y", "WARN"),
        ("2026-01-01 12:00:00.123 UTC [77] app@orders FATAL:  x", "FATAL"),
        ("2026/01/01 12:00:00 [crit] 123#0: *1 x", "CRITICAL"),
        ("2026-01-01T00:00:00.000000Z 0 [Warning] [MY-010068] x", "WARN"),
        ("[Wed Oct 11 14:32:52.123456 2026] [core:error] [pid 1] x", "ERROR"),
        ("[2026-01-01 12:00:00,123: ERROR/MainProcess] msg", "ERROR"),
        ("2026-01-01 12:00:00.123 | ERROR    | module:func:1 - msg", "ERROR"),
        ("ERRO[0000] x", "ERROR"),
        ("E0102 15:04:05.678901 1234 f.go:10] msg", "ERROR"),
        ("(gnome-shell:12): Gtk-WARNING **: x", "WARN"),
        ("PHP Parse error: x", "ERROR"),
        ("ts=1 level=warn msg=x", "WARN"),
        ("done severity=error path=/x", "ERROR"),
        ("Traceback (most recent call last):", "ERROR"),
        ("panic: runtime error", "ERROR"),
        ("java.lang.NullPointerException: x", "ERROR"),
        ('{"level":"error","msg":"x"}', "ERROR"),
        ('{"level":50,"msg":"x"}', "ERROR"),
        ('{"lvl":"dbg","msg":"x"}', "DEBUG"),
        ('{"severity":"WARNING","msg":"x"}', "WARN"),
        ('{"levelname":"CRITICAL","msg":"x"}', "CRITICAL"),
        ('{"log":{"level":"warn"},"message":"x"}', "WARN"),
        ('{"level":9000,"msg":"x"}', "INFO"),
        ("0 errors found", "INFO"),
        ("3 ERROR lines were counted", "INFO"),
        ("no error in sight", "INFO"),
        ("error handling was set up", "INFO"),
        ("warning signs ahead", "INFO"),
        ("the level is fatal or so", "INFO"),
        ("compression level=9", "INFO"),
        ("DEBUGGING began", "INFO"),
    ],
)
def test_level_by_text(message: str, level: str) -> None:
    assert event(MESSAGE=message, PRIORITY="6")["level"] == level


@pytest.mark.parametrize(
    ("fields", "service"),
    [
        ({"CONTAINER_NAME": "web", "_SYSTEMD_UNIT": "docker.service"}, "web"),
        ({"_PID": "1", "UNIT": "nginx.service", "_SYSTEMD_UNIT": "init.scope"}, "nginx.service"),
        ({"_PID": "1", "USER_UNIT": "a.service"}, "a.service"),
        ({"_PID": "1", "_SYSTEMD_UNIT": "init.scope"}, "init.scope"),
        ({"_PID": "9", "UNIT": "forged.service", "_SYSTEMD_UNIT": "b.service"}, "b.service"),
        (
            {"_PID": "9", "USER_UNIT": "a.service", "_SYSTEMD_USER_UNIT": "init.scope"},
            "a.service",
        ),
        (
            {"COREDUMP_UNIT": "x.service", "_SYSTEMD_UNIT": "systemd-coredump@1.service"},
            "x.service",
        ),
        ({"_TRANSPORT": "kernel", "SYSLOG_IDENTIFIER": "kernel"}, "kernel"),
        (
            {"_SYSTEMD_USER_UNIT": "app.service", "_SYSTEMD_UNIT": "user@1000.service"},
            "app.service",
        ),
        ({"_SYSTEMD_UNIT": "session-3.scope", "SYSLOG_IDENTIFIER": "sudo"}, "sudo"),
        ({"_SYSTEMD_UNIT": "session-3.scope"}, "session-3.scope"),
        ({"_SYSTEMD_UNIT": "ssh.service", "SYSLOG_IDENTIFIER": "sshd"}, "ssh.service"),
        ({"OBJECT_SYSTEMD_UNIT": "o.service", "SYSLOG_IDENTIFIER": "x"}, "o.service"),
        ({"SYSLOG_IDENTIFIER": "cron", "_COMM": "cron2"}, "cron"),
        ({"_COMM": "bash"}, "bash"),
        ({}, "unknown"),
        ({"CONTAINER_NAME": [b"one", b"two"]}, "one"),
        ({"SYSLOG_IDENTIFIER": "s" * 400}, "s" * 255),
    ],
)
def test_service(fields: dict[str, Any], service: str) -> None:
    assert event(MESSAGE="x", **fields)["service"] == service


def test_user_units_may_be_named_by_their_session() -> None:
    made = event(
        Rules(user_units_as_session=True),
        _SYSTEMD_USER_UNIT="app.service",
        _SYSTEMD_UNIT="user@1000.service",
    )
    assert made["service"] == "user@1000.service"
    assert made["meta_json"]["_SYSTEMD_USER_UNIT"] == "app.service"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"ERRNO": "110"}, "ETIMEDOUT"),
        ({"ERRNO": "-2"}, "ENOENT"),
        ({"UNIT_RESULT": "exit-code", "EXIT_STATUS": "137"}, "exit-code:137"),
        ({"UNIT_RESULT": "timeout"}, "timeout"),
        ({"UNIT_RESULT": "success", "JOB_RESULT": "failed"}, "failed"),
        ({"JOB_RESULT": "done"}, None),
        ({"MESSAGE": '{"msg":"x","error_code":"E_PAY_7"}'}, "E_PAY_7"),
        ({"MESSAGE": '{"msg":"x","code":4711}'}, "4711"),
        ({"MESSAGE": '{"msg":"x","code":200}'}, None),
        ({"MESSAGE": '{"msg":"x","code":"OK"}'}, None),
        ({"MESSAGE": '{"msg":"x","err":{"code":"ECONNRESET"}}'}, "ECONNRESET"),
        ({"MESSAGE": '{"msg":"x","status":502}'}, "HTTP_502"),
        ({"MESSAGE": '{"msg":"x","status":404}'}, None),
        ({"MESSAGE": "connect failed: ECONNREFUSED"}, "ECONNREFUSED"),
        ({"MESSAGE": "EVERYTHING is FINE"}, None),
        ({"MESSAGE": "open: errno=110"}, "ETIMEDOUT"),
        ({"MESSAGE": "[Errno 13] Permission denied"}, "EACCES"),
        ({"MESSAGE": "connect() failed (111: Connection refused)"}, "ECONNREFUSED"),
        ({"MESSAGE": '"GET / HTTP/1.1" 503 12'}, "HTTP_503"),
        ({"MESSAGE": "upstream said 502 Bad Gateway"}, "HTTP_502"),
        ({"MESSAGE": "status=504 took=1s"}, "HTTP_504"),
        ({"MESSAGE": "took 503 ms"}, None),
        ({"MESSAGE": "SQLSTATE[42S02]: no table"}, "SQLSTATE_42S02"),
        ({"MESSAGE": "ORA-00942: table or view does not exist"}, "ORA-00942"),
        ({"MESSAGE": "AH01630: client denied"}, "AH01630"),
        ({"MESSAGE": "[MY-010068] CA is self signed"}, "MY-010068"),
        ({"MESSAGE": "exited, status=137/KILL", "PRIORITY": "3"}, "EXIT_137"),
        ({"MESSAGE": "exited, status=137/KILL", "PRIORITY": "6"}, None),
        ({"MESSAGE": "exited, status=0/SUCCESS", "PRIORITY": "3"}, None),
        ({"MESSAGE": "retry after ECONNREFUSED", "PRIORITY": "7"}, None),
        ({"MESSAGE": '{"error_code":"' + "x" * 90 + '"}'}, "x" * 50),
    ],
)
def test_error_code(fields: dict[str, Any], code: str | None) -> None:
    assert event(**fields).get("error_code") == code


TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("fields", "trace", "span"),
    [
        ({"TRACE_ID": TRACE.upper(), "SPAN_ID": SPAN}, TRACE, SPAN),
        ({"OTEL_TRACE_ID": TRACE, "OTEL_SPAN_ID": SPAN}, TRACE, SPAN),
        ({"TRACE_ID": SPAN}, SPAN, None),
        ({"TRACE_ID": "not hex"}, None, None),
        ({"TRACE_ID": "0" * 32, "SPAN_ID": TRACE}, None, None),
        ({"MESSAGE": f'{{"msg":"x","traceId":"{TRACE}","span_id":"{SPAN}"}}'}, TRACE, SPAN),
        ({"MESSAGE": f'{{"msg":"x","traceparent":"00-{TRACE}-{SPAN}-01"}}'}, TRACE, SPAN),
        ({"MESSAGE": f"traceparent: 00-{TRACE}-{SPAN}-01 done"}, TRACE, SPAN),
        ({"MESSAGE": f"paid trace_id={TRACE} span_id={SPAN}"}, TRACE, SPAN),
        ({"MESSAGE": f"paid trace_id={TRACE}ff"}, None, None),
        ({"MESSAGE": f"commit {TRACE}"}, None, None),
    ],
)
def test_trace_and_span(fields: dict[str, Any], trace: str | None, span: str | None) -> None:
    made = event(**fields)
    assert (made.get("trace_id"), made.get("span_id")) == (trace, span)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"MESSAGE_ID": "be02cf6855d2428ba40df7e9d022f03d"}, "unit.failed"),
        ({"MESSAGE_ID": "A596D6FE7BFA4994828E72309E95D61E"}, "journal.dropped"),
        ({"_TRANSPORT": "kernel", "MESSAGE": "Out of memory: Killed process 7 (x)"}, "kernel.oom"),
        ({"_TRANSPORT": "kernel", "MESSAGE": "usb 1-1: new device"}, "kernel"),
        ({"_TRANSPORT": "audit", "MESSAGE": "x"}, "audit"),
        ({"_TRANSPORT": "stdout", "MESSAGE": "Out of memory: Killed process 7"}, "log"),
        ({"MESSAGE_ID": "0" * 32}, "log"),
    ],
)
def test_event_type(fields: dict[str, Any], kind: str) -> None:
    assert event(**fields)["event_type"] == kind


@pytest.mark.skipif(not HEADER.exists(), reason="needs the headers of libsystemd")
def test_every_message_id_is_one_of_systemd() -> None:
    ids = re.findall(r"SD_ID128_MAKE\(([0-9a-f,]+)\)", HEADER.read_text(encoding="utf-8"))
    assert set(EVENT_TYPES) <= {each.replace(",", "") for each in ids}
    assert len(EVENT_TYPES) == len(set(EVENT_TYPES.values())) == 26
