"""An entry as an item ready to be sent."""

from collections.abc import Callable
from typing import Any

import orjson

from shipper.batches import Item
from shipper.entries import Entry, Fields

ToEvent = Callable[[Fields, str, int], dict[str, Any]]
"""Fields, cursor and wall clock (µs) to the event that is sent, with a uid and a host."""

JOURNAL_DROPPED = b"a596d6fe7bfa4994828e72309e95d61e"
"""MESSAGE_ID of journald's own "Suppressed N messages from UNIT"."""


class Converter:
    """Turns entries into items by the given mapping. `host` is the last one that was named."""

    def __init__(self, to_event: ToEvent) -> None:
        self._to_event = to_event
        self.host: str | None = None

    def __call__(self, entry: Entry) -> Item:
        cursor, realtime_us, fields = entry
        event = self._to_event(fields, cursor, realtime_us)
        self.host = str(event["host"])
        dropped = rate_limited(fields) if "N_DROPPED" in fields else 0
        return Item(cursor, realtime_us, orjson.dumps(event), dropped)


def rate_limited(fields: Fields) -> int:
    """How many entries journald's rate limit threw away, if it is journald that says so."""
    if fields.get("MESSAGE_ID") != JOURNAL_DROPPED or fields.get("_TRANSPORT") != b"driver":
        return 0
    count = fields["N_DROPPED"]
    return int(count) if isinstance(count, bytes) and count.isdigit() else 0
