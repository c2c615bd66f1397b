"""One shipper a source: two would move one position against each other."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shipper.errors import ShipperError


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock file. Raises ShipperError when another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ShipperError(
                f"another shipper is at work here ({path}); stop it, or give this one a "
                "DEVMESH_STATE_DIR of its own"
            ) from error
        yield
