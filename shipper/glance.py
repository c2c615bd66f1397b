"""What a message may hold, found out in one pass over its text.

Most messages hold none of it and are done with; for the others the signs tell which expressions
to try. A sign may be there for nothing, but whatever is found later must bear its sign.
"""

from collections.abc import Mapping
from functools import cache, lru_cache

import re2

from shipper.level_names import LEVEL_NAMES
from shipper.secret_commands import COMMAND_SIGN, COMMANDS
from shipper.secret_headers import HEADERS
from shipper.secret_keys import KEYED_SIGN
from shipper.secret_phrases import PHRASES
from shipper.secret_shapes import SHAPE_SIGNS

CODE_SIGNS = {
    "errno": r"\bE[A-Z0-9]{2,15}\b",
    "5xx": r"[ =:\"']5\d\d(?:\D|$)",
    "vendor": "ORA-|AH0|MY-0|SQLSTATE",
    "errno number": r"rrno|RRNO|\(\d{1,3}: [A-Z][a-z]",
    "exit status": "status|exit",
}
LEVEL_SIGNS = {
    "level=": "(?i)(?:level|severity|lvl)=",
    "level": rf"(?i)(?:{'|'.join(LEVEL_NAMES)})\b",
    "level letter": r"[\[<(:] ?[EWIDF](?: *[\]>)]|/)|[IWEF][01]\d{3} \d\d:|PHP ",
    "crash": r"Traceback \(|panic|goroutine|Unhandled |Uncaught |Caused by: |Exception|Error",
}
TRACE_SIGNS = {"trace": "(?i)trace|span", "traceparent": "00-[0-9a-fA-F]{32}"}


class Signs:
    """Named expressions in RE2's syntax, which has no look-around, as one automaton."""

    def __init__(self, expressions: Mapping[str, str]) -> None:
        self._names = tuple(expressions)
        self._set = re2.Set.SearchSet()
        for expression in expressions.values():
            self._set.Add(expression)
        self._set.Compile()

    def of(self, text: str) -> frozenset[str]:
        """The names of the expressions that occur in the text."""
        found = self._set.Match(text.encode("utf-8", "surrogatepass"))
        return frozenset([self._names[number] for number in found]) if found else _NONE


_NONE: frozenset[str] = frozenset()
NO_SECRET = frozenset((*CODE_SIGNS, *LEVEL_SIGNS, *TRACE_SIGNS, "command"))
"""Signs that alone are none of a secret; those of commands want a program's name as well."""


@cache
def _signs() -> Signs:
    gates = [gate for book in (HEADERS, COMMANDS, PHRASES) for gate in book.gates]
    words = {gate: f"(?i:{re2.escape(gate)})" for gate in gates}
    secrets = {**SHAPE_SIGNS, "keyed": KEYED_SIGN, "command": COMMAND_SIGN, **words}
    return Signs({**CODE_SIGNS, **LEVEL_SIGNS, **TRACE_SIGNS, **secrets})


@lru_cache(maxsize=8)
def glance(text: str) -> frozenset[str]:
    """The signs in a text; remembered for as long as the message is being taken apart."""
    return _signs().of(text)
