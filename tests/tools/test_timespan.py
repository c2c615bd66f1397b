"""Times as people write them."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import BadArguments
from tools.timespan import parse_interval, parse_time

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    UTC,
    BERLIN,
    ZoneInfo("America/New_York"),
    ZoneInfo("Asia/Kathmandu"),
    ZoneInfo("Africa/Cairo"),
    timezone(timedelta(hours=-9, minutes=-30)),
]
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

ages = st.tuples(st.integers(0, 2000), st.sampled_from("smhdw"))
moments = st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30))


@given(st.lists(ages, min_size=1, max_size=3), st.sampled_from(["", " "]), st.booleans())
def test_an_age_counts_back_from_now(parts: list[tuple[int, str]], gap: str, loud: bool) -> None:
    """Ages add up, whatever their case and spaces, with or without `now -` and `ago`."""
    text = gap.join(f"{number}{gap}{unit}" for number, unit in parts)
    text = text.upper() if loud else text
    expected = NOW - timedelta(seconds=sum(number * SECONDS[unit] for number, unit in parts))
    if expected.year < 1970:
        return
    for written in (text, f"now-{text}", f"now - {text}", f" {text} ", f"{text} ago"):
        assert parse_time(written, NOW, BERLIN) == expected


@given(moments, st.sampled_from(ZONES))
def test_iso_with_a_zone_means_that_moment(moment: datetime, zone: ZoneInfo) -> None:
    """An aware time is itself, whatever the configured zone, and comes back in UTC."""
    aware = moment.replace(tzinfo=zone).astimezone(UTC)
    for written in (aware.isoformat(), aware.isoformat(" "), aware.astimezone(zone).isoformat()):
        parsed = parse_time(written, NOW, BERLIN)
        assert parsed == aware
        assert parsed.tzinfo is UTC
    assert parse_time(aware.isoformat().replace("+00:00", "Z"), NOW, BERLIN) == aware


@given(moments, st.sampled_from(ZONES))
def test_naive_iso_is_read_in_the_zone(moment: datetime, zone: ZoneInfo) -> None:
    """A time without an offset is a clock time of the configured zone."""
    expected = moment.replace(tzinfo=zone).astimezone(UTC)
    assert parse_time(moment.isoformat(), NOW, zone) == expected
    day = moment.date()
    begins = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    assert parse_time(day.isoformat(), NOW, zone) == begins


@given(st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1)), st.sampled_from(ZONES))
def test_days_begin_at_midnight_of_the_zone(moment: datetime, zone: ZoneInfo) -> None:
    """`today` is the latest start of a day in the zone, `yesterday` the one before."""
    now = moment.replace(tzinfo=UTC)
    today, yesterday = (parse_time(word, now, zone) for word in ("today", "yesterday"))
    assert parse_time("midnight", now, zone) == parse_time(" Today ", now, zone) == today
    assert today <= now < today + timedelta(hours=26)
    assert today.astimezone(zone).date() == now.astimezone(zone).date()
    assert yesterday.astimezone(zone).date() == now.astimezone(zone).date() - timedelta(days=1)
    assert timedelta(hours=22) <= today - yesterday <= timedelta(hours=26)


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        ("2026-03-30T10:00:00Z", 23),  # the Sunday before had 23 hours
        ("2026-10-26T10:00:00Z", 25),
        ("2026-07-01T10:00:00Z", 24),
    ],
)
def test_yesterday_is_a_day_of_the_clock(now: str, hours: int) -> None:
    """The day of a change to or from summer time has 23 or 25 hours."""
    moment = datetime.fromisoformat(now)
    today, yesterday = (parse_time(word, moment, BERLIN) for word in ("today", "yesterday"))
    assert today - yesterday == timedelta(hours=hours)


def test_an_hour_that_does_not_exist_is_still_a_moment() -> None:
    """Clock times within the hour that summer time skips or repeats are read, not refused."""
    skipped = parse_time("2026-03-29T02:30:00", NOW, BERLIN)
    assert skipped == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    repeated = parse_time("2026-10-25T02:30:00", NOW, BERLIN)
    assert repeated == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_now_is_now() -> None:
    """The word `now` is the moment of the question."""
    assert parse_time("NOW", NOW, BERLIN) == NOW


@given(st.one_of(st.text(max_size=80), st.text("0123456789smhdwnow-:TZ+. ago", max_size=40)))
def test_garbage_is_refused_by_name(text: str) -> None:
    """Any text is a moment from 1970 to 2200 or a BadArguments that names the field."""
    try:
        moment = parse_time(text, NOW, BERLIN, "end_time")
    except BadArguments as error:
        [told] = error.problems
        assert told["field"] == "end_time"
        assert told["value"] == text
    else:
        assert moment.tzinfo is not None
        assert 1970 <= moment.year <= 2200


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "h",
        "5 hours",
        "-1h",
        "1h later",
        "tomorrow",
        "2026-13-01",
        "2026-02-30",
        "25:00",
        "1969-12-31",
        "2200-01-02",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "9" * 5000 + "s",
        "1" * 400 + "w",
        "999999999999999w",
        "\x00",
        "\ud800",
    ],
)
def test_what_no_time_is(text: str) -> None:
    """Near misses, far times and numbers without end are refused."""
    with pytest.raises(BadArguments):
        parse_time(text, NOW, UTC)


@given(st.integers(1, 400), st.sampled_from("smhdw"))
def test_intervals(number: int, unit: str) -> None:
    """A width is its number of seconds, up to 366 days."""
    seconds = number * SECONDS[unit]
    if seconds <= 366 * 86_400:
        assert parse_interval(f" {number}{unit.upper()}") == seconds
    else:
        with pytest.raises(BadArguments):
            parse_interval(f"{number}{unit}")


@given(st.text(max_size=20))
def test_other_intervals_are_refused(text: str) -> None:
    """Any text is a width from a second to 366 days or refused by name."""
    with suppress(BadArguments):
        assert 1 <= parse_interval(text) <= 366 * 86_400
        assert re.fullmatch(r"\d+\s*[smhdw]", text.strip(), re.IGNORECASE)


@pytest.mark.parametrize("text", ["", "0m", "1h30m", "m", "5", "-5m", "9" * 5000 + "s"])
def test_what_no_interval_is(text: str) -> None:
    """Empty, zero, sums and numbers without end are no width."""
    with pytest.raises(BadArguments) as refused:
        parse_interval(text)
    assert refused.value.problems[0]["field"] == "interval"
