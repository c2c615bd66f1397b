"""The coarser mask: what varies is masked, what kind of event it is stays."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tools.coarse_masking import learn
from tools.masking import MASK, mask

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KINDS = (
    "login of {0} refused",
    "account {0} locked after too many attempts from {1}",
    "{0} renamed {1} in album {2}",
)


def name(chance: random.Random) -> str:
    """A word that no rule masks."""
    return "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randrange(4, 12)))


def patterns(count: int, seed: int) -> list[tuple[str, datetime]]:
    """Patterns of three kinds with random names, and of ten others, a minute apart."""
    chance = random.Random(seed)
    texts = [
        mask(chance.choice(KINDS).format(name(chance), name(chance), name(chance)))
        for _ in range(count)
    ]
    texts += [f"worker {word} has stopped" for word in "abcdefghij"]
    return [(text, NOW + timedelta(minutes=n)) for n, text in enumerate(texts)]


def test_names_vary_and_kinds_stay_apart() -> None:
    """Each kind has one coarse text, and its first time is that of its first pattern."""
    known = patterns(2_000, 1)
    learned = learn(known)
    fresh = patterns(500, 2)[:500]
    assert {learned.coarse(text) for text, _ in fresh} == {
        f"login of {MASK} refused",
        f"account {MASK} locked after too many attempts from {MASK}",
        f"{MASK} renamed {MASK} in album {MASK}",
    }
    assert set(learned.varying) == {learned.coarse(text) for text, _ in fresh}
    for kind, first in learned.varying.items():
        assert first == min(at for text, at in known if learned.coarse(text) == kind)


def test_what_few_patterns_share_is_no_kind_that_varies() -> None:
    """A kind of ten patterns among 2,000, and a text of new words alone, are left as they are."""
    learned = learn(patterns(2_000, 3))
    for text in ("worker k has stopped", "disk failure imminent", "login database corrupted"):
        assert learned.coarse(text) not in learned.varying


@given(st.lists(st.text(st.sampled_from("ab <*>.,"), max_size=12), max_size=60))
def test_learning_is_the_same_in_any_order(texts: list[str]) -> None:
    """The same patterns teach the same, and a coarse text is its own coarse text."""
    known = [(text, NOW) for text in texts]
    learned = learn(known)
    assert learned == learn(known[::-1])
    for text in texts:
        assert learned.coarse(learned.coarse(text)) == learned.coarse(text)
