"""`devmesh ship` without its terminal: what it does, in one call that gives an exit status."""

import asyncio
import logging
import signal
import sys
import time
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path

from pydantic import ValidationError

from shipper.deadletters import DeadLetters
from shipper.errand import Errand
from shipper.errors import GaveUp, ShipperError
from shipper.fields import readable
from shipper.install import MACHINE, NEXT, install_units
from shipper.notify import Notifier
from shipper.run import Shipper, state_folder
from shipper.settings import ShipperSettings, wrong_settings
from shipper.status import Status, read_statuses
from tools.errors import DevMeshError
from tools.plain import clean

log = logging.getLogger(__name__)

OK, INCOMPLETE, FAILED = 0, 1, 2
"""Exit status: all done; something could not be read, or was not taken; could not go on."""


class Action(Enum):
    """What `devmesh ship` is asked to do."""

    SHIP = auto()
    STATUS = auto()
    REPLAY_DEAD = auto()


def ship_command(
    action: Action = Action.SHIP,
    errand: Errand | None = None,
    server: str | None = None,
    settings: ShipperSettings | None = None,
) -> int:
    """Do it and give the exit status. `server` wins over the settings' address."""
    try:
        settings = settings or ShipperSettings()
    except ValidationError as error:
        sys.stderr.writelines(f"devmesh ship: {line}\n" for line in wrong_settings(error))
        return FAILED
    if server:
        settings = settings.model_copy(update={"server_url": server})
    if action is Action.STATUS:
        return print_status(settings)
    configure_logging()
    failures: list[BaseException] = []
    status = FAILED
    try:
        status = asyncio.run(_act(action, errand or Errand(), settings))
    except* (DevMeshError, OSError) as errors:
        failures.extend(errors.exceptions)
        if all(isinstance(failure, GaveUp) for failure in failures):
            status = INCOMPLETE
    for failure in failures:
        sys.stderr.write(f"devmesh ship: {clean(str(failure))}\n")
    return status


def install_command(root: Path | None = None) -> int:
    """Write the services' files, below `root` for an image; the exit status."""
    try:
        for path, done in install_units(root or MACHINE):
            sys.stdout.write(f"{path}: {done}\n")
    except (ShipperError, OSError) as error:
        sys.stderr.write(f"devmesh ship: {error}\n")
        return FAILED
    sys.stdout.write(NEXT)
    return OK


async def _act(action: Action, errand: Errand, settings: ShipperSettings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    notifier = Notifier(settings.notify_socket, settings.watchdog_usec)
    shipper = Shipper(settings, stop, notifier=notifier)
    if action is Action.REPLAY_DEAD:
        sys.stdout.write(f"{await shipper.replay(errand.give_up_after)} dead letters sent again\n")
        return OK
    await shipper.run(errand)
    sys.stdout.writelines(f"{clean(line)}\n" for line in shipper.done)
    for problem in shipper.problems:
        sys.stderr.write(f"devmesh ship: {clean(problem)}\n")
    return INCOMPLETE if shipper.problems else OK


def configure_logging() -> None:
    """Warnings and worse to standard error; one line a request would itself be logged."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)


def print_status(settings: ShipperSettings) -> int:
    """Write what each source's shipper last said of itself."""
    statuses = read_statuses(state_folder(settings))
    waiting = DeadLetters(state_folder(settings) / "dead.ndjson").waiting()
    if not statuses:
        sys.stdout.write(f"nothing has been shipped from {settings.state_dir} yet\n")
        return OK
    for status in statuses:
        # Names of files and senders are not ours.
        sys.stdout.writelines(f"{clean(line)}\n" for line in describe(status, waiting, time.time()))
    return OK


def describe(status: Status, waiting: int, now: float) -> list[str]:
    """A status in lines for a person. `waiting`: dead letters that can be sent again."""
    position = "none yet"
    if status.position_us is not None:
        position = f"{datetime.fromtimestamp(status.position_us // 1_000_000, UTC):%F %T} UTC"
    hours = "unknown" if status.hours_left is None else f"{status.hours_left:.1f}"
    lag = "unknown" if status.lag_seconds is None else f"{status.lag_seconds:.1f} s"
    return [
        f"{status.source} on {status.host or 'unknown host'} "
        f"({'finished' if status.finished else f'process {status.pid}'}, "
        f"{max(0.0, now - status.updated):.0f} s ago)",
        f"  position    {position}",
        f"  lag         {lag}",
        f"  sent        {status.sent} ({status.duplicates} the server had already)",
        f"  retried     {status.retried}",
        f"  dead        {status.dead} ({waiting} waiting for --replay-dead)",
        f"  lost        {status.gaps} entries in gaps, {status.open_holes} still looked for",
        f"  unreadable  {status.unreadable}",
        f"  hours left  {hours}",
        *(f"  {name:<11} {count}" for name, count in status.counts.items()),
        *([f"  trouble     {status.trouble}"] if status.trouble else []),
        *(f"  note        {readable(note)}" for note in status.notes),
    ]
