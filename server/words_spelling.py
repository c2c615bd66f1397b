"""Slips in the words that requests are made of: errros, yesterdya, minuets."""

import re

from rapidfuzz.distance import OSA

_REQUEST_WORDS = """
message after everywhere summarize summarise looks exactly often events event lines entries
records logged kinds something anything resemble resembling patterns template templates highest
lowest limit maximum newest debug which mention mentions contain frequent surrounding happened
happen level interval buckets errors error warnings warning critical criticals fatal fatals
yesterday minutes minute hours seconds service services similar pattern count average minimum
monday tuesday wednesday thursday friday saturday sunday weekend fortnight between since before
today messages containing contains mentioning oldest latest timeline morning compared different
changed around context severity hosts machine everything hourly month
"""
_VOCABULARY = tuple(_REQUEST_WORDS.split())
_WORDS = frozenset(_VOCABULARY)
_REAL_WORDS = """
lives limes liner liners witch whack winds kings minds evens event levels never lever bevel record
recorded logger lodged softer offer often template temple limits hour house course worse terror
mirror warming fetal vital natal country county mount amount font aunt found round ground post
most cost lost ghost horst host hosts hopes holes notes mouth moth north though simile since
science sence todays mining earning learning morning warding messaging massages passages services
device devices servers server latent lament charged chanced changes change compares compare
content contexts contest text averages minute minutes month months first counts counted fatally
battern batter eastern western before begore second seconds friday thursday sunday monday
"""
_REAL = frozenset(_REAL_WORDS.split())
_SHORTHAND = {
    "b4": "before", "2day": "today", "2nite": "tonight", "nite": "night", "lvl": "level",
    "yday": "yesterday", "eror": "error", "erro": "error", "errr": "error", "dbug": "debug",
    "fatl": "fatal", "wrn": "warn", "wanr": "warn",
}  # fmt: skip
"""Words as people type them in a chat, and slips in words of four letters."""

_WORD = re.compile(rf"(?<![\w.@/-])(?:{'|'.join(_SHORTHAND)}|[a-z]{{5,12}})(?![\w.@/-])", re.I)


def corrected(question: str, known: frozenset[str] = frozenset()) -> str:
    """The question with slips of one letter undone; `known` words, and names, stay as they are."""
    return _WORD.sub(lambda match: _right(match[0], known), question)


def with_places(question: str) -> tuple[str, list[int]]:
    """The corrected question, and for each of its places, and its end, the one in the question."""
    spelt, places, done = "", list[int](), 0
    for match in _WORD.finditer(question):
        right = _right(match[0], frozenset())
        spelt += question[done : match.start()] + right
        places += range(done, match.start())
        places += (min(match.start() + n, match.end() - 1) for n in range(len(right)))
        done = match.end()
    return spelt + question[done:], [*places, *range(done, len(question) + 1)]


def _right(written: str, known: frozenset[str]) -> str:
    word = written.lower()
    if word in _WORDS or word in _REAL or word in known:
        return written
    if word in _SHORTHAND:
        return _SHORTHAND[word]
    near = (right for right in _VOCABULARY if OSA.distance(word, right, score_cutoff=1) <= 1)
    return next(near, written)
