"""Bounded batches: by count, by bytes and by age."""

from collections import deque
from dataclasses import dataclass, field

OVERHEAD = len(b'{"events":[]}')


@dataclass(frozen=True, slots=True)
class Item:
    """One event as JSON, with the cursor and the wall clock (µs) of its entry."""

    cursor: str
    realtime_us: int
    body: bytes
    dropped: int = 0
    """How many entries this one says journald's rate limit threw away."""


@dataclass(frozen=True)
class Limits:
    """How large a batch may grow, and how many seconds its first item may wait."""

    entries: int = 500
    size: int = 1024 * 1024
    seconds: float = 1.0


@dataclass
class Batch:
    """Items sent together, oldest first."""

    items: list[Item] = field(default_factory=list)

    def body(self) -> bytes:
        """The body of the request, as JSON."""
        return b'{"events":[' + b",".join([item.body for item in self.items]) + b"]}"


class Batcher:
    """Items waiting to become batches, in order. Only an item that is too large alone is let by."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._waiting: deque[Item] = deque()
        self._size = OVERHEAD
        self._since: float | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, item: Item, now: float) -> None:
        """Queue an item; `now` is a monotonic clock in seconds."""
        if self._since is None:
            self._since = now
        self._waiting.append(item)
        self._size += len(item.body) + 1

    def full(self) -> bool:
        """Whether a batch is due by count or bytes."""
        return len(self._waiting) >= self.limits.entries or self._size >= self.limits.size

    def wait(self, now: float) -> float:
        """Seconds until a batch is due by age; a full second's worth when nothing waits."""
        if self._since is None:
            return self.limits.seconds
        return max(0.0, self._since + self.limits.seconds - now)

    def due(self, now: float) -> bool:
        """Whether a batch should leave now."""
        return bool(self._waiting) and (self.full() or self.wait(now) <= 0)

    def take(self, now: float) -> Batch:
        """The next batch, within the limits. What is left over waits anew from `now`."""
        items: list[Item] = []
        size = OVERHEAD
        while self._waiting and len(items) < self.limits.entries:
            size += len(self._waiting[0].body) + 1
            if items and size > self.limits.size:
                break
            items.append(self._waiting.popleft())
        self._size -= sum(len(item.body) + 1 for item in items)
        self._since = now if self._waiting else None
        return Batch(items)
