"""The level that a message names itself, for senders whose PRIORITY says nothing."""

import re
from typing import Any

from shipper.glance import glance
from shipper.level_names import LEVEL_NAMES, LEVEL_OF
from tools.levels import Level

_PINO = {
    10: Level.DEBUG,
    20: Level.DEBUG,
    30: Level.INFO,
    40: Level.WARN,
    50: Level.ERROR,
    60: Level.FATAL,
}
_JSON_KEYS = ("level", "severity", "lvl", "levelname", "log.level", "severity_text", "loglevel")

_WORDS = "|".join(LEVEL_NAMES)
_TOKEN = re.compile(
    rf"[\[<(] ?(?:\w+:)?(?P<boxed>(?i:{_WORDS})|[EWIDF])(?: *[\]>)]|/\w)"
    rf"|(?P<bare>{_WORDS})(?=[\s:|\]/,-]|\[\d|$)"
    # Lower case needs its colon: a sentence may begin with the word "error". A Go program's
    # "panic:" is left to the crash rule below.
    r"|(?P<coloned>(?i:fatal|error|warning|notice|debug|info|critical|warn|err|crit|alert|emerg"
    r"|fail|dbug|trce)):(?=\s|$)"
    r"|(?P<klog>[IWEF])[01]\d{3} \d\d:\d\d:\d\d"
    r"|PHP (?P<php>Fatal|Parse|Warning|Notice)(?: error)?: "
    r"|[A-Za-z][\w.-]{0,40}-(?P<glib>ERROR|CRITICAL|WARNING|INFO|DEBUG) \*\*:"
)
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? ?"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_TIME = r"\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?"
_ZONE = r"(?: ?(?:Z|[+-]\d\d:?\d\d|[A-Z]{3,4}(?= ?\[|\])|UTC|GMT))?"
_STAMP = re.compile(
    rf"[\[(]?(?:\d{{4}}[-/.]\d\d[-/.]\d\d(?:[T_ ]{_TIME})?"
    rf"|(?:{_DAY})?(?:{_MONTH} {{1,2}}\d{{1,2}}|\d{{1,2}}[ /-]{_MONTH})(?:[ /]\d{{4}})?[ :]{_TIME}"
    rf"(?: \d{{4}})?|{_TIME}|\d{{9,13}}\.\d+){_ZONE}[\])]?[,:]?(?: \d{{1,7}}(?= ))?\s*"
)
_BOX = re.compile(r"(?:\[[^\]\n]{1,80}\]|\([^)\n]{1,60}\)|\{[^}\n]{1,60}\}|[-|*])[:,]?\s*")
_LOGGER = re.compile(r"(?:[\w.$/-]{1,60}\s+[-|]|\w{1,40}@\w{1,40})\s+")
_KEYED = re.compile(r"(?<![\w.-])(?:log[._]?)?(?:level|severity|lvl)=[\"']?([A-Za-z]+)", re.I)
_CRASHED = re.compile(
    r"(?:Traceback \(most recent call last\)|panic: |Exception in thread |Unhandled |Uncaught "
    r"|Caused by: |thread '[^'\n]*' panicked at |goroutine \d+ \[running\]|Kernel panic"
    r"|(?:[a-z]\w*\.)*[A-Z]\w*(?:Error|Exception)(?::|$))"
)


def level_in_json(fields: dict[str, Any]) -> Level | None:
    """The level of a JSON message: a name, or one of pino's numbers."""
    inner = fields.get("log")
    candidates = [fields.get(key) for key in _JSON_KEYS]
    if isinstance(inner, dict):
        candidates.append(inner.get("level"))
    for value in candidates:
        if isinstance(value, str):
            found = LEVEL_OF.get(value.strip().upper())
            if found is None and value in ("10", "20", "30", "40", "50", "60"):
                found = _PINO[int(value)]
        else:
            found = _PINO.get(value) if type(value) is int else None
        if found is not None:
            return found
    return None


def level_in_text(text: str) -> Level | None:
    """The level at the head of a line, in `level=`, or of a crash; never a word mid-sentence."""
    seen = glance(text)
    found = _leading(text) if "level" in seen or "level letter" in seen else None
    if found is None and "level=" in seen and (keyed := _KEYED.search(text)):
        found = LEVEL_OF.get(keyed[1].upper()) if len(keyed[1]) > 1 else None
    if found is None and "crash" in seen:
        return Level.ERROR if _CRASHED.match(text) or "\nTraceback (most" in text else None
    return found


def _leading(text: str) -> Level | None:
    """The level token after timestamps, brackets and logger names, if one stands there."""
    place, stamped = 0, False
    for _ in range(8):
        if token := _TOKEN.match(text, place):
            name = token[str(token.lastgroup)].upper()
            return Level.ERROR if name == "PARSE" else LEVEL_OF[name]
        if step := _STAMP.match(text, place):
            stamped = True
        else:
            step = _BOX.match(text, place) or (_LOGGER.match(text, place) if stamped else None)
        if not step:
            return None
        place = step.end()
    return None
