"""The saved position and the small files beside it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.checkpoint import Checkpoint, write_durably
from shipper.entries import order_number
from shipper.errors import BadPosition, ShipperError
from shipper.lock import alone
from shipper.recent import Recent


@given(st.text(min_size=1), st.integers(0, 2**60))
def test_what_is_saved_is_loaded(
    tmp_path_factory: pytest.TempPathFactory, cursor: str, realtime: int
) -> None:
    path = tmp_path_factory.mktemp("state") / "position.json"
    encodable = cursor.encode("utf-8", "replace").decode()
    Checkpoint(path).save(encodable, realtime, {"counters": []})
    checkpoint = Checkpoint(path)
    checkpoint.load()

    assert (checkpoint.cursor, checkpoint.realtime_us) == (encodable, realtime)
    assert checkpoint.ledger == {"counters": []}


def test_a_crash_while_saving_leaves_the_last_position(tmp_path: Path) -> None:
    path = tmp_path / "position.json"
    Checkpoint(path).save("one", 1, None)
    path.with_name("position.json.tmp").write_bytes(b'{"half')
    checkpoint = Checkpoint(path)
    checkpoint.load()

    assert checkpoint.cursor == "one"


def test_writers_of_one_file_do_not_trip_over_each_other(tmp_path: Path) -> None:
    """Each write takes place, whole, and leaves nothing beside the file."""
    path = tmp_path / "files.status.json"
    texts = [bytes([65 + n % 26]) * 2_000 for n in range(200)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda text: write_durably(path, text), texts))

    assert path.read_bytes() in texts
    assert list(tmp_path.iterdir()) == [path]


def test_no_file_is_a_fresh_start(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "none")
    checkpoint.load()

    assert checkpoint.cursor is None


def test_every_flipped_byte_is_noticed_or_harmless(tmp_path: Path) -> None:
    path = tmp_path / "position.json"
    Checkpoint(path).save("s=ab;i=1;b=2", 7, None)
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        with pytest.raises(BadPosition):
            Checkpoint(path).load()


def test_two_shippers_cannot_share_a_position(tmp_path: Path) -> None:
    second = alone(tmp_path / "lock")
    with alone(tmp_path / "lock"), pytest.raises(ShipperError, match="another shipper"):
        second.__enter__()


def test_recent_remembers_at_least_its_size() -> None:
    recent = Recent(100)
    for number in range(1_000):
        recent.add(str(number))
        assert all(str(one) in recent for one in range(max(0, number - 99), number + 1))
    assert "700" not in recent


@pytest.mark.parametrize(
    ("cursor", "number"),
    [
        ("s=ab;i=1f;b=0", ("ab", 31)),
        ("s=ab;i=;b=0", None),
        ("x=ab;n=1", None),
        ("", None),
        ("s=ab", None),
    ],
)
def test_order_numbers(cursor: str, number: tuple[str, int] | None) -> None:
    assert order_number(cursor) == number
