"""Sentences from frames: `[a|b|]` is a choice, `{name}` a list of the file or a value."""

import re
import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_NAME = re.compile(r"\{(\w+)\}")
_MOST_STEPS = 40


@cache
def table(name: str) -> dict[str, Any]:
    """The content of `name`.toml beside this file."""
    return tomllib.loads(files("prompts.training").joinpath(f"{name}.toml").read_text("utf-8"))


def unfold(frame: str, random: Random) -> str:
    """The frame with its choices made and its macros replaced; only value slots are left."""
    macros = table("frames")["macros"]
    for _ in range(_MOST_STEPS):
        chosen = _CHOICE.sub(lambda match: random.choice(match[1].split("|")), frame)
        inner = _NAME.sub(
            lambda match: random.choice(macros[match[1]]) if match[1] in macros else match[0],
            chosen,
        )
        if inner == frame:
            return frame
        frame = inner
    raise ValueError(f"the frame does not end: {frame}")


def fill(frame: str, value: Callable[[str], str], literal: Callable[[str], str]) -> str:
    """The sentence: each slot through `value`, each stretch of words between through `literal`."""
    parts, end = [], 0
    for match in _NAME.finditer(frame):
        parts += [literal(frame[end : match.start()]), value(match[1])]
        end = match.end()
    return re.sub(r" {2,}", " ", "".join([*parts, literal(frame[end:])])).strip(" ,:")
