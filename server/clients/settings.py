"""What this process was told by its environment, which a client's child process is not told."""

import os

PREFIX = "DEVMESH_"


def given() -> dict[str, str]:
    """The `DEVMESH_*` variables that are set, by their names in capitals."""
    found = {name.upper(): value for name, value in os.environ.items()}
    return {name: found[name] for name in sorted(found) if name.startswith(PREFIX)}
