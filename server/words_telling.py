"""Which words say more than talk, times, levels and failure in general."""

import re

from tools.levels import SYNONYMS

_PLAIN = re.compile(r"[^\W\d_][^\W_]*(?:['-][^\W_]+)*")
_SAID_WORDS = """
a about above across after again ago all also am an and any anybody anyone anything appear
appeared are around as ask at attempt attempts be because been before being between but by came
can check come could count counts did do does done during each else entries entry ever every
everything event events find first for found from full get give go going got had happen happened
happening has have having hello her here hey hi highest him host hosts how i in into is issue
issues it its just kind kinds know last latest let line lines list log logged logging logs look
looking lot lots lowest machine machines many may me mention message messages more most much my
need never new newest no not now number of off ok old on only or other our out over per please
pull recent recently report reported run running said say see seen server servers service
services severe severity she should show since so some something source still tell than thank
thanks that the their them then there these they thing things this those through time times to
today tonight total type types under until up us very was we were what when where which while
who why will with within without worse would yet yesterday you your
minute minutes hour hours day days week weeks month months second seconds night nightly morning
evening afternoon noon midnight past previous monday tuesday wednesday thursday friday saturday
sunday five four two three six seven eight nine ten dozen twenty hundred couple half quarter
fortnight january february march april june july august september october november december
jan feb mar apr jun
jul aug sep oct nov dec
fail failed failing failure failures fault faults error errors warning warnings problem problems
trouble wrong bad broken
tail display print dump fetch gimme want please pls level levels distribution breakdown break
down split tally volume rank noisiest loudest hourly daily weekly rows row activity produced
wrote written throw threw right nothing below back went mean higher lower least similar like
changed change patterns pattern whats what's couldn't didn't output
except besides excluding apart aside minus leaving ignoring skipping hiding omitting
"""
_SAID = frozenset(_SAID_WORDS.split())
"""Words that describe nothing by themselves: talk, times, and failure in general."""


def tells(word: str) -> bool:
    """Whether a word says more than talk, times, levels and failure in general."""
    lower = word.lower().strip("?.!,;:\"'()")
    if not _PLAIN.fullmatch(lower) or len(lower) < 3:
        return False
    level = lower.upper().rstrip("S")
    return lower not in _SAID and level not in SYNONYMS and lower.upper() not in SYNONYMS
