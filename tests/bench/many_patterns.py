"""A store of as many patterns as fifty services make."""

import random
from collections.abc import Iterator

import numpy as np

from server.app import Home
from server.eval_similar import LabelledLine
from sql.vectors import StoredPattern
from tools.ingest_logs import INGEST_LOGS

PATTERNS = 20_000
_BATCH = 2_000
_NEAR = 0.05
"""How far a made pattern's vector strays in each number from that of its model."""


async def many_patterns(parts: Home, lines: list[LabelledLine]) -> None:
    """Add patterns to those of `lines` until there are PATTERNS: lines like theirs, of services
    of other names, with two words changed; vectors near those of their models."""
    stored, name = parts.store.vectors, parts.embedder.name
    known = await stored.patterns()
    vectors = await stored.of(name, [pattern.id for pattern in known])
    made = _made(known, vectors, random.Random(7))
    models: dict[tuple[str, str], bytes] = {}
    for _ in range(0, PATTERNS - len(known), _BATCH):
        events = []
        for service, text, vector in (next(made) for _ in range(_BATCH)):
            events.append({"service": service, "message": text})
            models[service, text] = vector
        await INGEST_LOGS.call({"events": events}, await parts.deps())
    added = await stored.patterns(known[-1].id)
    dice = np.random.default_rng(7)
    rows = [(one.id, _near(models.get((one.service, one.text)), dice)) for one in added]
    await stored.writer.take()
    for begin in range(0, len(rows), _BATCH):
        await stored.put(name, rows[begin : begin + _BATCH])


def _made(
    known: list[StoredPattern], vectors: dict[int, bytes], dice: random.Random
) -> Iterator[tuple[str, str, bytes]]:
    """Service, text and the model's vector, without end."""
    words = sorted({w for one in known for w in one.text.split() if w.isalpha()})
    while True:
        one = dice.choice(known)
        text = one.text.split(" ")
        for _ in range(2):
            text[dice.randrange(len(text))] = dice.choice(words)
        yield f"{one.service}-{dice.choice('abcdefgh')}", " ".join(text), vectors[one.id]


def _near(vector: bytes | None, dice: np.random.Generator) -> bytes:
    model = np.frombuffer(vector, dtype="<f4") if vector else dice.standard_normal(384)
    moved = model + _NEAR * dice.standard_normal(len(model))
    return (moved / np.linalg.norm(moved)).astype("<f4").tobytes()
