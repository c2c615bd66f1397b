"""A rule finds the place of a secret; a book of rules puts markers there and nowhere else."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from shipper.secret_values import is_nothing


def is_something(value: str) -> bool:
    """Whether the value is neither a placeholder nor an ordinary word."""
    return not is_nothing(value)


@dataclass(frozen=True, slots=True)
class Rule:
    """A shape whose group `value` is a secret where `believes` agrees.

    It is searched in the text in lower case, which is faster than ignoring case, unless it is
    `cased`; and only in text that holds one of the `gates`, which are in lower case always.
    """

    kind: str
    gates: tuple[str, ...]
    shape: re.Pattern[str]
    believes: Callable[[str], bool] = is_something
    cased: bool = False


def rule(
    kind: str,
    gates: str,
    shape: str,
    believes: Callable[[str], bool] = is_something,
    cased: bool = False,
    lines: bool = False,
) -> Rule:
    """A rule whose gates are the words of a line; `_` in a gate stands for a space.

    With `lines`, ^ and $ are the ends of a line.
    """
    words = tuple(gate.replace("_", " ") for gate in gates.split())
    return Rule(kind, words, re.compile(shape, re.MULTILINE if lines else 0), believes, cased)


def lowered(text: str) -> str:
    """The text in lower case with every character in its place."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(c.lower() if c.isascii() else c for c in text)


class RuleBook:
    """Rules in the order in which they are applied."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._by_gate: dict[str, list[int]] = {}
        for number, each in enumerate(rules):
            for gate in each.gates:
                self._by_gate.setdefault(gate, []).append(number)

    @property
    def gates(self) -> list[str]:
        """Every gate of every rule, in lower case."""
        return list(self._by_gate)

    def hide(self, text: str, seen: Iterable[str]) -> str:
        """The text with a marker for every value that a rule finds; `seen`: the gates it holds."""
        numbers = {number for gate in seen for number in self._by_gate.get(gate, ())}
        low = lowered(text) if numbers else ""
        for number in sorted(numbers):
            each = self._rules[number]
            changed = _hide(each, text, text if each.cased else low)
            if changed is not text:
                text, low = changed, lowered(changed)
        return text


def _hide(each: Rule, text: str, searched: str) -> str:
    pieces, done = [], 0
    for found in each.shape.finditer(searched):
        start, end = found.span("value")
        value = text[start:end]
        bare = value.strip("\\\"'`")
        if bare and each.believes(bare):
            inner = start + value.index(bare)
            pieces.append(f"{text[done:inner]}[redacted:{each.kind}]")
            done = inner + len(bare)
    if not pieces:
        return text
    pieces.append(text[done:])
    return "".join(pieces)
