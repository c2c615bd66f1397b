"""Questions and patterns in one form, so that likeness is of meaning and not of headers."""

import errno
import os
import re

from tools.line_header import split_header
from tools.masking import mask
from tools.plain import clean

FORM = 2
"""Stored with each vector; a change of what a pattern's text is must change it."""

_ERRNO = re.compile(r"\bE[A-Z0-9]{2,14}\b")
_NUMBERS = {name: number for number, name in errno.errorcode.items()}


def query_text(text: str) -> str:
    """What to compare: `sender: masked message`, or the masked message alone."""
    line = clean(text).strip().strip("\"'`")
    return _without_header(mask(_ERRNO.sub(_errno_words, line)) or line)


def pattern_text(service: str, masked: str) -> str:
    """What is embedded of a pattern: `service sender: masked message`.

    The sender, such as a Java logger, tells as much of the meaning as the message does.
    """
    sender, message = split_header(masked)
    known = not sender or sender.casefold() == service.casefold()
    return f"{service}: {message}" if known else f"{service} {sender}: {message}"


def verbatim_texts(masked: str) -> set[str]:
    """The query texts that are this pattern: its line as a whole, and its message alone."""
    return {_without_header(masked), _without_header(split_header(masked)[1])}


def _without_header(masked: str) -> str:
    sender, message = split_header(masked)
    return f"{sender}: {message}" if sender else message


def _errno_words(match: re.Match[str]) -> str:
    number = _NUMBERS.get(match[0])
    return f"{match[0]} {os.strerror(number)}" if number else match[0]
