"""JSON with comments and trailing commas, as editors keep their settings: read, and added to
without touching the rest of the text.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    r"(?P<blank>[ \t\r\n]+|//[^\n]*|/\*.*?\*/)"
    r'|(?P<string>"(?:[^"\\\x00-\x1f]|\\.)*")'
    r"|(?P<mark>[{}\[\]:,])"
    r'|(?P<word>[^\s{}\[\]:,"/]+)',
    re.DOTALL,
)
_CLOSE = {"{": "}", "[": "]"}
_DEEPEST = 100


class NotJson(ValueError):
    """A text that is no JSON, with comments or without; says where and why."""


@dataclass(slots=True)
class Node:
    """A value and where it stands. Of an object or list, `inner` are the values and `comma`
    whether one follows the last; `members` are an object's by key.
    """

    value: Any
    start: int
    end: int = 0
    inner: list["Node"] = field(default_factory=list)
    members: dict[str, "Node"] = field(default_factory=dict)
    comma: bool = False


def parse(text: str) -> Node:
    """The one value of a text. Raises NotJson."""
    return _Parser(text).whole()


def put(text: str, path: Sequence[str], value: Any) -> str:
    """The text with a value at a path of keys; objects on the way are made where there are none.

    Raises:
        NotJson: for no JSON, or something on the way that is no object.
    """
    node = parse(text)
    for depth, key in enumerate(path):
        if not isinstance(node.value, dict):
            raise NotJson(f'"{path[depth - 1]}" is no object' if depth else "it is no object")
        if key not in node.members:
            for outer in reversed(path[depth + 1 :]):
                value = {outer: value}
            return _added(text, node, f"{json.dumps(key)}: ", value)
        node = node.members[key]
    indent = _indent(text, node.start)
    return text[: node.start] + _shown(text, value, indent) + text[node.end :]


def append(text: str, key: str, value: Any) -> str:
    """The text with a value last in the list that a key of its object holds. Raises NotJson."""
    node = parse(text)
    if key not in node.members:
        return put(text, [key], [value])
    if not isinstance(node.members[key].value, list):
        raise NotJson(f'"{key}" is no list')
    return _added(text, node.members[key], "", value)


def _added(text: str, node: Node, name: str, value: Any) -> str:
    """The text with one more value as the last in an object or list; comments keep their places."""
    outer = _indent(text, node.start)
    inner = _indent(text, node.inner[0].start) if node.inner else outer
    inner = inner if len(inner) > len(outer) else outer + _unit(text)
    last = node.inner[-1].end if node.inner else node.start + 1
    body = text[last : node.end - 1].rstrip()
    between = "," if node.inner and not node.comma else ""
    after = "," if node.comma else ""
    break_ = _break(text)
    member = f"{break_}{inner}{name}{_shown(text, value, inner)}{after}{break_}{outer}"
    return text[:last] + between + body + member + text[node.end - 1 :]


def _shown(text: str, value: Any, indent: str) -> str:
    shown = json.dumps(value, indent=_unit(text), ensure_ascii=False)
    return shown.replace("\n", _break(text) + indent)


def _break(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _indent(text: str, place: int) -> str:
    """The white space at the start of the line of a place."""
    line = text[text.rfind("\n", 0, place) + 1 :]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unit(text: str) -> str:
    """One step of indentation, as the first indented line has it."""
    found = re.search(r"\n([ \t]+)[^\s]", text)
    return found[1] if found else "  "


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._depth = 0
        self._next()

    def whole(self) -> Node:
        """The value, with nothing after it."""
        node = self._value()
        if self._kind:
            raise self._wrong("nothing may follow the value")
        return node

    def _next(self) -> None:
        """Take the next token that is not blank; at the end its kind is empty."""
        self._kind, self._said, self._start = "", "", len(self._text)
        while self._place < len(self._text):
            match = _TOKEN.match(self._text, self._place)
            if match is None:
                self._start = self._place
                raise self._wrong("this cannot be read")
            self._place = match.end()
            if match.lastgroup != "blank":
                self._kind, self._said = str(match.lastgroup), match[0]
                self._start = match.start()
                return

    def _value(self) -> Node:
        if self._said in _CLOSE and self._kind == "mark":
            return self._container()
        if self._kind not in {"string", "word"}:
            raise self._wrong("a value is missing")
        return self._scalar()

    def _scalar(self) -> Node:
        try:
            value = json.loads(self._said, parse_constant=_no_constant)
        except ValueError:
            raise self._wrong("this is no value of JSON") from None
        node = Node(value, self._start, self._place)
        self._next()
        return node

    def _container(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong(f"more than {_DEEPEST} levels")
        close = _CLOSE[self._said]
        node = Node({} if close == "}" else [], self._start)
        self._next()
        while self._said != close or self._kind != "mark":
            if node.inner and not node.comma:
                raise self._wrong(f'"," or "{close}" is missing')
            self._member(node) if close == "}" else self._item(node)
            node.comma = self._said == "," and self._kind == "mark"
            if node.comma:
                self._next()
        node.end = self._place
        self._depth -= 1
        self._next()
        return node

    def _item(self, node: Node) -> None:
        node.inner.append(self._value())
        node.value.append(node.inner[-1].value)

    def _member(self, node: Node) -> None:
        if self._kind != "string":
            raise self._wrong("a key in quotation marks is missing")
        key = self._scalar().value
        if key in node.members:
            raise self._wrong(f'the key "{key}" stands twice')
        if self._said != ":" or self._kind != "mark":
            raise self._wrong('":" is missing')
        self._next()
        node.members[key] = self._value()
        node.inner.append(node.members[key])
        node.value[key] = node.members[key].value

    def _wrong(self, why: str) -> NotJson:
        line = self._text.count("\n", 0, self._start) + 1
        column = self._start - self._text.rfind("\n", 0, self._start)
        return NotJson(f"line {line}, column {column}: {why}")


def _no_constant(name: str) -> None:
    raise ValueError(name)
