"""An entry as an item ready to be sent."""

from collections.abc import Callable

from shipper.batches import Item
from shipper.entries import Entry, Fields, Mapped, MappedEntry

ToJson = Callable[[Fields, str, int], tuple[str, bytes]]
"""Fields, cursor and wall clock (µs) to the host, and the event with its uid as JSON."""

JOURNAL_DROPPED = b"a596d6fe7bfa4994828e72309e95d61e"
"""MESSAGE_ID of journald's own "Suppressed N messages from UNIT"."""


class Converter:
    """Turns entries into items, by `to_json` where the source has not mapped them itself.

    `host` is the last one that was named.
    """

    def __init__(self, to_json: ToJson | None = None) -> None:
        self._to_json = to_json
        self.host: str | None = None

    def __call__(self, entry: Entry | MappedEntry) -> Item:
        cursor, realtime_us, said = entry
        if isinstance(said, dict):
            if self._to_json is None:
                raise TypeError("a source that was to map its entries did not")
            said = mapped(said, cursor, realtime_us, self._to_json)
        self.host, body, dropped = said
        return Item(cursor, realtime_us, body, dropped)


def mapped(fields: Fields, cursor: str, realtime_us: int, to_json: ToJson) -> Mapped:
    """What is sent of an entry."""
    host, body = to_json(fields, cursor, realtime_us)
    dropped = rate_limited(fields) if "N_DROPPED" in fields else 0
    return host, body, dropped


def rate_limited(fields: Fields) -> int:
    """How many entries journald's rate limit threw away, if it is journald that says so."""
    if fields.get("MESSAGE_ID") != JOURNAL_DROPPED or fields.get("_TRANSPORT") != b"driver":
        return 0
    count = fields["N_DROPPED"]
    return int(count) if isinstance(count, bytes) and count.isdigit() else 0
