"""The statements in `queries/*.sql` by name, and the migrations in order."""

import re
from functools import cache
from importlib.resources import files
from itertools import chain

_NAME = re.compile(r"^-- name: (\w+)\n-- (.+)\n", re.MULTILINE)
_OPTIONAL = re.compile(r"^(?P<text>.*?)\s*-- \? (?P<argument>\w+)$", re.MULTILINE)
_COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)


class Statement(str):
    """SQL text with pyformat parameters and optional lines.

    A line that ends in `-- ? name` belongs to the statement only when the argument `name` is
    given: not None, False or empty. So every filter keeps the plan it would have by hand.
    """

    __slots__ = ()

    def given(self, arguments: dict[str, object]) -> str:
        """The text for these arguments."""
        always, lines = _pieces(self)
        kept = [text if _is_given(arguments.get(name)) else "" for text, name in lines]
        return "".join(chain.from_iterable(zip(always, [*kept, ""], strict=True)))


@cache
def _pieces(statement: Statement) -> tuple[list[str], list[tuple[str, str]]]:
    """What a statement always has, and between that its optional lines with their arguments."""
    parts = _OPTIONAL.split(statement)
    return parts[::3], list(zip(parts[1::3], parts[2::3], strict=True))


def _is_given(value: object) -> bool:
    return value is not None and value is not False and value != ()


def parse(text: str) -> dict[str, Statement]:
    """The statements of one file: each begins with `-- name: x` and a line of purpose.

    Raises:
        ValueError: when two of them have one name.
    """
    parts = _NAME.split(text)
    found: dict[str, Statement] = {}
    for name, body in zip(parts[1::3], parts[3::3], strict=True):
        _add(found, name, Statement(body.strip().rstrip(";")))
    return found


def _add(found: dict[str, Statement], name: str, statement: Statement) -> None:
    if name in found:
        raise ValueError(f"two statements are named {name}")
    found[name] = statement


@cache
def statements() -> dict[str, Statement]:
    """Every statement of `queries/` by name.

    Raises:
        ValueError: when two statements use one name.
    """
    found: dict[str, Statement] = {}
    for file in sorted(files("sql.queries").iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".sql"):
            for name, statement in parse(file.read_text(encoding="utf-8")).items():
                _add(found, name, statement)
    return found


@cache
def migrations() -> list[tuple[str, list[str]]]:
    """Name and single statements of each migration, in order."""
    entries = sorted(files("sql.migrations").iterdir(), key=lambda entry: entry.name)
    return [
        (entry.name.removesuffix(".sql"), _split(entry.read_text(encoding="utf-8")))
        for entry in entries
        if entry.name.endswith(".sql")
    ]


def _split(text: str) -> list[str]:
    return [part.strip() for part in _COMMENT.sub("", text).split(";") if part.strip()]
