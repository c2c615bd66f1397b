"""A range is cut into days, hours, minutes and rows that cover it once."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sql.spans import WIDTHS, floor, stretches

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 3, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)
ENDS = st.one_of(
    MOMENTS,
    MOMENTS.map(lambda moment: moment.replace(second=0, microsecond=0)),
    MOMENTS.map(lambda moment: moment.replace(minute=0, second=0, microsecond=0)),
    MOMENTS.map(lambda moment: moment.replace(hour=0, minute=0, second=0, microsecond=0)),
)

LATER = datetime(2026, 4, 1, tzinfo=UTC)


def pieces(given_: dict[str, datetime]) -> list[tuple[datetime, datetime, str]]:
    """The stretches in order of time, each with its kind."""
    names = [name.removesuffix("_start") for name in given_ if name.endswith("_start")]
    return sorted((given_[f"{n}_start"], given_[f"{n}_end"], n.rpartition("_")[0]) for n in names)


@given(ENDS, ENDS, st.sampled_from([None, 60, 300, 3600, 7200, 86_400, 90_000]))
def test_the_pieces_cover_the_range_once(start: datetime, end: datetime, width: int | None) -> None:
    """They follow one another from start to end, on whole spans, and are few."""
    assume(start != end)
    start, end = min(start, end), max(start, end)
    found = pieces(stretches(start, end, width))
    assert (found[0][0], found[-1][1]) == (start, end)
    assert all(one[1] == two[0] for one, two in pairwise(found))
    assert len(found) <= 7
    for first, last, kind in found:
        assert first < last
        if kind != "rows":
            span = timedelta(seconds=WIDTHS[kind])
            assert (floor(first, span), floor(last, span)) == (first, last)
            assert width is None or width % WIDTHS[kind] == 0


@given(ENDS, ENDS)
def test_no_piece_could_be_coarser(start: datetime, end: datetime) -> None:
    """Rows are read of less than a minute at either end, minutes of less than an hour."""
    start, end = min(start, end), max(start, end)
    longest = {
        "rows": timedelta(minutes=2),
        "minute": timedelta(hours=2),
        "hour": timedelta(days=2),
    }
    for first, last, kind in pieces(stretches(start, end)):
        if kind in longest:
            assert last - first < longest[kind]


@given(ENDS, ENDS, st.sampled_from([None, 60, 3600, 7200, 86_400]), ENDS)
def test_taking_away_leaves_the_range(
    start: datetime, end: datetime, width: int | None, now: datetime
) -> None:
    """What is whole less what is taken away is the range, moment by moment, of few spans."""
    assume(start != end)
    start, end = min(start, end), max(start, end)
    found = pieces(stretches(start, end, width, now))
    edges = sorted({start, end, *(moment for piece in found for moment in piece[:2])})
    for moment in edges:
        held = [kind for first, last, kind in found if first <= moment < last]
        sign = sum(-1 if kind.startswith("less") else 1 for kind in held)
        assert sign == (start <= moment < end)
    for first, last, kind in found:
        if not kind.endswith("rows"):
            span = timedelta(seconds=WIDTHS[kind.removeprefix("less_")])
            assert (floor(first, span), floor(last, span)) == (first, last)
    for name in (*WIDTHS, "rows"):  # the statement tells by its time whether a count is taken away
        same = [piece for piece in found if piece[2].removeprefix("less_") == name]
        assert all(one[1] <= two[0] for one, two in pairwise(same))


@pytest.mark.parametrize(
    ("start", "end", "kind"),
    [("11:59", "12:01", "minute"), ("10:25", "10:35", "minute"), ("09:00", "15:00", "hour")],
)
def test_nothing_is_taken_away_where_more_is_read_for_it(start: str, end: str, kind: str) -> None:
    """Two minutes around noon are two minutes, and not a day less the rest of it."""
    first, last = (datetime.fromisoformat(f"2026-01-05T{clock}Z") for clock in (start, end))
    assert pieces(stretches(first, last, now=LATER)) == [(first, last, kind)]


@given(ENDS, ENDS)
def test_taking_away_reads_half_a_span_at_most(start: datetime, end: datetime) -> None:
    """Of a day at most twelve hours are read at either end, of an hour thirty minutes."""
    start, end = min(start, end), max(start, end)
    longest = {"hour": timedelta(hours=12), "minute": timedelta(minutes=30)}
    for first, last, kind in pieces(stretches(start, end, now=LATER)):
        span = kind.removeprefix("less_")
        if span in longest and end - start >= timedelta(days=2):
            assert last - first <= longest[span]


@given(ENDS, ENDS)
def test_nothing_is_read_before_an_end_that_is_now(start: datetime, end: datetime) -> None:
    """The spans that it cuts are whole, and what is taken away of them lies ahead."""
    start, end = min(start, end), max(start, end)
    assume(end - start >= timedelta(days=2))
    for first, last, kind in pieces(stretches(start, end, now=end)):
        assert kind == "day" or first >= end or last <= start + timedelta(days=1)


def test_an_open_range_is_days() -> None:
    """Without an end the counts of this very day are taken as they stand."""
    assert {kind for _, _, kind in pieces(stretches(None, None))} == {"day"}
