"""How often a line that is asked about finds its own kind of event first, over labelled lines."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from server.eval_similar import LabelledLine, Template
from sql.store import MariaStore
from tools.masking import pattern_key
from tools.ports import PatternIndex


async def same_event(
    lines: Sequence[LabelledLine], index: PatternIndex, store: MariaStore, each: int, whole: bool
) -> float:
    """S@1 of `each` lines a data set, asked whole or as what they say behind their header.

    The very line that is asked about does not count: a pattern that stands for no other text is
    passed over, and so is a line whose event has no other.
    """
    texts: dict[bytes, set[str]] = defaultdict(set)
    events: dict[bytes, set[Template]] = defaultdict(set)
    for line in lines:
        texts[line.key].add(line.event["message"])
        events[line.key].add(line.template)
    stored = await store.vectors.patterns()
    keys = {row.id: pattern_key(row.service, row.text) for row in stored}
    hits = []
    for line in _spread(lines, each):
        alone = texts[line.key] == {line.event["message"]}
        others = [key for key in events if not (alone and key == line.key)]
        if any(line.template in events[key] for key in others):
            ranked = await index.rank(line.event["message"] if whole else line.content)
            found = (keys[one.pattern_id] for one in ranked)
            first = next(key for key in found if not (alone and key == line.key))
            hits.append(line.template in events[first])
    return sum(hits) / len(hits)


def _spread(lines: Iterable[LabelledLine], each: int) -> Iterator[LabelledLine]:
    """`each` lines of every data set, evenly spread over it."""
    sets: dict[str, list[LabelledLine]] = defaultdict(list)
    for line in lines:
        sets[line.template[0]].append(line)
    for of_set in sets.values():
        yield from of_set[:: max(1, len(of_set) // each)][:each]
