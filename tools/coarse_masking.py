"""A coarser mask for services that mint patterns without end, learned from the patterns they have.

Their lines hold words that no named rule masks: user names, ids, titles. Of a service's patterns
the common words are its language; a text of common words in which many patterns agree is a kind of
event whose other words vary. A line of such a kind is masked to it. Any other line is a new kind
and stays as it is, for as long as there is room: a merge hides an event.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tools.masking import MASK

_SHARE = 100
_LEAST = 5


@dataclass(frozen=True, slots=True)
class Learned:
    """A service's common words, and the kinds whose other words vary, with their first time."""

    common: frozenset[str]
    varying: Mapping[str, datetime]

    def coarse(self, text: str) -> str:
        """The text with every word masked that is not common; neighbouring masks are one."""
        words = [word if word in self.common else MASK for word in text.split(" ")]
        pairs = zip(["", *words], words, strict=False)
        return " ".join(word for before, word in pairs if not before == word == MASK)


def learn(patterns: Iterable[tuple[str, datetime]]) -> Learned:
    """What a service's patterns, each with its first time, have in common.

    Common is what a hundredth of them shares, but five at least. A kind needs a common word.
    """
    known = list(patterns)
    enough = max(_LEAST, len(known) // _SHARE)
    words = Counter(word for text, _ in known for word in set(text.split(" ")))
    common = frozenset(word for word, count in words.items() if count >= enough) - {MASK}
    learned = Learned(common, {})
    kinds: dict[str, list[datetime]] = {}
    for text, first in known:
        kinds.setdefault(learned.coarse(text), []).append(first)
    varying = {
        kind: min(times) for kind, times in kinds.items() if len(times) >= enough and kind != MASK
    }
    return Learned(common, varying)
