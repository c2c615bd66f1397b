"""What a syslog message is made of, whichever layout it came in."""

from dataclasses import dataclass, field

from shipper.syslog_times import Stamp

Elements = dict[str, dict[str, str | list[str]]]
"""Structured data: elements by id, their parameters by name; a repeated one is a list."""

_FACILITY_LIST = (
    "kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock "
    "local0 local1 local2 local3 local4 local5 local6 local7"
)
_SEVERITY_LIST = "emerg alert crit err warning notice info debug"
FACILITIES = tuple(_FACILITY_LIST.split())
SEVERITIES = tuple(_SEVERITY_LIST.split())
HIGHEST_PRI = len(FACILITIES) * 8 - 1


@dataclass(slots=True)
class Parts:
    """A message taken apart. What it does not have is empty or None."""

    layout: str
    """rfc5424 or rfc3164, as the meta calls it."""
    message: bytes
    facility: int | None = None
    severity: int | None = None
    stamp: Stamp | None = None
    host: str = ""
    app: str = ""
    procid: str = ""
    msgid: str = ""
    data: Elements = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    """What single makers of devices add, by a name for the meta."""

    def take_pri(self, pri: int) -> None:
        """Facility and severity out of a PRI of at most HIGHEST_PRI (RFC 5424, 6.2.1)."""
        self.facility, self.severity = divmod(pri, 8)


def text_of(raw: bytes) -> str:
    """A header field as text; bytes that are no UTF-8 stay readable as \\xNN."""
    return raw.decode("utf-8", "backslashreplace")
