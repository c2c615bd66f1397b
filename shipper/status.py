"""What a shipper says of itself: the numbers behind heartbeats and `devmesh ship --status`."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import orjson

from shipper.checkpoint import write_durably

_NAMED = 5


@dataclass
class Status:
    """One source of a shipper, as of `updated` (seconds since 1970). Counts since its start."""

    source: str
    host: str
    pid: int
    updated: float
    cursor: str | None = None
    position_us: int | None = None
    lag_seconds: float | None = None
    hours_left: float | None = None
    sent: int = 0
    duplicates: int = 0
    retried: int = 0
    dead: int = 0
    gaps: int = 0
    """Entries lost in all gaps since the position was first saved."""
    open_holes: int = 0
    """Gaps that are still being looked for."""
    unreadable: int = 0
    restarts: int = 0
    """How often the reading process died."""
    trouble: str | None = None
    finished: bool = False
    """Whether it was asked to stop at the end of the source, and did."""
    counts: dict[str, int] = field(default_factory=dict)
    """Further numbers of this source, by what they are called."""
    notes: list[str] = field(default_factory=list)
    """What the source says of itself beyond that."""


def sent_text(status: Status, services: Iterable[str] = ()) -> str:
    """What came of a source that was shipped to its end, in one line."""
    count = status.sent + status.duplicates
    text = f"{status.source}: sent {count:,} event{'' if count == 1 else 's'}"
    if count and (names := sorted(services)):
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        text += f" of service {', '.join(names[:_NAMED])}{more}"
    if status.duplicates:
        text += f", {status.duplicates:,} of which the server had already"
    return f"{text}; {status.dead:,} refused: devmesh ship --status" if status.dead else text


def write_status(path: Path, status: Status) -> None:
    """Put a status where `read_statuses` finds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, orjson.dumps(asdict(status)))


def read_statuses(folder: Path) -> list[Status]:
    """The last word of every source that was ever shipped from this state folder."""
    known = {one.name for one in fields(Status)}
    statuses = []
    for path in sorted(folder.glob("*.status.json")):
        saved = orjson.loads(path.read_bytes())
        statuses.append(Status(**{name: saved[name] for name in known if name in saved}))
    return statuses
