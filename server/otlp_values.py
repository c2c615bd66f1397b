"""OTLP's values as ours: attributes, times and whose they are."""

import base64
import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from tools.errors import TooLarge
from tools.ingest_logs import MAX_EVENTS

MOST = 20 * MAX_EVENTS
"""Events or points of one request: collectors send some thousands, a hostile body millions."""

MOST_SHARED = 256 * 1024 * 1024
"""Bytes: 32 KiB for each of the 8,192 records of a collector's usual batch."""

_GIGA = 1_000_000_000


class Budget:
    """What one request may become, before it is made: so many events or points, and so many bytes
    of what is said once for many of them and is kept with each.
    """

    def __init__(self) -> None:
        self._count, self._shared = 0, 0

    def take(self, shared: int) -> None:
        """One event or point with so many bytes of the latter. Raises TooLarge."""
        self._count, self._shared = self._count + 1, self._shared + shared
        if self._count > MOST:
            raise TooLarge(f"a request may bring at most {MOST} events or points")
        if self._shared > MOST_SHARED:
            rule = f"may come to {MOST_SHARED} bytes at most, counted for each of them"
            raise TooLarge(f"what a request says once for many records {rule}")


class Origin(NamedTuple):
    """Whose records they are: the resource's service and host, and the rest of what it says."""

    service: str | None
    host: str | None
    rest: dict[str, Any]


def origin_of(resource: Any) -> Origin:
    """The origin that a Resource describes (semantic conventions: service.name, host.name)."""
    said = attributes(resource.attributes)
    service, host = (_text(said.pop(name, None)) for name in ("service.name", "host.name"))
    return Origin(service, host, said)


def _text(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def attributes(pairs: Iterable[Any]) -> dict[str, Any]:
    """KeyValue pairs as a dict that JSON can hold."""
    return {pair.key: plain(pair.value) for pair in pairs}


def plain(value: Any) -> Any:
    """An AnyValue as JSON has it: bytes in base64, what no JSON number is as text."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return attributes(value.kvlist_value.values)
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    given = getattr(value, kind) if kind else None
    return str(given) if isinstance(given, float) and not math.isfinite(given) else given


def moment(nanoseconds: int) -> datetime | None:
    """A time since 1970, to the microsecond; None for 0, which stands for unknown."""
    if not nanoseconds:
        return None
    seconds, rest = divmod(nanoseconds, _GIGA)
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=rest // 1000)
