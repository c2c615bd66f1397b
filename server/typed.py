"""What tools say of their arguments, in the words of the options that stand for them here."""

import re
from collections.abc import Mapping
from typing import Any

from tools.errors import BadArguments

RENAMED = {"since": "start_time", "until": "end_time", "new": "new_only"}
"""Options that are not called as the argument of the tool is."""

_CURSOR = re.compile(r"^(more|back): pass cursor=(\S+)")


def options_of(parameters: list[Any]) -> dict[str, str]:
    """A command's options, as they are typed, by the arguments that they stand for."""
    return {
        RENAMED.get(one.name, one.name): one.opts[0]
        if one.param_type_name == "option"
        else one.name.upper()
        for one in parameters
    }


def error_in_options(error: BadArguments, options: Mapping[str, str]) -> BadArguments:
    """The error with what was typed in place of what the tool takes."""
    problems = [
        problem
        | {
            "field": options.get(str(problem["field"]).partition(".")[0], problem["field"]),
            "rule": in_options(problem["rule"], options),
            "value": None if problem["value"] is True else problem["value"],  # a flag says so
        }
        for problem in error.problems
    ]
    return BadArguments(problems)


def in_options(text: str, options: Mapping[str, str]) -> str:
    """Words of ours with options in place of arguments. Those that are plain words too stay."""
    names = [name for name in options if "_" in name]
    if "limit" in options:
        text = text.replace("raise limit", "raise --limit")
    if not names:
        return text
    pattern = re.compile(rf"\b({'|'.join(names)})\b(=?)")
    return pattern.sub(lambda found: options[found[1]] + (" " if found[2] else ""), text)


def line_in_options(line: str) -> str:
    """How a page goes on, as it is typed; other lines as they are."""
    if not (found := _CURSOR.match(line)):
        return line
    return f"{found[1]}: the same command with --cursor {found[2]}"
