"""What an archive holds beside events and metric points, a line each."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from tools.masking import pattern_key
from tools.records import Gap, Heartbeat, Strict


class PatternRecord(Strict):
    """When a pattern was first and last seen, though its events may be gone by now."""

    kind: Literal["pattern"]
    service: str = Field(max_length=255)
    pattern: str
    first_seen: datetime
    last_seen: datetime

    @property
    def pattern_key(self) -> bytes:
        """The bytes that name it."""
        return pattern_key(self.service, self.pattern)


class HostRecord(Strict):
    """When a host was last heard."""

    kind: Literal["host"]
    host: str = Field(max_length=255)
    last_event: datetime


class ShipperRecord(Heartbeat):
    """A shipper's latest word on itself, and when it was heard."""

    kind: Literal["shipper"]
    heard_at: datetime


class GapRecord(Gap):
    """A known gap."""

    kind: Literal["gap"]
