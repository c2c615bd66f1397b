"""Levels: six in order, many names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.levels import SYNONYMS, Level

ORDER = ["DEBUG", "INFO", "WARN", "ERROR", "CRITICAL", "FATAL"]


def test_the_order() -> None:
    """The levels rise from DEBUG to FATAL."""
    assert [level.value for level in Level] == ORDER
    assert [level.rank for level in Level] == list(range(6))


@given(st.sampled_from(sorted(SYNONYMS)), st.sampled_from([str.lower, str.upper, str.title]))
def test_names_in_any_case(name: str, case: object) -> None:
    """Every usual name is understood in any case and with spaces around it."""
    assert callable(case)
    assert Level(case(name)) is SYNONYMS[name]
    assert Level(f" {case(name)}\t") is SYNONYMS[name]


@pytest.mark.parametrize("level", list(Level))
def test_at_least(level: Level) -> None:
    """`at_least` is the level and all above it, and nothing else."""
    above = Level.at_least(level)
    assert above == [other for other in Level if other.rank >= level.rank]


@given(st.one_of(st.text(max_size=20), st.integers(), st.none(), st.lists(st.text(), max_size=2)))
def test_other_values_are_no_level(value: object) -> None:
    """Whatever is no known name is a ValueError, never a guess."""
    if str(value).strip().upper() in SYNONYMS:
        return
    with pytest.raises(ValueError, match="is not a valid Level"):
        Level(value)  # type: ignore[arg-type]  # senders write anything
