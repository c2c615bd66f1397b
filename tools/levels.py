"""The six levels of an event, in order, and the other names people give them."""

from enum import StrEnum


class Level(StrEnum):
    """How bad an event is; the members are in rising order."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"
    FATAL = "FATAL"

    @property
    def rank(self) -> int:
        """Position in the order, 0 for DEBUG."""
        return _ORDER.index(self)

    @classmethod
    def _missing_(cls, value: object) -> "Level | None":
        return SYNONYMS.get(str(value).strip().upper())

    @classmethod
    def at_least(cls, lowest: "Level") -> list["Level"]:
        """That level and every one above it."""
        return _ORDER[lowest.rank :]


_ORDER = list(Level)

# Names from syslog (RFC 5424), Python, Java, Go and pino. Matched without regard to case.
SYNONYMS: dict[str, Level] = {
    **{level.value: level for level in Level},
    "TRACE": Level.DEBUG,
    "VERBOSE": Level.DEBUG,
    "DBG": Level.DEBUG,
    "INFORMATION": Level.INFO,
    "INFORMATIONAL": Level.INFO,
    "NOTICE": Level.INFO,
    "WARNING": Level.WARN,
    "WRN": Level.WARN,
    "ERR": Level.ERROR,
    "SEVERE": Level.ERROR,
    "CRIT": Level.CRITICAL,
    "ALERT": Level.FATAL,
    "EMERG": Level.FATAL,
    "EMERGENCY": Level.FATAL,
    "PANIC": Level.FATAL,
}
