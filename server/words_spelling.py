"""Slips in the words that requests are made of: errros, yesterdya, minuets."""

import re

from rapidfuzz.distance import OSA

_REQUEST_WORDS = """
summarize summarise
errors error warnings warning critical criticals fatal fatals yesterday minutes minute hours
seconds service services similar pattern patterns count average maximum minimum monday tuesday
wednesday thursday friday saturday sunday weekend fortnight between since before today messages
containing contains mentioning newest oldest latest timeline morning compared different changed
around context severity hosts machine everything hourly month
"""
_VOCABULARY = tuple(_REQUEST_WORDS.split())
_REAL_WORDS = """
hour house course worse terror mirror warming fetal vital natal country county mount amount font
aunt found round ground post most cost lost ghost horst host hosts hopes holes notes mouth moth
north though simile since science sence todays mining earning learning morning warding messaging
massages passages services device devices servers server latent lament charged chanced changes
change compares compare content contexts contest text averages minute minutes month months first
counts counted fatally battern batter eastern western before begore second seconds friday thursday
sunday monday
"""
_REAL = frozenset(_REAL_WORDS.split())
_WORD = re.compile(r"(?<![\w.@/-])[a-z]{5,12}(?![\w.@/-])", re.I)


def corrected(question: str, known: frozenset[str]) -> str:
    """The question with slips of one letter undone; `known` words, and names, stay as they are."""

    def right(match: re.Match[str]) -> str:
        word = match[0].lower()
        if word in _VOCABULARY or word in _REAL or word in known:
            return match[0]
        near = [
            right
            for right in _VOCABULARY
            if OSA.distance(word, right, score_cutoff=1) <= 1 and len(right) >= 5
        ]
        return near[0] if near else match[0]

    return _WORD.sub(right, question)
