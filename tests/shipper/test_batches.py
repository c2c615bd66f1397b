"""Batches keep to their bounds and lose nothing, whatever comes."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from shipper.batches import Batch, Batcher, Item, Limits

sizes = st.lists(st.integers(min_value=2, max_value=400), max_size=60)
limits = st.builds(
    Limits,
    entries=st.integers(1, 20),
    size=st.integers(50, 1_000),
    seconds=st.floats(0, 5),
)


def items(lengths: list[int]) -> list[Item]:
    return [
        Item(f"c{at}", at, b'"' + b"x" * (length - 2) + b'"') for at, length in enumerate(lengths)
    ]


@given(sizes, limits)
def test_all_items_leave_in_order_and_within_the_bounds(lengths: list[int], bounds: Limits) -> None:
    batcher = Batcher(bounds)
    for item in items(lengths):
        batcher.add(item, 0.0)
    left = []
    while batcher:
        batch = batcher.take(1.0)
        assert 1 <= len(batch.items) <= bounds.entries
        assert len(batch.body()) <= bounds.size or len(batch.items) == 1
        left += batch.items

    assert left == items(lengths)


@given(sizes, limits)
def test_a_batch_is_due_by_count_by_size_or_by_age(lengths: list[int], bounds: Limits) -> None:
    batcher = Batcher(bounds)
    for item in items(lengths):
        batcher.add(item, 100.0)

    assert batcher.due(100.0 + bounds.seconds + 0.001) == bool(lengths)
    assert batcher.full() or len(lengths) < bounds.entries
    if lengths and not batcher.full():
        assert batcher.wait(100.0) <= bounds.seconds + 1e-9


def test_age_counts_from_the_first_item() -> None:
    batcher = Batcher(Limits(seconds=1.0))
    one, two = items([5, 5])
    batcher.add(one, 10.0)
    batcher.add(two, 10.9)

    assert not batcher.due(10.95)
    assert batcher.due(11.0)


@given(sizes)
def test_a_body_is_the_json_of_its_events(lengths: list[int]) -> None:
    batch = Batch(items(lengths))

    assert orjson.loads(batch.body())["events"] == [orjson.loads(one.body) for one in batch.items]
