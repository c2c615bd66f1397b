"""The time at the beginning of a line."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.line_times import DAY_US, INHERITING, Around, Clock, time_in_json, time_in_text

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT = datetime(2026, 11, 24, 10, 0, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def around(before: datetime | None = None, now: datetime = NOW) -> Around:
    above = None if before is None else micros(before)
    return Around(above, micros(now), micros(now) + DAY_US, UTC)


def read(text: str, judged_by: Around | None = None) -> datetime | None:
    found = time_in_text(text, judged_by or around())
    return found and datetime.fromtimestamp(found[0] / 1e6, UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T10:00:01Z up",
        "2026-11-24 10:00:01 up",
        "2026-11-24T11:00:01+01:00 up",
        "2026-11-24T11:00:01+0100 up",
        "2026-11-24 11:00:01+01 up",
        "2026-11-24 10:00:01 UTC [77] LOG: up",
        "[2026-11-24 10:00:01] up",
        "20261124T100001Z up",
        "2026/11/24 10:00:01 [error] 7#7: *1 connect() failed",
        "Nov 24 10:00:01 web-01 sshd[7]: up",
        "<34>Nov 24 10:00:01 web-01 su: up",
        "<34>1 2026-11-24T10:00:01Z web-01 su - - - up",
        "Nov 24 2026 10:00:01 asa: up",
        "[Tue Nov 24 10:00:01 2026] [core:error] up",
        "Tue, 24 Nov 2026 10:00:01 GMT up",
        '10.0.0.7 - - [24/Nov/2026:10:00:01 +0000] "GET / HTTP/1.1" 200 5',
        'www.example.org:80 10.0.0.7 - jo [24/Nov/2026:11:00:01 +0100] "GET /"',
        "24-Nov-2026 10:00:01 named: up",
        "1234:M 24 Nov 2026 10:00:01 * up",
        "E1124 10:00:01 7 main.go:7] up",
        "1795514401 up",
        "1795514401000 up",
        "time=2026-11-24T10:00:01Z level=info",
        'ts="2026-11-24 10:00:01" msg=up',
        "ERROR 2026-11-24 10:00:01 up",
        "[WARN] 2026-11-24 10:00:01 up",
        "\ufeff2026-11-24 10:00:01 up",
    ],
)
def test_forms_of_a_time(text: str) -> None:
    assert read(text) == AT


@pytest.mark.parametrize(
    ("text", "fraction"),
    [
        ("2026-11-24 10:00:01,123 INFO up", 123_000),
        ("2026-11-24T10:00:01.123456789Z up", 123_456),
        ("1795514401.5 up", 500_000),
        ("1795514401007 up", 7_000),
        ("[Tue Nov 24 10:00:01.25 2026] up", 250_000),
        ("I1124 10:00:01.000009 7 main.go:7] up", 9),
    ],
)
def test_fractions_of_a_second(text: str, fraction: int) -> None:
    assert read(text) == AT.replace(microsecond=fraction)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "up since 2026-11-24 10:00:01",
        "2026-13-24 10:00:01 no such month",
        "2026-02-30 10:00:01 no such day",
        "1970-01-01 00:00:07 a clock that was never set",
        "2031-01-01 00:00:00 the future",
        "1795514401-7 a number",
        "17955144010 another",
        "12:00:01 no day",
        "10.0.0.7 - - [hello] 24/Nov/2026:10:00:01",
        "   at com.example.Main(Main.java:7)",
    ],
)
def test_what_is_no_believable_time(text: str) -> None:
    assert read(text) is None


def test_a_naive_time_is_in_the_zone_of_the_host() -> None:
    zoned = Around(None, micros(NOW), micros(NOW), BERLIN)

    assert read("2026-11-24 11:00:01 up", zoned) == AT
    assert read("2026-11-24T10:00:01Z up", zoned) == AT
    assert read("Nov 24 11:00:01 web-01 su: up", zoned) == AT


@pytest.mark.parametrize(
    ("text", "before", "now", "year"),
    [
        ("Dec 31 23:59:59 h p: x", None, datetime(2027, 1, 1, tzinfo=UTC), 2026),
        ("Jan  1 00:00:01 h p: x", None, datetime(2027, 1, 1, tzinfo=UTC), 2027),
        ("Nov 25 11:00:00 h p: x", None, NOW, 2026),  # a clock half a day ahead
        ("Nov 26 10:00:00 h p: x", None, NOW, 2025),
        ("Feb 29 10:00:00 h p: x", None, NOW, 2024),
        ("Jan  2 00:00:00 h p: x", datetime(2024, 12, 31, tzinfo=UTC), NOW, 2025),
        ("Dec 30 00:00:00 h p: x", datetime(2024, 12, 31, tzinfo=UTC), NOW, 2024),
        ("Sep  1 00:00:00 h p: x", datetime(2025, 12, 31, tzinfo=UTC), NOW, 2026),
        ("Dec  1 00:00:00 h p: x", datetime(2026, 11, 1, tzinfo=UTC), NOW, 2025),
    ],
)
def test_a_year_that_is_left_out(
    text: str, before: datetime | None, now: datetime, year: int
) -> None:
    found = read(text, around(before, now))

    assert found is not None
    assert found.year == year


@given(st.text(max_size=120))
def test_any_text_raises_nothing(text: str) -> None:
    found = time_in_text(text, around())

    assert found is None or 0 < found[1] <= len(text)


@given(st.datetimes(datetime(1990, 1, 2), datetime(2026, 11, 24)), st.sampled_from("T "))
def test_iso_times_come_back(moment: datetime, between: str) -> None:
    assert read(f"{moment.isoformat(between, 'microseconds')} x") is not None
    found = time_in_text(f"{moment.isoformat(between, 'microseconds')}Z x", around())

    assert found is not None
    assert found[0] == micros(moment.replace(tzinfo=UTC))


@given(st.datetimes(datetime(2025, 12, 1), datetime(2026, 11, 24, 12)))
def test_syslog_times_of_the_past_year_come_back(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)

    assert read(f"{moment:%b} {moment.day:2} {moment:%T} host prog: x") == moment


@pytest.mark.parametrize(
    "fields",
    [
        {"time": "2026-11-24T10:00:01Z"},
        {"@timestamp": "2026-11-24T10:00:01.000Z"},
        {"ts": 1795514401},
        {"ts": 1795514401.0},
        {"ts": "1795514401"},
        {"time": 1795514401000},
        {"time": True, "timestamp": [], "date": "2026-11-24 10:00:01"},
    ],
)
def test_the_time_of_a_json_line(fields: dict[str, object]) -> None:
    assert time_in_json(fields, around()) == micros(AT)


def test_a_json_line_without_a_time() -> None:
    assert time_in_json({"time": "soon", "ts": -5, "t": 1e300, "date": None}, around()) is None


def test_a_time_is_in_force_for_so_many_lines() -> None:
    clock = Clock().behind(7)
    for _ in range(INHERITING):
        clock = clock.behind(None)
    assert clock.in_force == 7
    assert clock.behind(None).in_force is None
    assert clock.behind(None).behind(9).in_force == 9
    assert Clock().behind(None).in_force is None
