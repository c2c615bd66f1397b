"""The process that reads a journal for the shipper, since libsystemd may die of SIGBUS.

It answers one command at a time from standard input. Between commands, however long the shipper
retries, it takes in rotation: that is what keeps an outage from hiding entries.
"""

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

from shipper.entries import Entry, Hole, Mapped
from shipper.errors import BadPosition
from shipper.events import ToJson, mapped
from shipper.frames import Message, pack, receive
from shipper.position import Position
from shipper.reader import Journal, Place, machines_of
from shipper.rules import Rules
from shipper.sweep import Sweep, tail_of

PROCESS_EVERY_MS = 250


class Child:
    """The commands, by name. Each gives the message that answers it.

    With rules, entries are made into events here: fewer bytes for the shipper to take apart.
    """

    def __init__(self, place: Place, commands: BinaryIO, rules: Rules | None = None) -> None:
        self._place = place
        self._to_json = _mapping(rules) if rules else None
        self._commands = commands
        self._opened: Position | None = None
        self._sweep: Sweep | None = None
        self._tail: str | None = None
        self._go_to: str | None = None
        self._carry_out: dict[str, Callable[..., Message]] = {
            "start": self.start,
            "read": self.read,
            "tail": self.tail,
            "sweep": self.sweep,
            "swept": self.swept,
            "span": self.span,
            "machines": self.machines,
        }

    def answer(self, command: Message) -> Message:
        """Carry out one command."""
        name, *arguments = command
        return self._carry_out[name](*arguments)

    def idle(self) -> None:
        """Take in rotation until a command comes."""
        while not self._command_waits(PROCESS_EVERY_MS):
            if self._opened is not None:
                self._opened.keep_up()

    @property
    def _position(self) -> Position:
        if self._opened is None:
            self._opened = Position(self._place)
        return self._opened

    def start(self, cursor: str | None, rewind: int) -> Message:
        """Refusals are final: another child would meet them again."""
        try:
            return ("started", self._position.start(cursor, rewind))
        except BadPosition as error:
            return ("bad position", str(error))
        except (OSError, ValueError) as error:
            return ("unreadable", f"{self._place.path or 'the journal'} cannot be opened: {error}")

    def read(self, limit: int, max_bytes: int, wait: float) -> Message:
        until = time.monotonic() + wait
        entries = self._position.take(limit, max_bytes)
        while not entries and time.monotonic() < until and not self._command_waits(0):
            self._wait_for_change(until - time.monotonic())
            entries = self._position.take(limit, max_bytes)
        answer = self._mapped(entries)
        return ("entries", answer, self._position.caught_up, self._position.errors)

    def tail(self) -> Message:
        """Asked again after reading to the end, the tail of the last time must be known."""
        before, self._tail = self._tail, tail_of(self._position)
        recent = self._position.recent
        beyond = before is not None and before not in recent
        return ("tail", beyond, self._tail is None or self._tail in recent)

    def sweep(self, holes: list[Hole], go_to_tail: bool) -> Message:
        """`go_to_tail`: when it is over, read on from the tail that it started at."""
        self._sweep = Sweep(self._position, holes, go_to_tail)
        self._go_to = self._tail if go_to_tail else None
        return ("sweeping",)

    def swept(self, limit: int, max_bytes: int) -> Message:
        if self._sweep is None:
            return ("entries", [], True, self._position.errors)
        entries, over = self._sweep.take(limit, max_bytes)
        if over:
            self._sweep = None
            if self._go_to:
                self._position.reopen(self._go_to)
        return ("entries", self._mapped(entries), over, self._position.errors)

    def _mapped(self, entries: list[Entry]) -> list[tuple[str, int, Mapped]] | list[Entry]:
        if self._to_json is None:
            return entries
        return [(one[0], one[1], mapped(one[2], one[0], one[1], self._to_json)) for one in entries]

    def span(self) -> Message:
        """Oldest and newest wall clock, and bytes on disk."""
        journal = Journal(self._place)
        try:
            journal.seek_head()
            if not journal.advance():
                return ("span", None)
            head = journal.realtime()
            journal.seek_tail()
            journal.back()
            return ("span", (head, journal.realtime(), journal.used_bytes()))
        finally:
            journal.close()

    def machines(self) -> Message:
        """The machines in the journal, and those among them that share a file with another."""
        root = Path(self._place.path or "/")
        shared: set[str] = set()
        for file in root.rglob("*.journal*") if self._place.path else ():
            inside = machines_of(str(file))
            shared |= inside if len(inside) > 1 else set()
        return ("machines", sorted(self._position.journal.machines()), sorted(shared))

    def _command_waits(self, timeout_ms: float) -> bool:
        poll = select.poll()
        poll.register(self._commands, select.POLLIN | select.POLLHUP)
        return bool(poll.poll(timeout_ms))

    def _wait_for_change(self, seconds: float) -> None:
        poll = select.poll()
        poll.register(self._position.descriptor, select.POLLIN)
        poll.register(self._commands, select.POLLIN | select.POLLHUP)
        poll.poll(min(seconds * 1000, PROCESS_EVERY_MS))


def _mapping(rules: Rules) -> ToJson:
    from shipper.mapping import to_json  # its many expressions take a while to compile

    return partial(to_json, rules=rules)


def main(path: str, machine: str, redact: str = "", session: str = "") -> None:
    """Serve standard input until it ends. The shipper decides when to stop, not the terminal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    commands = open(0, "rb", buffering=0)  # noqa: SIM115  unbuffered, so that poll() sees all of it
    answers = open(1, "wb")  # noqa: SIM115
    rules = Rules(redact == "True", session == "True") if redact else None
    child = Child(Place(path or None, machine or None), commands, rules)
    while True:
        child.idle()
        command = receive(commands)
        if command is None:
            return
        try:
            answers.write(pack(child.answer(command)))
            answers.flush()
        except BrokenPipeError:
            os._exit(0)  # the shipper was killed; a plain exit would try to flush once more


if __name__ == "__main__":
    main(*sys.argv[1:])
