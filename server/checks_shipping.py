"""How this machine's shippers are: their last word, their position, what may be lost next."""

import os
from pathlib import Path

from server.checks import Finding
from server.probes import probed
from server.settings import ServerSettings
from shipper.checkpoint import Checkpoint
from shipper.errors import BadPosition
from shipper.run import state_folder
from shipper.settings import ShipperSettings
from shipper.status import Status, read_statuses

_SILENT = 120.0
_BEHIND = 600.0
_SOON = 6.0
_MORE_ROOM = "sudo systemctl edit systemd-journald  # [Journal] SystemMaxUse=8G"
_RESTART = "sudo systemctl restart devmesh-shipper  # or: devmesh up"


async def shipping(settings: ServerSettings, now: float) -> list[Finding]:
    """A finding for each source that was ever shipped from the state folder, as of `now` (s)."""
    folder = state_folder(ShipperSettings(state_dir=settings.state_dir))
    try:
        statuses = read_statuses(folder)
    except (ValueError, TypeError, OSError) as error:
        mend = f"rm {folder}/*.status.json  # written anew by the shipper"
        return [Finding("shipper", "warn", f"a status in {folder} cannot be read: {error}", mend)]
    found = [finding for one in statuses for finding in await _of(folder, one, now)]
    if found:
        return found
    return [Finding("shipper", "warn", f"nothing has been shipped from {folder} yet", "devmesh up")]


async def _of(folder: Path, status: Status, now: float) -> list[Finding]:
    name = f"shipper {status.source}"
    place = folder / f"{status.source}.position.json"
    checkpoint = Checkpoint(place)
    try:
        checkpoint.load()
    except (BadPosition, OSError) as error:
        mend = f"mv {place} {place}.bad  # what the server has already is not stored twice"
        return [Finding(name, "fail", str(error), mend)]
    told = _told(name, status, now)
    if status.source == "journal" and checkpoint.cursor:
        return [told, *await _cursor(name, checkpoint.cursor)]
    return [told]


def _told(name: str, status: Status, now: float) -> Finding:
    silent = now - status.updated
    if status.finished:
        text = f"finished {silent:.0f} s ago, {status.sent} sent, {status.gaps} lost in gaps"
        return Finding(name, "ok", text)
    if silent > _SILENT or not _alive(status.pid):
        text = f"last heard {silent:.0f} s ago, process {status.pid} is gone or hangs"
        text += f"; its last word: {status.trouble}" if status.trouble else ""
        return Finding(name, "warn", text, _RESTART)
    if status.trouble:
        return Finding(name, "fail", status.trouble, "devmesh ship --status")
    lag = status.lag_seconds or 0.0
    text = f"{lag:.0f} s behind, {status.sent} sent, {status.gaps} lost in gaps"
    if status.hours_left is not None and status.hours_left < _SOON and lag > _BEHIND:
        text += f"; in {status.hours_left:.1f} hours the journal drops what is unsent"
        return Finding(name, "fail", text, _MORE_ROOM)
    if lag > _BEHIND:
        return Finding(name, "warn", text, "devmesh ship --status")
    return Finding(name, "ok", text)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


async def _cursor(name: str, cursor: str) -> list[Finding]:
    """Whether the journal still has the entry up to which it was shipped."""
    found = await probed("journal", cursor)
    if found.ok:
        return []
    mend = "devmesh ship --status  # tells how much is known to be lost"
    return [Finding(name, "warn", found.text, mend)]
