"""What a shipper is sent out for."""

from dataclasses import dataclass, replace
from pathlib import Path

from shipper.errors import ShipperError
from shipper.settings import ShipperSettings


@dataclass(frozen=True)
class Errand:
    """What to ship. Where it names nothing, the settings do."""

    directory: Path | None = None
    """A directory of journals."""
    export: str | None = None
    """A file in the export format, or "-" for standard input."""
    files: tuple[str, ...] = ()
    """Log files, by globs."""
    syslog: tuple[str, ...] = ()
    """Addresses to receive syslog at, e.g. udp://0.0.0.0:5514."""
    journal: bool = False
    """This machine's journal."""
    follow: bool = True
    """Go on with what comes later. An export ends where it ends."""
    give_up_after: float = 60.0
    """Seconds for which a server that cannot be reached is tried, where there is an end."""
    shift_to_now: bool = False
    """Move all times of the export so that its newest entry happens now."""

    def completed(self, settings: ShipperSettings) -> "Errand":
        """The same with what the settings name, unless it names something itself.

        Raises:
            ShipperError: for wishes that contradict each other, and when there is none.
        """
        self._check()
        if self._apart or self._live:
            return self
        whole = replace(
            self,
            files=settings.ship_files,
            syslog=settings.ship_syslog if self.follow else (),
            journal=settings.ship_journal,
        )
        if not whole._live:
            raise ShipperError(
                "there is nothing to ship: DEVMESH_SHIP_JOURNAL is false, and neither "
                "DEVMESH_SHIP_FILES nor DEVMESH_SHIP_SYSLOG names anything"
            )
        return whole

    @property
    def _apart(self) -> int:
        """How many of the sources it names that go with no other."""
        return sum((self.directory is not None, self.export is not None))

    @property
    def _live(self) -> bool:
        return bool(self.files or self.syslog or self.journal)

    def _check(self) -> None:
        if self._apart + self._live > 1:
            raise ShipperError(
                "--directory, --export and this machine's sources are different things to ship: "
                "give one of them. Only --journal, --file and --syslog go together"
            )
        if self.shift_to_now and self.export is None:
            raise ShipperError("--shift-to-now moves the times of an export: it needs --export")
        if self.syslog and not self.follow:
            raise ShipperError("syslog has no end: --once does not go with --syslog")
