"""The gap ledger, fed with order numbers of one or more sources."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from shipper.gaps import Ledger


def feed(ledger: Ledger, *numbers: int, source: str = "a") -> None:
    for number in numbers:
        ledger.note(f"s={source};i={number:x};b=0", number * 1_000)


def missing(ledger: Ledger) -> list[tuple[int, int]]:
    return [(first, last) for first, last, _, _ in ledger.holes()]


def test_numbers_in_a_row_leave_no_hole() -> None:
    ledger = Ledger()
    feed(ledger, *range(5, 500))

    assert missing(ledger) == []


def test_a_jump_is_a_hole_until_it_is_filled() -> None:
    ledger = Ledger()
    feed(ledger, 1, 2, 10)
    assert missing(ledger) == [(3, 9)]
    feed(ledger, 5, 3, 9)
    assert missing(ledger) == [(4, 4), (6, 8)]
    feed(ledger, 4, 6, 7, 8)
    assert missing(ledger) == []


def test_sources_of_one_journal_share_their_numbers() -> None:
    ledger = Ledger()
    feed(ledger, 1, 2)
    feed(ledger, 3, source="user")
    feed(ledger, 4)
    feed(ledger, 5, 6, source="user")
    feed(ledger, 8)

    assert missing(ledger) == [(7, 7)]


def test_a_source_noticed_late_fills_the_hole_it_left() -> None:
    ledger = Ledger()
    feed(ledger, 1, 2, 5)
    feed(ledger, 3, 4, source="user")

    assert missing(ledger) == []


def test_unrelated_counters_do_not_meet() -> None:
    ledger = Ledger()
    feed(ledger, 100, 101, 102)
    feed(ledger, 1, 2, 4, source="after-a-wipe")
    feed(ledger, 103)

    assert missing(ledger) == [(3, 3)]


def test_sources_found_to_share_a_counter_are_joined() -> None:
    ledger = Ledger()
    feed(ledger, 10, 11)
    feed(ledger, 500, source="user")
    feed(ledger, 501)
    feed(ledger, 502, source="user")

    assert missing(ledger) == []


def test_one_wild_number_is_no_gap() -> None:
    ledger = Ledger()
    feed(ledger, 1, 2, 3, 1 << 30, 4, 5, 1 << 62, 6)

    assert missing(ledger) == []


def test_a_long_jump_counts_once_it_is_confirmed() -> None:
    ledger = Ledger()
    feed(ledger, 103, 31_915)
    assert missing(ledger) == []
    feed(ledger, 31_916)
    assert missing(ledger) == [(104, 31_914)]


def test_a_long_jump_met_backward_counts_as_well() -> None:
    ledger = Ledger()
    feed(ledger, 1, 20_000, 19_999, 19_998)

    assert missing(ledger) == [(2, 19_997)]


def test_what_a_sweep_did_not_find_is_lost() -> None:
    ledger = Ledger()
    feed(ledger, 1, 2, 10)
    ledger.begin_sweep()
    feed(ledger, 5)

    assert ledger.settle() == 6
    assert missing(ledger) == []
    assert [(loss.start_us, loss.end_us, loss.missing) for loss in ledger.lost] == [
        (2_000, 5_000, 2),
        (5_000, 10_000, 4),
    ]


def test_a_hole_that_came_after_the_sweep_stays_open() -> None:
    ledger = Ledger()
    feed(ledger, 1, 3)
    ledger.begin_sweep()
    ledger.settle()
    feed(ledger, 5)

    assert missing(ledger) == [(4, 4)]
    assert ledger.lost_in_all == 1


def test_headers_tell_what_lies_beyond_the_end_of_reading() -> None:
    ledger = Ledger()
    feed(ledger, 1, 2)
    assert not ledger.behind({"a": (2, 2_000), "unknown": (900, 0)})
    assert not ledger.behind({"a": (1 << 60, 9_000)})
    assert ledger.behind({"a": (7, 9_000)})
    ledger.expect({"a": (7, 9_000)})

    assert missing(ledger) == [(3, 7)]


def test_what_the_rate_limit_dropped_is_lost_once() -> None:
    ledger = Ledger()
    feed(ledger, 1)
    for _ in range(2):
        ledger.note("s=a;i=2;b=0", 2_000, dropped=40)

    assert [loss.missing for loss in ledger.lost] == [40]


def test_reported_losses_are_forgotten_but_counted() -> None:
    ledger = Ledger()
    feed(ledger, 1, 3, 5)
    ledger.begin_sweep()
    ledger.settle()
    ledger.reported(1)

    assert len(ledger.lost) == 1
    assert ledger.lost_in_all == 2


def test_many_unreported_losses_are_joined_and_none_is_dropped() -> None:
    ledger = Ledger()
    feed(ledger, *range(1, 6_001, 2))
    ledger.begin_sweep()
    ledger.settle()

    assert len(ledger.lost) == 1_000
    assert sum(loss.missing for loss in ledger.lost) == 2_999


numbers = st.lists(st.integers(1, 400), unique=True, min_size=1)


@given(numbers, st.data())
def test_the_holes_are_exactly_what_did_not_come(came: list[int], data: st.DataObject) -> None:
    ledger = Ledger()
    feed(ledger, 0, *came)
    holes = {one for first, last in missing(ledger) for one in range(first, last + 1)}

    assert holes == set(range(max(came))) - set(came) - {0}


@given(numbers)
def test_a_ledger_survives_a_restart(came: list[int]) -> None:
    ledger = Ledger()
    feed(ledger, 0, *came)
    again = Ledger(orjson.loads(orjson.dumps(ledger.saved())))
    feed(ledger, 401, 402)
    feed(again, 401, 402)

    assert again.saved() == ledger.saved()
