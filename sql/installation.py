"""Where the programs of a MariaDB lie."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.errors import StoreUnavailable

_LEAST = (11, 7)
_SYSTEM_TABLES = (
    "mariadb_system_tables.sql",
    "mariadb_performance_tables.sql",
    "mariadb_system_tables_data.sql",
    "maria_add_gis_sp_bootstrap.sql",
)


@dataclass(frozen=True, slots=True)
class Installation:
    """A mariadbd program and the folder with its system tables and messages."""

    program: Path
    share: Path

    def tables(self) -> list[str]:
        """The scripts that make the system tables, in their order."""
        return [(self.share / name).read_text(encoding="utf-8") for name in _SYSTEM_TABLES]


def find_installation(prefix: Path) -> Installation:
    """A mariadbd new enough for VECTOR: in `prefix`, else on PATH.

    Raises:
        StoreUnavailable: saying what to install, when there is none.
    """
    on_path = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")
    candidates = [(prefix / "bin/mariadbd", prefix / "root/usr/share")]
    if on_path:
        candidates.append((Path(on_path), Path("/usr/share")))
    for program, share in candidates:
        tables = [share / name / _SYSTEM_TABLES[0] for name in ("mariadb", "mysql")]
        found = next((path.parent for path in tables if path.exists()), None)
        if found and program.exists() and _version(program) >= _LEAST:
            return Installation(program, found)
    raise StoreUnavailable(
        "no mariadbd >= 11.7 found. Run `make mariadb` in the checkout, install mariadb-server "
        "11.8 or newer, or set DEVMESH_DATABASE_URL to a server you have."
    )


def _version(program: Path) -> tuple[int, int]:
    command = [str(program), "--no-defaults", "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    match = re.search(r"Ver (\d+)\.(\d+)", said.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)
