"""Who logs in to a private MariaDB: the operating system's user whose folder it is.

It has two accounts: its own, which may do everything, and one that may only read.
"""

import os
import pwd

from sql.pool import Pool
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


READER = "devmesh_read"
"""The account of the read path."""


def account() -> str:
    """The account to log in as: the OS user by unix_socket, or root without a password."""
    return os_user() or "root"


def admission() -> str:
    """SQL for each start of the server: a folder that changed hands lets its new owner in."""
    how = "VIA unix_socket" if os_user() else "BY ''"
    text = statements()["admission"].given({}) % {"user": account(), "how": how}
    return f"{text};\n{_reader()};\n"


async def admit_reader(pool: Pool) -> None:
    """Make the account of the read path, on a server that an older version has left running."""
    if await pool.run("has_account", name=READER):
        return
    async with pool.connection() as connection:
        for statement in _reader().split(";\n"):
            await connection.execute(statement)


def _reader() -> str:
    # The operating system's user logs in here too: by its socket, under the other account's name.
    how = f"VIA unix_socket AS '{os_user()}'" if os_user() else "BY ''"
    return statements()["reader"].given({}) % {"reader": READER, "how": how}
