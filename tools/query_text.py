"""A pasted error made comparable with patterns: header off, errno names out, variables masked."""

import errno
import os
import re

from tools.masking import mask
from tools.plain import clean

_LEVEL_NAME = r"(?:DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|CRIT(?:ICAL)?|FATAL)"
_HEADER = re.compile(
    r"^\s*(?:<\d{1,3}>\d?\s*)?"
    r"(?:[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d(?:\.\d+)?"
    r"|\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?Z| ?[+-]\d\d:?\d\d)?\]?)\s+"
    r"(?:(?P<host>[\w.-]+)\s+(?=[\w./@-]+(?:\[\d+\])?: ))?"
    rf"(?:(?!{_LEVEL_NAME}:)(?P<ident>[\w./@-]+)(?:\[\d+\])?: )?"
)
_LEVEL = re.compile(rf"^\s*[\[(<]?{_LEVEL_NAME}[\])>]?:?\s+")
_ERRNO = re.compile(r"\bE[A-Z0-9]{2,14}\b")
_NUMBERS = {name: number for number, name in errno.errorcode.items()}


def query_text(text: str) -> str:
    """What to compare: `identifier: masked message`, or the masked message alone."""
    line = clean(text).strip().strip("\"'`")
    ident = ""
    header = _HEADER.match(line)
    if header and header.end() < len(line):
        ident = header["ident"] or ""
        line = line[header.end() :]
    line = _LEVEL.sub("", line) or line
    masked = mask(_ERRNO.sub(_errno_words, line)) or line
    return f"{ident}: {masked}" if ident else masked


def _errno_words(match: re.Match[str]) -> str:
    number = _NUMBERS.get(match[0])
    return f"{match[0]} {os.strerror(number)}" if number else match[0]
