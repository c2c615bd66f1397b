"""Shared words."""

from hypothesis import given
from hypothesis import strategies as st

from tools.lexical import LexicalIndex, words

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
    assert max(scores, key=lambda position: scores[position]) == 3
    assert set(scores) == {0, 1, 2, 3}


def test_texts_may_be_added_later() -> None:
    """Positions go on counting over several additions."""
    index = LexicalIndex()
    index.add(["alpha one", "beta two"])
    index.add(["gamma three"])
    assert set(index.scores("gamma")) == {2}
    assert index.scores("") == {}
    assert index.scores("nothing alike") == {}


def test_an_empty_index() -> None:
    """Without texts nothing matches."""
    index = LexicalIndex()
    assert index.scores("word") == {}
    index.add(["", "--"])
    assert index.scores("word") == {}


@given(texts, st.text("abcdefg hijkl_XY9", max_size=40))
def test_scores_are_of_texts_that_share_a_word(added: list[str], query: str) -> None:
    """Exactly the texts with a word in common score, between 0 and k1 + 1."""
    index = LexicalIndex()
    index.add(added)
    scores = index.scores(query)
    asked = set(words(query))
    assert set(scores) == {n for n, text in enumerate(added) if asked & set(words(text))}
    assert all(0 < score <= 2.2 for score in scores.values())


@given(texts, texts, st.text("abcdefg hijkl", max_size=20))
def test_one_by_one_is_all_at_once(first: list[str], second: list[str], query: str) -> None:
    """The index does not remember in how many steps it was made."""
    stepwise, whole = LexicalIndex(), LexicalIndex()
    stepwise.add(first)
    stepwise.add(second)
    whole.add(first + second)
    assert stepwise.scores(query) == whole.scores(query)
