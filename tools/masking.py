"""Masked messages: the constant part of a log line, its variables replaced by `<*>`.

Named regular expressions only, in order. Rules that merge two different events are worse than
rules that split one event in two: a split costs one more vector, a merge hides an event.
"""

import hashlib
import re

MASK = "<*>"
VERSION = 1
"""Stored beside each pattern; a change of the rules must change it."""

_HEAD, _TAIL = 1_500, 500
"""Of a long message the first and last characters are masked; the middle is variable by nature."""

# Keys whose value names a person, peer, process or session rather than a kind of event.
_IDENTITY = (
    "user|ruser|logname|rhost|host|hostname|uid|euid|gid|auid|pid|ppid|tty|id|ses|session|"
    "src|dst|sport|dport|addr|address|ip|port|acct|client|server|key|name|seq|trace_id|span_id|"
    "request_id|job|order|order_id"
)

_RULES: tuple[tuple[str, str], ...] = (
    ("uuid", r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"),
    ("email", r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"),
    ("url", r"\b[a-z][a-z0-9+]{1,9}://[^\s\"'<>)\]]+"),
    ("mac", r"\b(?:[0-9a-fA-F]{2}[:-]){5,7}[0-9a-fA-F]{2}\b"),
    ("time", r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\b"),
    ("clock", r"\b\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?\b(?!:)"),
    (
        "weekday",
        r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?:\d{1,2} )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|"
        r"Oct|Nov|Dec)\b(?: +\d{1,2})?",
    ),
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
_SPACE = re.compile(r"\s+")


def mask(message: str) -> str:
    """The message with every variable part replaced by `<*>` and white space folded."""
    if len(message) > _HEAD + _TAIL:
        message = f"{message[:_HEAD]} … {message[-_TAIL:]}"
    text = _KEYED.sub(r"\1=<*>", message) if "=" in message else message
    text = _NAMED.sub(r"\1 <*>", text)
    text = _ALL.sub(MASK, text)
    if "<*>" in text:
        text = _RUNS.sub(MASK, text)
    return _SPACE.sub(" ", text).strip()


def pattern_key(service: str, masked: str) -> bytes:
    """The 16 bytes that name the pattern of a service."""
    digest = hashlib.blake2b(service.encode(), digest_size=16)
    digest.update(b"\0")
    digest.update(masked.encode("utf-8", "backslashreplace"))
    return digest.digest()
