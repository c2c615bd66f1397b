"""Which service an entry belongs to: the one it speaks of, which is not always its sender."""

import re

from shipper.fields import Entry, first, readable

_SESSION = re.compile(r"session-[^.]+\.scope")


def service_of(entry: Entry, user_units_as_session: bool) -> str:
    """The unit, container or program of an entry; 'unknown' when nothing names one."""
    name = (
        first(entry, "CONTAINER_NAME")
        or _spoken_of(entry)
        or _unit(entry, user_units_as_session)
        or first(entry, "OBJECT_SYSTEMD_UNIT")
        or first(entry, "SYSLOG_IDENTIFIER")
        or first(entry, "_COMM")
        or "unknown"
    )
    return readable(name)[:255] or "unknown"


def _spoken_of(entry: Entry) -> str:
    """The unit that a manager or the coredump handler reports on, or the kernel."""
    about = ""
    # A user's own manager is no PID 1; it is known by the scope it runs in.
    if first(entry, "_PID") == "1" or first(entry, "_SYSTEMD_USER_UNIT") == "init.scope":
        about = first(entry, "UNIT") or first(entry, "USER_UNIT")
    about = about or first(entry, "COREDUMP_UNIT")
    if not about and first(entry, "_TRANSPORT") == "kernel":
        return "kernel"
    return about


def _unit(entry: Entry, user_units_as_session: bool) -> str:
    # Without the user unit every desktop program would be user@1000.service.
    user_unit = "" if user_units_as_session else first(entry, "_SYSTEMD_USER_UNIT")
    unit = user_unit or first(entry, "_SYSTEMD_UNIT")
    if unit.startswith("session-") and _SESSION.fullmatch(unit):
        return first(entry, "SYSLOG_IDENTIFIER") or unit
    return unit
