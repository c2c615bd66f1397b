"""Where the database is: one server, or the nodes of one cluster in the order we try them."""

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from tools.errors import BadArguments

_NEXT_URL = re.compile(r"\s*,\s*(?=[a-z+]+://)", re.IGNORECASE)


@dataclass(frozen=True)
class Address:
    """How to reach a database; `database` is made when it does not exist."""

    database: str = "devmesh"
    user: str = "root"
    password: str = field(default="", repr=False)
    host: str = "localhost"
    port: int = 3306
    unix_socket: str | None = None

    def __str__(self) -> str:
        """The place alone, for messages."""
        return self.unix_socket or f"{self.host}:{self.port}"

    @classmethod
    def from_url(cls, url: str, setting: str = "DATABASE_URL") -> "Address":
        """From mysql://user:password@host:port/database[?unix_socket=/path] (also mariadb://).

        Raises:
            BadArguments: naming what the URL lacks. Its password is never repeated.
        """
        parts, port = _split(url, setting)
        database = parts.path.strip("/") or "devmesh"
        if parts.scheme.partition("+")[0] not in {"mysql", "mariadb"}:
            raise BadArguments.one(setting, "must begin with mysql:// or mariadb://")
        if not re.fullmatch(r"\w{1,64}", database):
            rule = "the database's name may hold letters, digits and _ only"
            raise BadArguments.one(setting, rule, database)
        options = parse_qs(parts.query)
        if unknown := sorted(options.keys() - {"unix_socket"}):
            raise BadArguments.one(setting, "the only option is unix_socket", unknown[0])
        return cls(
            database=database,
            user=unquote(parts.username or "root"),
            password=unquote(parts.password or ""),
            host=parts.hostname or "localhost",
            port=port or 3306,
            unix_socket=options.get("unix_socket", [None])[0],
        )


def nodes_from_urls(urls: str, setting: str = "DATABASE_URL") -> tuple[Address, ...]:
    """The nodes of one cluster, from URLs with commas between them; the first is tried first.

    A comma inside a password is no separator: what follows a separator begins with a scheme.

    Raises:
        BadArguments: as `Address.from_url`, and when the URLs name several databases.
    """
    nodes = tuple(Address.from_url(url, setting) for url in _NEXT_URL.split(urls.strip()))
    names = sorted({node.database for node in nodes})
    if len(names) > 1:
        rule = "all URLs must name one database: they are nodes of one cluster"
        raise BadArguments.one(setting, rule, ", ".join(names))
    return nodes


def _split(url: str, setting: str) -> tuple[SplitResult, int | None]:
    # What urllib says of a bad URL may repeat the password, so it is not passed on.
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError:
        rule = "is no URL like mysql://user:password@host:3306/database"
        raise BadArguments.one(setting, rule) from None
