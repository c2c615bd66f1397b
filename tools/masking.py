"""Masked messages: the constant part of a log line, its variables replaced by `<*>`.

Named regular expressions only, in order. Rules that merge two different events are worse than
rules that split one event in two: a split costs one more vector, a merge hides an event.
"""

import hashlib
import re
from functools import lru_cache

MASK = "<*>"
VERSION = 3
"""Stored beside each pattern; a change of the rules must change it."""

_HEAD, _TAIL = 1_500, 500
"""Of a long message the first and last characters are masked; the middle is variable by nature."""

# Keys whose value names a person, peer, process or session rather than a kind of event.
_IDENTITY = (
    "user|ruser|logname|rhost|host|hostname|uid|euid|gid|auid|pid|ppid|tty|id|ses|session|"
    "src|dst|sport|dport|addr|address|ip|port|acct|client|server|key|name|seq|trace_id|span_id|"
    "request_id|job|order|order_id"
)

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_DATE, _CLOCK = r"\d{4}-\d\d-\d\d", r"\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"

# What may reach across a space is masked first.
_SPANNING = re.compile(
    rf"\b{_DATE} {_CLOCK}\b|\b(?:{'|'.join(_DAYS)}),? (?:\d{{1,2}} )?"
    rf"(?:{_MONTH})\b(?: \d{{1,2}})?"
)

# Of the header that syslog puts before a line nothing is kept but the program: a file that many
# hosts write to, and the next month, make no new patterns. Behind an ISO time it takes a process
# id to tell a host from a message's first word.
_PROGRAM = r"[\w./@+-]+(?:\([\w. -]+\))?"
_SYSLOG = re.compile(
    rf"(?:<\d{{1,3}}>1? ?)?(?:(?:{_MONTH}) \d{{1,2}} \d\d:\d\d:\d\d "
    rf"(?:[\w.:-]+ (?={_PROGRAM}(?:\[\d+\])?:(?: |$)))?"
    rf"|{_DATE}T{_CLOCK} [\w.:-]+ (?={_PROGRAM}\[\d+\]: |kernel: ))"
)

# The others stay within a word, and tell no digit from another but in 0x.
_RULES: tuple[tuple[str, str], ...] = (
    ("uuid", r"(?:\b|(?<=\w)-)[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"),
    ("email", r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"),
    ("url", r"\b[a-z][a-z0-9+]{1,9}://[^\s\"'<>)\]]+"),
    ("mac", r"\b(?:[0-9a-fA-F]{2}[:-]){5,7}[0-9a-fA-F]{2}\b"),
    ("time", rf"\b{_DATE}(?:T{_CLOCK})?\b"),
    ("clock", r"\b\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?\b(?!:)"),
    ("ipv4", r"(?<![\w.])/?\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5}|/\d{1,2})?(?![\w.]\d)"),
    ("ipv6", r"(?<![\w:])(?:[0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{1,4}(?:%\w+)?(?![\w:])"),
    (
        "fqdn",
        r"(?<![\w./@-])(?:[a-zA-Z0-9](?:[\w-]*[a-zA-Z0-9])?\.)+"
        r"(?:com|net|org|edu|gov|io|de|uk|cn|jp|br|fr|ru|it|nl|tw|hk|kr|in|info|local|lan|home|"
        r"internal|localdomain)(?:\.[a-z]{2})?(?::\d{1,5})?(?![\w-])",
    ),
    ("path", r"(?<![\w<.>:/])(?:~|\.{1,2})?/(?:[\w.@%+:=~,-]+/)+[\w.@%+:=~,*-]*"),
    ("hex", r"\b(?:0[xX][0-9a-fA-F]+|(?=[0-9a-fA-F]*\d)(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{6,})\b"),
    ("number", r"(?<![A-Za-z0-9_.])[-+]?\d+(?:[.,:]\d+)*(?=%|\b|[a-zA-Z]{1,3}\b|_)"),
    ("digits in a name", r"(?<=[A-Za-z_\-#.])(?<!IPv)(?<!IPV)-?\d+(?:[.\-_]\d+)*(?=\b|_)"),
)

_ALL = re.compile("|".join(f"(?:{pattern})" for _, pattern in _RULES))
_KEYED = re.compile(rf"\b({_IDENTITY})=(?!<\*>)(\"[^\"]*\"|'[^']*'|[^\s,;:)\]]+)")
_NAMED = re.compile(
    r"\b((?:invalid |illegal |unknown )?user|(?:password|publickey|keyboard-interactive/pam|none) "
    r"for(?: invalid user| illegal user)?|for user|by user|login) "
    r"(?!<\*>|for\b|from\b|by\b|user\b|unknown\b|invalid\b|illegal\b|not\b|is\b|was\b|has\b|to\b|"
    r"in\b|on\b|at\b|and\b|or\b|of\b|request|session|authenticat|success|fail|attempt|timeout|error|"
    r"\w+ed\b)([\w.@\\$-]+)(?=[\s,;:)(]|$)"
)
_RUNS = re.compile(r"<\*>(?:[ ,.:/x*_-]{0,2}<\*>)+")
_A_DAY = re.compile("|".join(_DAYS))
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_HEXED = re.compile("0[xX]")
_REMEMBERED = 32_768
_SHORT, _SHORT_WORD = 500, 100
"""Characters of the longest lines and of the longest words that are remembered by their shape."""


def mask(message: str) -> str:
    """The message with every variable part replaced by `<*>` and white space folded."""
    if len(message) > _HEAD + _TAIL:
        message = f"{message[:_HEAD]} … {message[-_TAIL:]}"
    text = " ".join(message.split())
    if header := _SYSLOG.match(text):
        text = f"{MASK} {text[header.end() :]}"
    shape = _shape(text)
    masked = _masked_of_shape(shape) if len(shape) <= _SHORT else "0"
    return _masked(text) if "0" in masked else masked


def _masked(text: str) -> str:
    if '="' in text or "='" in text:
        text = _KEYED.sub(r"\1=<*>", text)
    if _may_name_somebody(text):
        text = _NAMED.sub(r"\1 <*>", text)
    shape = _shape(text)
    if "-00-00 00:" in shape or _A_DAY.search(text):
        text = _SPANNING.sub(MASK, text)
        shape = _shape(text)
    masked = " ".join(
        [
            _remembered(word) if len(word) <= _SHORT_WORD else _masked_word_of_shape(word)
            for word in shape.split(" ")
        ]
    )
    if "0" in masked:
        words = zip(text.split(" "), masked.split(" "), strict=True)
        masked = " ".join([_masked_word(word) if "0" in known else known for word, known in words])
    return _RUNS.sub(MASK, masked) if MASK in masked else masked


@lru_cache(maxsize=_REMEMBERED // 4)
def _masked_of_shape(shape: str) -> str:
    """The text masked; with a 0 in it when lines of this shape may keep a digit."""
    return "0" if _HEXED.search(shape) else _masked(shape)


def _may_name_somebody(text: str) -> bool:
    """Whether _NAMED can match; the search for plain words takes a fraction of its time."""
    return (
        "user " in text
        or "login " in text
        or "password for " in text
        or "publickey for " in text
        or "pam for " in text
        or "none for " in text
    )


def _shape(text: str) -> str:
    """The text with every digit a zero, of which no rule tells more than of the digit itself."""
    return text.encode("utf-8", "surrogatepass").translate(_ZEROS).decode("utf-8", "surrogatepass")


def _masked_word(word: str) -> str:
    if "=" in word:
        word = _KEYED.sub(r"\1=<*>", word)
    return _ALL.sub(MASK, word)


def _masked_word_of_shape(shape: str) -> str:
    """The word masked; with a 0 in it when words of this shape may keep a digit."""
    return "0" if _HEXED.search(shape) else _masked_word(shape)


_remembered = lru_cache(maxsize=_REMEMBERED)(_masked_word_of_shape)


def pattern_key(service: str, masked: str) -> bytes:
    """The 16 bytes that name the pattern of a service."""
    digest = hashlib.blake2b(service.encode(), digest_size=16)
    digest.update(b"\0")
    digest.update(masked.encode("utf-8", "backslashreplace"))
    return digest.digest()
