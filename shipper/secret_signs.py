"""Signs that a text may hold a secret, all searched in one pass by RE2's automaton of a set.

Most lines hold none and are done with; for the others the signs tell which rules to try. A sign
may be there for nothing, but whatever a rule finds must bear its sign.
"""

from collections.abc import Mapping

import re2


class Signs:
    """Named expressions in RE2's syntax, which has no look-around."""

    def __init__(self, expressions: Mapping[str, str]) -> None:
        self._names = tuple(expressions)
        self._set = re2.Set.SearchSet()
        for expression in expressions.values():
            self._set.Add(expression)
        self._set.Compile()

    def of(self, text: str) -> set[str]:
        """The names of the expressions that occur in the text."""
        found = self._set.Match(text.encode("utf-8", "surrogatepass"))
        return {self._names[number] for number in found} if found else set()


def in_any_case(words: str) -> str:
    """The expression that matches a plain text in upper and lower case."""
    return f"(?i:{re2.escape(words)})"
