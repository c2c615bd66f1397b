"""The errors DevMesh raises, as one small tree.

DevMeshError
├── BadArguments        the caller's argument breaks a rule
├── BadBatch            a body that is no batch at all
├── TooLarge            a body or batch over the limits
├── NotFound            no such tool, row or page
├── Forbidden           the caller's token does not allow it
├── Unavailable         a part is away for now; trying again may help
│   ├── StoreUnavailable
│   ├── EmbedderUnavailable
│   ├── ModelUnavailable
│   └── Busy             too many wait for it already
└── TookTooLong         a query ran into its time limit

They are raised low and translated once per door. `code` is stable: programs may match on it.
"""

from collections.abc import Sequence
from typing import Any

_TOLD = 20
"""Problems named in a message; all of them are in `problems`."""


class DevMeshError(Exception):
    """Base of every error that DevMesh raises on purpose."""

    code = "devmesh_error"


class BadArguments(DevMeshError):
    """An argument breaks a rule. `problems` holds one `Problem`-like dict an argument."""

    code = "bad_arguments"

    def __init__(self, problems: Sequence[dict[str, Any]]) -> None:
        self.problems = list(problems)
        told = [f"{p['field']}: {p['rule']}" for p in self.problems[:_TOLD]]
        more = len(self.problems) - len(told)
        super().__init__("; ".join([*told, f"and {more} more"] if more else told))

    @classmethod
    def one(cls, field: str, rule: str, value: object = None) -> "BadArguments":
        """The common case of a single bad argument."""
        return cls([{"field": field, "rule": rule, "value": value}])


class BadBatch(DevMeshError):
    """A body that cannot be read as a batch of records."""

    code = "bad_batch"


class TooLarge(DevMeshError):
    """A body or a batch over the limits that the message names."""

    code = "too_large"


class NotFound(DevMeshError):
    """Something named by the caller does not exist."""

    code = "not_found"


class Forbidden(DevMeshError):
    """The caller is known, but its token lacks the `scope` that is needed."""

    code = "insufficient_scope"

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__(f"this needs a token with the scope {scope}")


class Unavailable(DevMeshError):
    """A part is away for now. `retry_after` is the number of seconds worth waiting."""

    code = "unavailable"

    def __init__(self, message: str, retry_after: int = 2) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class StoreUnavailable(Unavailable):
    """The database cannot be reached, or went away in the middle."""

    code = "store_unavailable"


class EmbedderUnavailable(Unavailable):
    """The sentence embedder could not be loaded or failed."""

    code = "embedder_unavailable"


class ModelUnavailable(Unavailable):
    """The language model could not be loaded or failed."""

    code = "model_unavailable"


class Busy(Unavailable):
    """More wait for a part already than it takes; later there may be room."""

    code = "busy"


class TookTooLong(DevMeshError):
    """A query ran into its time limit; a narrower window would help."""

    code = "took_too_long"
