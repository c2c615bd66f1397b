"""The header of a masked log line: time, host, level and sender, apart from what was said.

A program that writes to a file puts its own header before each message, and syslog puts another.
Nothing of it bears on meaning but the sender's name: a program, a logger, a thread.
"""

import re

from tools.lexical import parted
from tools.masking import MASK

_ROOM = 12
"""A level further back than so many words belongs to the message."""

_LEVELS = re.compile(
    r"(?i:trace|debug|verbose|info|notice|warn|warning|err|error|severe|crit|critical|fatal|alert|"
    r"emerg|panic)"
)
_CALENDAR = re.compile(
    "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|Sun"
)
_LETTERS = ("V", "D", "I", "W", "E", "F")
"""Levels of Android and of glog."""

_VARIABLE = re.compile(r"(?:<\*>|[^\w<>])+")
_PROGRAM = re.compile(r"(?=[^A-Za-z]*[A-Za-z])(?:[\w.$/@+-]|<\*>)+(?:\([\w. -]+\))?(?:\[<\*>\])?:")
_DOTTED = re.compile(r"[A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*)+")
_NAME = re.compile(r"[A-Za-z_][\w.$/-]*")
_CLOSING = {"[": "]", "(": ")"}
_WIDEST = 10
"""Words in a bracket of a header."""


def split_header(masked: str) -> tuple[str, str]:
    """The sender's names, empty where there are none, and the message behind the header.

    A text that begins with neither a time nor a level has no header, and one that is nothing
    but a header is a message.
    """
    words = masked.split(" ")
    begin = _behind_time(words)
    if not begin:
        return "", masked
    names = [word for word in words[:begin] if not _is_noise(word) and MASK not in word]
    place, senders = _senders(words, begin)
    message = " ".join(words[place:])
    if not message:
        return "", masked
    return " ".join(filter(None, map(_in_words, names + senders))), message


def _in_words(name: str) -> str:
    """A name as words; of a dotted one the last two parts, since all share those before."""
    parts = [part for found in _NAME.findall(name) for part in found.split(".")[-2:]]
    return " ".join(word for part in parts for word in parted(part))


def _behind_time(words: list[str]) -> int:
    """The first word behind the time and the level that a line begins with; 0 without them."""
    if not _is_noise(words[0]) and MASK not in words[0]:
        return 0
    place = 0
    for number, word in enumerate(words[:_ROOM], 1):
        if _is_level(word):
            place = number
            break
        if _PROGRAM.fullmatch(word):
            break
        if _CALENDAR.fullmatch(word) and words[number : number + 1] == [MASK]:
            place = number
    while place < len(words) and _VARIABLE.fullmatch(words[place]):
        place += 1
    return place


def _senders(words: list[str], place: int) -> tuple[int, list[str]]:
    """Where the message begins, and who sent it: names, or the last bracket before it."""
    names: list[str] = []
    bracket = ""
    while place < len(words) - 1:
        word, following = words[place], words[place + 1]
        if _is_noise(word) or word in _LETTERS or _is_host(word, following):
            place += 1
        elif (end := _bracket_end(words, place)) > place:
            bracket = " ".join(words[place:end]).replace(MASK, " ")
            place = end
        elif _PROGRAM.fullmatch(word):
            names.append(word.replace(MASK, ""))
            place += 1
            break
        elif _DOTTED.fullmatch(word) and following[:1] in ("[", "-", ":"):
            names.append(word)
            place += 1
        else:
            break
    return place, names or [bracket]


def _is_noise(word: str) -> bool:
    return bool(_VARIABLE.fullmatch(word) or _CALENDAR.fullmatch(word)) or _is_level(word)


def _is_level(word: str) -> bool:
    bare = word.strip("[](){}<>|:,-")
    told = bare.isupper() or bare == "Info" or word[:1] in ("[", "(", "<")
    return told and bool(_LEVELS.fullmatch(bare))


def _is_host(word: str, following: str) -> bool:
    """Whether a word stands where syslog has the host, and looks like one."""
    if not _PROGRAM.fullmatch(following) or word[0] in "[(":
        return False
    return following.endswith("[<*>]:") or MASK in word or "." in word


def _bracket_end(words: list[str], place: int) -> int:
    """The place behind a bracket that opens at a word; the word's own if none does or closes."""
    opening = words[place][:1]
    if opening not in _CLOSING:
        return place
    depth = 0
    for number in range(place, min(place + _WIDEST, len(words) - 1)):
        depth += words[number].count(opening) - words[number].count(_CLOSING[opening])
        if depth <= 0:
            return number + 1
    return place
