"""The words in `*.md`, with blanks filled in."""

import re
from functools import cache
from importlib.resources import files

_BLANK = re.compile(r"\{\{(\w+)\}\}")


def prompt(name: str, **blanks: str) -> str:
    """The text of `name`.md with each `{{blank}}` filled.

    Raises:
        KeyError: for a blank without a value.
    """
    return _BLANK.sub(lambda match: blanks[match[1]], _text(name)).strip()


@cache
def _text(name: str) -> str:
    return files("prompts").joinpath(f"{name}.md").read_text(encoding="utf-8")
