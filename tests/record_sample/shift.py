"""Moves entries from the seconds in which they were recorded to their place in the plan.

All entries of a scene move by the same number of microseconds, and so do the clock
readings programs wrote into their own text. Nothing else of an entry is changed.
"""

import bisect
import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from export import Entry, first

# How programs write the time, as strftime formats with the pattern that finds them.
CLOCKS = [
    (rb"\d{4}-\d\d-\d\d([ T])\d\d:\d\d:\d\d", "%Y-%m-%d{0}%H:%M:%S"),  # JSON, chrony, MariaDB
    (rb"\d{4}-\d\d-\d\d( +)\d:\d\d:\d\d", None),  # MariaDB, hours before ten
    (rb"\d\d\d\d\d\d( +)\d?\d:\d\d:\d\d", None),  # InnoDB's short form
    (rb"\d\d/[A-Z][a-z][a-z]/\d{4}():\d\d:\d\d:\d\d", "%d/%b/%Y:%H:%M:%S"),  # nginx, haproxy
    (rb"\d{4}/\d\d/\d\d( )\d\d:\d\d:\d\d", "%Y/%m/%d %H:%M:%S"),  # rsync
    (rb"\d{4}-\d\d-\d\d( )\d\d:\d\d(?!:)", "%Y-%m-%d %H:%M"),  # logrotate
    (rb"\b\d{4}-\d\d-\d\d()\b(?![ T]+\d)", "%Y-%m-%d"),  # a date alone, in a file name
]
TEXTS = {b"MESSAGE", b"_CMDLINE", b"SYSLOG_RAW"}
SYSLOG_CLOCK = re.compile(rb"^[A-Z][a-z][a-z] [ \d]\d \d\d:\d\d:\d\d")


class Move(NamedTuple):
    """One scene: when it began, how far it goes."""

    began: int
    by: int


def moves(marks: list[dict[str, int]]) -> list[Move]:
    """The scenes of a host, the first one reaching back to its very first entry."""
    # Whole seconds, so that text which shows only seconds still agrees with the entry.
    found = [
        Move(mark["began"], round((mark["planned"] - mark["began"]) / 1e6) * 1_000_000)
        for mark in marks
    ]
    return [Move(0, found[0].by), *found[1:]]


def move_text(text: bytes, by: int) -> bytes:
    """The same text, its clock readings moved."""
    for pattern, form in CLOCKS:
        text = re.sub(pattern, lambda match, form=form: move_clock(match, form, by), text)
    return text


def move_clock(match: re.Match[bytes], form: str | None, by: int) -> bytes:
    """One clock reading. MariaDB pads the hour with a blank, which strftime cannot say."""
    text, gap = match[0].decode(), match[1].decode()
    parsed = form or ("%Y-%m-%d %H:%M:%S" if "-" in text else "%y%m%d %H:%M:%S")
    parsed = parsed.format(gap)
    try:
        then = datetime.strptime(re.sub(" +", " ", text), parsed).replace(tzinfo=UTC)
    except ValueError:
        return match[0]
    if parsed == "%Y-%m-%d":
        then += timedelta(hours=12)
    now = then + timedelta(microseconds=by)
    if form is None:
        return f"{now.strftime(parsed.split()[0])} {now.hour:>2}:{now:%M:%S}".encode()
    return now.strftime(parsed).encode()


def move_cursor(cursor: bytes, realtime: int, monotonic: int) -> bytes:
    """A cursor with new t= and m= parts."""
    cursor = re.sub(rb";m=[0-9a-f]+", b";m=%x" % monotonic, cursor)
    return re.sub(rb";t=[0-9a-f]+", b";t=%x" % realtime, cursor)


def move_entry(entry: Entry, scenes: list[Move], booted: int) -> Entry:
    """One entry in its new place; booted is when the host started, in the plan."""
    was = int(first(entry, b"__REALTIME_TIMESTAMP"))
    by = scenes[bisect.bisect_right(scenes, was, key=lambda one: one.began) - 1].by
    realtime, monotonic = was + by, was + by - booted
    source = int(first(entry, b"_SOURCE_REALTIME_TIMESTAMP") or was) + by
    stamp = datetime.fromtimestamp(source // 1_000_000, UTC).strftime("%b %e %H:%M:%S").encode()

    new = {
        b"__CURSOR": move_cursor(first(entry, b"__CURSOR"), realtime, monotonic),
        b"__REALTIME_TIMESTAMP": b"%d" % realtime,
        b"__MONOTONIC_TIMESTAMP": b"%d" % monotonic,
        b"_SOURCE_REALTIME_TIMESTAMP": b"%d" % source,
        b"SYSLOG_TIMESTAMP": SYSLOG_CLOCK.sub(stamp, first(entry, b"SYSLOG_TIMESTAMP")),
    }
    return [
        field._replace(
            value=move_text(field.value, by)
            if field.name in TEXTS
            else new.get(field.name, field.value)
        )
        for field in entry
    ]
