"""Light stemming: enough that `retry`, `retries` and `retried` are one word."""

from functools import lru_cache

_ENDINGS = ("ations", "ation", "ings", "ing", "ied", "ed", "ies", "es", "s")
_SHORTEST = 3
_ROOM = 4


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The word without its ending; what is left need not be a word."""
    word = word.removesuffix("'s")
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            word = word[: -len(ending)]
            break
    if len(word) >= _ROOM and word[-1] in "ey":
        word = word[:-1]
    if len(word) >= _ROOM and word[-1] == word[-2]:
        word = word[:-1]
    return word
