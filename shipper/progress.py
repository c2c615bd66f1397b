"""How far the server has acknowledged a source: position, ledger, and the time of both."""

import asyncio

from shipper.batches import Item
from shipper.checkpoint import Checkpoint
from shipper.file_positions import Positions
from shipper.gaps import Ledger

BEGINNING = "nothing acknowledged yet"
"""The cursor while only the files are known from which lines will come."""


class Progress:
    """The saved position with its gap ledger, moved by acknowledgements only.

    `ledger` is None for sources whose numbers have holes by nature, such as filtered exports.
    `in_order`: see Ledger. A source of many files has `positions`, which are saved in the
    ledger's place.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        keeps_ledger: bool = True,
        in_order: bool = False,
        positions: Positions | None = None,
    ) -> None:
        checkpoint.load()
        self._checkpoint = checkpoint
        self._saving = asyncio.Lock()
        self.caught_up = False
        """Whether everything that the source had is acknowledged."""
        self.ledger = Ledger(checkpoint.ledger, in_order) if keeps_ledger else None
        self._positions = positions
        if positions is not None:
            positions.load(checkpoint.ledger)
            positions.save = self.save

    @property
    def cursor(self) -> str | None:
        """The cursor to go on from."""
        return self._checkpoint.cursor

    @property
    def realtime_us(self) -> int | None:
        """Wall clock of the last acknowledged entry in µs."""
        return self._checkpoint.realtime_us or None

    async def acknowledged(self, items: list[Item]) -> None:
        """A batch has arrived: the position moves to its last item, durably."""
        self.found(items)
        await self.save(items[-1].cursor, items[-1].realtime_us)

    def found(self, items: list[Item]) -> None:
        """Items from beside the way have arrived: the ledger knows, the position stays."""
        if self.ledger is not None:
            for item in items:
                self.ledger.note(item.cursor, item.realtime_us, item.dropped)
        if self._positions is not None:
            for item in items:
                self._positions.note(item.cursor)

    async def save(self, cursor: str | None = None, realtime_us: int | None = None) -> None:
        """Make the position and the ledger durable; without a cursor the position stays."""
        async with self._saving:
            cursor = cursor or self._checkpoint.cursor
            if cursor is None and self._positions is not None:
                cursor = BEGINNING
            if realtime_us is None:
                realtime_us = self._checkpoint.realtime_us or 0
            if cursor is not None:
                keeper = self.ledger or self._positions
                ledger = keeper.saved() if keeper is not None else None
                await asyncio.to_thread(self._checkpoint.save, cursor, realtime_us, ledger)
