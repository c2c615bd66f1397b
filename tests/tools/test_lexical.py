"""Shared words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.lexical import LexicalIndex, words
from tools.stems import stem
from tools.synonyms import alike

texts = st.lists(st.text("abcdefg hijkl_XY9", max_size=40), max_size=12)


def test_words_of_names() -> None:
    """camelCase, snake_case and acronyms are split, short parts dropped, case ignored."""
    assert words("HTTPServerError in order_items of a DB") == [
        "http",
        "server",
        "error",
        "order",
        "items",
    ]


def test_rarer_words_weigh_more() -> None:
    """A text that shares the rare word beats those that share the common one."""
    index = LexicalIndex()
    index.add(["disk failed", "disk mounted", "disk full", "payment declined"])
    scores = index.scores("declined disk")
    assert scores.argmax() == 3
    assert all(scores > 0)


def test_texts_may_be_added_later() -> None:
    """Positions go on counting over several additions."""
    index = LexicalIndex()
    index.add(["alpha one", "beta two"])
    index.add(["gamma three"])
    assert index.scores("gamma").nonzero()[0].tolist() == [2]
    assert not index.scores("").any()
    assert not index.scores("nothing of it").any()


def test_an_empty_index() -> None:
    """Without texts nothing matches."""
    index = LexicalIndex()
    assert index.scores("word").tolist() == []
    index.add(["", "--"])
    assert index.scores("word").tolist() == [0, 0]


@pytest.mark.parametrize(
    ("asked", "logged"),
    [
        ("fails", "failed"),
        ("failing", "fail"),
        ("retried", "retries"),
        ("authentications", "authentication"),
        ("stopping", "stopped"),
        ("caches", "cache"),
        ("user's", "users"),
    ],
)
def test_forms_of_a_word_are_one_word(asked: str, logged: str) -> None:
    """A question in another form of the word meets the text."""
    assert stem(asked) == stem(logged)


def test_a_word_of_the_same_meaning_counts_less() -> None:
    """Another word for the thing is worth something, the thing's own word more."""
    index = LexicalIndex()
    index.add(["request refused", "request denied", "request queued", "backup done"])
    own, alike_, other, none = index.scores("refused").tolist()
    assert alike_ == pytest.approx(0.7 * own)
    assert other == none == 0


def test_alike_goes_both_ways() -> None:
    """What is like a word is a word that it is like; no word is like itself."""
    for word in ("stop", "memori", "memory", "fail", "disk"):
        assert word not in alike(word)
        assert all(word in alike(other) for other in alike(word))
    assert alike("zebra") == frozenset()


@given(texts, st.text("abcdefg hijkl_XY9", max_size=40))
def test_scores_are_of_texts_that_share_a_word(added: list[str], query: str) -> None:
    """Exactly the texts with a word's stem in common score, between 0 and k1 + 1."""
    index = LexicalIndex()
    index.add(added)
    scores = index.scores(query)
    asked = set(map(stem, words(query)))
    shared = [bool(asked & set(map(stem, words(text)))) for text in added]
    assert (scores > 0).tolist() == shared
    assert all(scores <= 2.2)


@given(texts, texts, st.text("abcdefg hijkl", max_size=20))
def test_one_by_one_is_all_at_once(first: list[str], second: list[str], query: str) -> None:
    """The index does not remember in how many steps it was made."""
    stepwise, whole = LexicalIndex(), LexicalIndex()
    stepwise.add(first)
    stepwise.add(second)
    whole.add(first + second)
    assert stepwise.scores(query).tolist() == whole.scores(query).tolist()
