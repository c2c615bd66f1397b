"""A shipper at work: sources, their positions, heartbeats and status, until the end or a stop."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from shipper.checkpoint import Checkpoint
from shipper.deadletters import DeadLetters
from shipper.directory import Directory
from shipper.errand import Errand
from shipper.errors import JournalUnreadable
from shipper.events import Converter
from shipper.export_source import ExportSource
from shipper.headroom import journal_capacity
from shipper.heartbeat import Pulse
from shipper.journal import JournalSource, check_readable
from shipper.lock import alone
from shipper.notify import Notifier
from shipper.patience import Patience
from shipper.progress import Progress
from shipper.replay import replay_dead
from shipper.rules import Rules
from shipper.send import Sender, connect
from shipper.settings import ShipperSettings
from shipper.ship import Options, ship
from shipper.status import sent_text
from shipper.voyage import Voyage, beating

LOOK_FOR_MACHINES_EVERY = 60.0
LONGEST_TURN = 3600.0
"""Seconds that one pass through a huge journal may take; a loop that takes longer hangs."""


class Shipper:
    """What the sources of one process share. `stop` ends it after the batch in flight.

    `notifier` is told when the saved position has been found, and goes on hearing that all is
    well, whatever the loops wait for, until one of them has not turned for an hour.
    """

    def __init__(
        self,
        settings: ShipperSettings,
        stop: asyncio.Event,
        clock: Callable[[], float] = time.time,
        on_ack: Callable[[int], None] = lambda count: None,
        notifier: Notifier | None = None,
    ) -> None:
        self._settings = settings
        self._stop = stop
        self._clock = clock
        self._on_ack = on_ack
        self._notifier = notifier or Notifier()
        self._turned: dict[str, float] = {}
        self._folder = state_folder(settings)
        self._host = socket.gethostname()
        self._dead = DeadLetters(self._folder / "dead.ndjson")
        self._client = connect(settings.server_url, settings.bearer_token, settings.trust)
        self.problems: list[str] = []
        """What of the sources could not be read, in words."""
        self.done: list[str] = []
        """What was sent of each source that has an end, in words."""
        self._gives_up_after: float | None = None

    async def run(self, errand: Errand) -> None:
        """Carry out an errand.

        Raises ShipperError for one that contradicts itself; GaveUp when one with an end met no
        server that takes events.
        """
        errand = errand.completed(self._settings)
        self._gives_up_after = None if errand.follow else errand.give_up_after
        async with self._client, self._notifier.watched(self._all_turn):
            if errand.directory is not None:
                await self._ship_directory(
                    Directory(errand.directory, self._rules()), errand.follow
                )
            elif errand.export is not None:
                await self._ship_export(errand.export, errand.shift_to_now)
            else:
                await self._ship_live(errand)
            self._notifier.tell("STOPPING=1")

    async def replay(self, give_up_after: float | None = None) -> int:
        """Send the dead letters again; how many there were. Raises GaveUp."""
        self._gives_up_after = give_up_after
        async with self._client:
            return await replay_dead(self._dead, self._sender(), self._settings.limits)

    async def _ship_live(self, errand: Errand) -> None:
        """What this machine writes and receives, all at once."""
        async with asyncio.TaskGroup() as group:
            if errand.journal:
                group.create_task(self._ship_journal(errand.follow))
            if errand.files:
                group.create_task(self._ship_files(errand.files, errand.follow))
            if errand.syslog:
                group.create_task(self._ship_syslog(errand.syslog))

    async def _ship_files(self, patterns: tuple[str, ...], follow: bool) -> None:
        from shipper.file_mapping import LineMapper
        from shipper.file_search import Globs
        from shipper.files_source import FilesSource

        mapper = LineMapper(self._host, self._rules(), self._settings.ship_file_services)
        source = FilesSource(Globs(patterns), mapper, follow)
        await self._ship(
            Voyage(
                source,
                follow,
                kind="file",
                keeps_ledger=False,
                positions=source.positions,
                default_host=self._host,
                notes=source.notes,
                services=mapper.met,
            )
        )
        if not follow:
            self.problems += source.problems()

    async def _ship_journal(self, follow: bool) -> None:
        machine = await asyncio.to_thread(Path("/etc/machine-id").read_text)
        check_readable(machine.strip())
        source = JournalSource("journal", rules=self._rules())
        capacity = await asyncio.to_thread(journal_capacity)
        await self._ship(Voyage(source, follow, default_host=self._host, capacity=capacity))

    async def _ship_directory(self, directory: Directory, follow: bool) -> None:
        """All machines at once; while following, also those that turn up later."""
        if not follow and not directory.has_files():
            raise JournalUnreadable(f"there are no journal files in {directory.path}")
        async with asyncio.TaskGroup() as group:
            while not self._stop.is_set():
                new = await directory.new_sources()
                for source in new:
                    ledger = source.place.machine not in directory.shared
                    group.create_task(self._ship(Voyage(source, follow, keeps_ledger=ledger)))
                if not new:
                    self._begun()  # with nothing to begin
                if not follow:
                    return
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), LOOK_FOR_MACHINES_EVERY)

    async def _ship_export(self, file: str, shift_to_now: bool) -> None:
        from shipper.mapping import to_json

        source = ExportSource(file, int(self._clock() * 1e6) if shift_to_now else None)
        voyage = Voyage(source, follow=True, keeps_ledger=False, beats=False)
        voyage.to_json = partial(to_json, rules=self._rules())
        await self._ship(voyage)
        if source.problem:
            self.problems.append(f"{file}: {source.problem}")

    async def _ship_syslog(self, addresses: Sequence[str]) -> None:
        from shipper.syslog import syslog_source

        folder = self._folder / "syslog"
        async with syslog_source(addresses, folder, self._settings, self._clock) as source:
            await self._ship(
                Voyage(
                    source,
                    follow=True,
                    kind="syslog",
                    in_order=True,
                    default_host=self._host,
                    counts=source.counts,
                    on_position=source.forget,
                )
            )

    async def _ship(self, voyage: Voyage) -> None:
        source = voyage.source
        convert = Converter(voyage.to_json)
        with alone(self._folder / f"{source.name}.lock"):
            checkpoint = Checkpoint(self._folder / f"{source.name}.position.json")
            progress = Progress(checkpoint, voyage.keeps_ledger, voyage.in_order, voyage.positions)
            alive = partial(self._turns, source.name)
            alive()
            sender = self._sender(alive)
            pulse = Pulse(
                source=source,
                sender=sender,
                progress=progress,
                status_file=self._folder / f"{source.name}.status.json",
                host=lambda: convert.host or voyage.default_host,
                clock=self._clock,
                beats=voyage.beats,
                capacity=voyage.capacity,
                kind=voyage.kind,
                counts=voyage.counts,
                notes=voyage.notes,
            )
            options = Options(
                convert,
                voyage.follow,
                self._settings.limits,
                self._stop,
                alive,
                self._begun,
                partial(self._acknowledged, voyage, progress),
            )
            async with beating(pulse):
                await ship(source, sender, progress, options)
                pulse.finished = not self._stop.is_set()
            if pulse.finished:
                self.done.append(sent_text(pulse.status(), voyage.services))
            del self._turned[source.name]

    def _acknowledged(self, voyage: Voyage, progress: Progress, count: int) -> None:
        if progress.cursor is not None:
            voyage.on_position(progress.cursor)
        self._on_ack(count)

    def _sender(self, alive: Callable[[], None] = lambda: None) -> Sender:
        patience = Patience(self._stop, alive)
        return Sender(self._client, self._dead, patience, self._clock, self._gives_up_after)

    def _rules(self) -> Rules:
        settings = self._settings
        return Rules(
            redact=settings.ship_redact, user_units_as_session=settings.ship_user_units_as_session
        )

    def _begun(self) -> None:
        self._notifier.tell("READY=1")  # said again by the next source, which changes nothing

    def _turns(self, name: str) -> None:
        self._turned[name] = time.monotonic()

    def _all_turn(self) -> bool:
        now = time.monotonic()
        return all(now - at < LONGEST_TURN for at in self._turned.values())


def state_folder(settings: ShipperSettings) -> Path:
    """Where this user's shippers keep positions, dead letters and status."""
    return settings.state_dir / "shipper"
