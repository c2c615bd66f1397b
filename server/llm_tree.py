"""A choice among texts as a tree of tokens: what must be evaluated, and what that says of each."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Prefix = tuple[int, ...]
Logs = Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Twig:
    """A path to a fork, or on the way to one; `ways` are the sequences that run through it."""

    path: Prefix
    ways: tuple[int, ...]
    wanted: bool


def forks(branches: Iterable[Sequence[int]]) -> dict[Prefix, set[int]]:
    """The paths after which the branches part, with the tokens they part into."""
    nexts: dict[Prefix, set[int]] = {}
    for branch in branches:
        for depth, token in enumerate(branch):
            nexts.setdefault(tuple(branch[:depth]), set()).add(token)
    return {path: tokens for path, tokens in nexts.items() if len(tokens) > 1}


def bundles(paths: Iterable[Prefix], tokens: int, ways: int) -> Iterator[list[Twig]]:
    """The twigs to evaluate for `paths`, in groups of at most so many tokens and sequences.

    Sequences are numbered from 1; a twig comes before those that grow from it. A path longer than
    `tokens` makes a group of its own.
    """
    wanted = {path for path in paths if path}
    group: list[Prefix] = []
    held: set[Prefix] = set()
    for tip in sorted(_tips(wanted)):
        grown = held | set(_ancestors(tip))
        if group and (len(grown) > tokens or len(group) == ways):
            yield _bundle(group, wanted)
            group, grown = [], set(_ancestors(tip))
        group, held = [*group, tip], grown
    if group:
        yield _bundle(group, wanted)


def _tips(wanted: set[Prefix]) -> set[Prefix]:
    inner = {path[:depth] for path in wanted for depth in range(len(path))}
    return wanted - inner


def _ancestors(path: Prefix) -> list[Prefix]:
    return [path[:depth] for depth in range(1, len(path) + 1)]


def _bundle(group: list[Prefix], wanted: set[Prefix]) -> list[Twig]:
    ways: dict[Prefix, list[int]] = {}
    for way, tip in enumerate(group, 1):
        for path in _ancestors(tip):
            ways.setdefault(path, []).append(way)
    return [Twig(path, tuple(on), path in wanted) for path, on in sorted(ways.items())]


def constrained_logs(
    branches: Sequence[Sequence[int]], logs: Callable[[Prefix], Logs]
) -> list[float]:
    """Log-probability of each branch for a model that may write nothing but one of them.

    `logs` gives, for a fork, the log-probability of each token that the branches part into.
    """
    parting = forks(branches)
    known = {path: logs(path) for path in parting}
    return [
        sum(
            known[tuple(branch[:depth])][token]
            for depth, token in enumerate(branch)
            if tuple(branch[:depth]) in known
        )
        for branch in branches
    ]


def among(row: npt.NDArray[np.float32], tokens: set[int]) -> dict[int, float]:
    """Log-probabilities of `tokens` when no other may come."""
    order = sorted(tokens)
    values = row[order].astype(np.float64)
    values -= values.max()
    values -= np.log(np.exp(values).sum())
    return dict(zip(order, values.tolist(), strict=True))
