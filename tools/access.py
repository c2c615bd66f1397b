"""Who calls a tool, by which door, and what it may do there."""

from dataclasses import dataclass

from tools.errors import Forbidden

READ = "read"
"""What the store holds may be asked for."""
INGEST = "ingest"
"""Events and points may be added."""
SCOPES = frozenset((READ, INGEST))


@dataclass(frozen=True, slots=True)
class Access:
    """How a caller came in and what it may do: by default this machine's user, who may do all.

    `token` is the name of the token that it showed, `address` where it calls from.
    """

    door: str = "cli"
    scopes: frozenset[str] = SCOPES
    token: str | None = None
    address: str | None = None
    request_id: str | None = None

    def require(self, scope: str) -> None:
        """Raises Forbidden when the caller has not got that scope."""
        if scope not in self.scopes:
            raise Forbidden(scope)
