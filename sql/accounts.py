"""Who logs in to a private MariaDB: the operating system's user whose folder it is."""

import os
import pwd

from sql.statements import statements

_DYNAMIC = range(61_184, 65_520)
"""User ids of services with DynamicUser= (systemd.exec(5))."""


def os_user() -> str | None:
    """Our name, or None where MariaDB could not look it up.

    A container's bare uid has none. A service's dynamic user has one that only systemd knows.
    """
    try:
        return None if os.geteuid() in _DYNAMIC else pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return None


def account() -> str:
    """The account to log in as: the OS user by unix_socket, or root without a password."""
    return os_user() or "root"


def admission() -> str:
    """SQL for each start of the server: a folder that changed hands lets its new owner in."""
    how = "VIA unix_socket" if os_user() else "BY ''"
    text = statements()["admission"].given({}) % {"user": account(), "how": how}
    return f"{text};\n"
