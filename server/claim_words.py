"""Words by which the check of claims tells what a sentence claims."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


COUNTS = _set(
    """two three four five six seven eight nine ten eleven twelve dozen dozens twenty thirty forty
    fifty hundred hundreds thousand thousands million once twice thrice half several many most few
    majority"""
)
"""Counts that are no digits, which code did not compute."""

UNSHOWABLE = _set(
    """all every everything each only never none no nothing nobody always entire entirely whole
    because cause causes caused causing due reason reasons therefore thus hence result results
    resulted leads led probably likely perhaps may might could should must will attack attacker
    normal healthy fine resolved fixed"""
)
"""Of all or none, of causes, guesses and verdicts: what no row of a log shows."""

GLUE = _set(
    """the and was were has have had been being with from that this these those there then than
    when while after before first last newest oldest next also into over under about between during
    until since for its their his her not but are is be by at on in of to as an a or it they which
    who what where how so up down out off event events log logs logged line lines message messages
    service services host hosts machine entry entries time times same both other another again
    said says reported reports reporting showed shows appeared occurred followed began ended range
    error errors warning warnings utc am pm more less least number count counts total"""
)
"""Words that hold any sentence about logs together and claim nothing by themselves."""
