"""From what senders write to what the store takes: limits kept, cuts said, identity fixed."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated, Any

import orjson
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from tools.levels import Level
from tools.limits import MESSAGE_MAX_BYTES, META_MAX_BYTES
from tools.masking import mask, pattern_key
from tools.ports import ReadyEvent, Window
from tools.records import LevelName, Rejected, Strict
from tools.tool import problem

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_HEX = re.compile(r"[0-9a-fA-F]{32}")
_META_DEPTH = 30
"""MariaDB's JSON_VALID refuses more than 32 levels."""
_NESTED = {dict, list}

_WIDTHS = {
    "source": 255,
    "service": 255,
    "host": 255,
    "trace_id": 64,
    "span_id": 32,
    "event_type": 100,
    "error_code": 50,
}


class NewEvent(Strict):
    """One log event as a sender writes it."""

    model_config = ConfigDict(extra="forbid")

    message: str | None = Field(description="Empty is kept, and marked.")
    timestamp: datetime | None = Field(None, description="ISO 8601; default: arrival.")
    level: LevelName = Field(Level.INFO, description="DEBUG INFO WARN ERROR CRITICAL FATAL")
    service: str | None = None
    host: str | None = None
    source: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    event_type: str | None = None
    error_code: str | None = None
    meta_json: dict[str, Any] | str | None = Field(None, description="Anything else.")
    uid: Annotated[str, Field(min_length=1, max_length=255)] | None = Field(
        None, description="Same uid, same event."
    )


_BATCH: TypeAdapter[list[NewEvent]] = TypeAdapter(list[NewEvent])


@dataclass(frozen=True, slots=True)
class Arrival:
    """The circumstances of a batch: when, in which zone naive times are read, from which host.

    `window` has the times that the store takes, if not all.
    """

    moment: datetime
    zone: tzinfo
    host: str
    window: Window | None = None


def read_batch(raw: list[Any]) -> tuple[list[tuple[int, NewEvent]], list[Rejected]]:
    """The readable events of a batch with their indices, and why the others are not.

    One pass when all are well; a second over the good ones when some are not.
    """
    try:
        return list(enumerate(_BATCH.validate_python(raw))), []
    except ValidationError as error:
        rejected = list(_first_problem_each(error))
    bad = {entry.index for entry in rejected}
    indices = [index for index in range(len(raw)) if index not in bad]
    events = _BATCH.validate_python([raw[index] for index in indices])
    return list(zip(indices, events, strict=True)), rejected


def _first_problem_each(error: ValidationError) -> Iterable[Rejected]:
    seen = set()
    for detail in error.errors(include_url=False):
        index, *inner = detail["loc"]
        if index in seen:
            continue
        seen.add(index)
        told = problem({**detail, "loc": inner or ["event"]}, list(NewEvent.model_fields))
        yield Rejected(index=int(index), **told)


def prepare(
    read: list[tuple[int, NewEvent]], arrival: Arrival
) -> tuple[list[ReadyEvent], list[Rejected]]:
    """Events fit for the store, and those whose time it does not take.

    Two events alike in all but their place get different uids by their number within the batch,
    so that repeats are kept and a batch sent twice is still recognised.
    """
    seen: Counter[bytes] = Counter()
    ready, rejected = [], []
    for place, (index, event) in enumerate(read):
        moment = _moment(event, arrival, place)
        if refused := _untimely(moment, arrival.window):
            value = str(event.timestamp)
            rejected.append(Rejected(index=index, field="timestamp", value=value, **refused))
            continue
        ready.append(_ready(event, moment, arrival, seen))
    return ready, rejected


def _moment(event: NewEvent, arrival: Arrival, place: int) -> datetime:
    stamp = event.timestamp
    if stamp is None:
        # A microsecond apart, so that events without a time keep their order and their number.
        return arrival.moment + timedelta(microseconds=place)
    if stamp.tzinfo is None:
        stamp = stamp.replace(tzinfo=arrival.zone)
    try:
        return stamp.astimezone(UTC)
    except OverflowError:
        return stamp.replace(tzinfo=UTC)


def _untimely(moment: datetime, window: Window | None) -> dict[str, str] | None:
    if not _EARLIEST <= moment < _LATEST:
        return {"rule": "must lie between 1970 and 2200"}
    return window.refusal(moment) if window else None


def _ready(event: NewEvent, moment: datetime, arrival: Arrival, seen: Counter[bytes]) -> ReadyEvent:
    notes: dict[str, Any] = {}
    message = _message(event.message, notes)
    columns = {
        "source": event.source or "unknown",
        "service": event.service or "unknown",
        "host": event.host or arrival.host,
        "trace_id": event.trace_id,
        "span_id": event.span_id,
        "event_type": event.event_type,
        "error_code": event.error_code,
    }
    for name, given in columns.items():
        if given and not (given.isascii() and len(given) <= _WIDTHS[name]):
            columns[name] = _fitting(name, given, notes)
    meta = _meta(event.meta_json, notes)
    masked = mask(message)
    service = str(columns["service"])
    return ReadyEvent(
        uid=_uid(event, moment, [meta, *columns.values()], seen),
        timestamp=moment,
        dated=event.timestamp is not None or event.uid is None,
        level=event.level,
        message=message,
        meta_json=meta,
        pattern_key=pattern_key(service, masked),
        pattern=masked,
        **columns,  # type: ignore[arg-type]
    )


def _message(text: str | None, notes: dict[str, Any]) -> str:
    if not text:
        notes["no_message"] = True
        return ""
    if text.isascii() and len(text) <= MESSAGE_MAX_BYTES:
        return text
    encoded = text.encode("utf-8", "backslashreplace")
    if len(encoded) > MESSAGE_MAX_BYTES:
        notes["message_bytes"] = len(encoded)
    return encoded[:MESSAGE_MAX_BYTES].decode("utf-8", "ignore")


def _fitting(name: str, text: str, notes: dict[str, Any]) -> str:
    """The text with lone surrogates, which UTF-8 cannot hold, written out, and clipped if long."""
    text = text.encode("utf-8", "backslashreplace").decode()
    if len(text) > _WIDTHS[name]:
        notes.setdefault("clipped", {})[name] = text
    return text[: _WIDTHS[name]]


def _uid(
    event: NewEvent, moment: datetime, stored: list[str | None], seen: Counter[bytes]
) -> bytes:
    if event.uid is not None:
        return _given_uid(event.uid)
    parts = [moment.isoformat(), event.level, event.message, *stored]
    digest = hashlib.blake2b(repr(parts).encode("utf-8", "backslashreplace"), digest_size=16)
    seen[digest.digest()] += 1
    digest.update(b"%d" % seen[digest.digest()])
    return digest.digest()


def _given_uid(uid: str) -> bytes:
    """32 hex digits are taken as they are; any other name is hashed to 16 bytes."""
    if _HEX.fullmatch(uid):
        return bytes.fromhex(uid)
    return hashlib.blake2b(uid.encode("utf-8", "backslashreplace"), digest_size=16).digest()


def _meta(given: dict[str, Any] | str | None, notes: dict[str, Any]) -> str | None:
    """The meta as JSON that MariaDB takes; what does not fit is kept as clipped text and said."""
    value = _parsed(given) or {}
    if not value and not notes:
        return None
    if isinstance(value, dict) and (_is_flat(value) or _depth(value) <= _META_DEPTH):
        text = _dumps({**value, **notes} if notes else value)
        if len(text) <= META_MAX_BYTES:
            return text.decode()
    kept = _dumps(value)
    # JSON within JSON grows to twice its length at most; the rest is room for the notes.
    part = kept[: META_MAX_BYTES // 3].decode("utf-8", "ignore")
    return _dumps({**_short(notes), "meta_bytes": len(kept), "meta_text": part}).decode()


def _parsed(given: dict[str, Any] | str | None) -> Any:
    if not isinstance(given, str):
        return given
    try:
        value = orjson.loads(given)
    except orjson.JSONDecodeError:
        return {"text": given}
    return value if isinstance(value, dict) else {"value": value}


def _short(notes: dict[str, Any]) -> dict[str, Any]:
    """The notes with a clipped column's text cut to 1,000 characters."""
    cut = {name: text[:1000] for name, text in notes.get("clipped", {}).items()}
    return {**notes, "clipped": cut} if cut else notes


def _is_flat(value: dict[Any, Any]) -> bool:
    return _NESTED.isdisjoint(map(type, value.values()))


def _depth(value: Any) -> int:
    """Levels of nesting, counted without recursion: the sender chooses how deep."""
    deepest, level = 0, [value]
    while level and deepest <= _META_DEPTH:
        deepest += 1
        inner = [v for v in level if type(v) in _NESTED]
        level = [x for v in inner for x in (v.values() if type(v) is dict else v)]
    return deepest


def _dumps(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:  # keys that are no text, or values of other kinds
        return _dumps_anyhow(value)


def _dumps_anyhow(value: Any) -> bytes:
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS)
    except (orjson.JSONEncodeError, RecursionError):
        return orjson.dumps({"unreadable": _clipped_repr(value)})


def _clipped_repr(value: Any) -> str:
    try:
        return repr(value)[:1000].encode("ascii", "replace").decode()
    except RecursionError:
        return f"a {type(value).__name__} nested too deeply"
