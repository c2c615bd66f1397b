"""What flows in and out: events, metric points, and the rows that answers hold."""

from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from tools.levels import SYNONYMS, Level


def utc_text(moment: datetime) -> str:
    """A moment as ISO 8601 in UTC with microseconds, e.g. 2026-11-20T12:00:00.000000Z."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


Moment = Annotated[datetime, PlainSerializer(utc_text, when_used="json")]
"""An aware datetime that leaves as ISO 8601 UTC."""


def _read_level(value: object) -> object:
    if isinstance(value, str):
        if value in SYNONYMS:  # as nearly all are, in a tenth of the time
            return SYNONYMS[value]
        try:
            return Level(value)
        except ValueError:
            return value
    return value


LevelName = Annotated[
    Level,
    BeforeValidator(_read_level),
    WithJsonSchema({"type": "string", "enum": [level.value for level in Level]}),
]
"""A level by any of its usual names."""


def from_json_text(value: object) -> object:
    """A list or object sent as JSON text, as some clients and every query string do."""
    if isinstance(value, str):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


class Strict(BaseModel):
    """Base of everything that a caller fills in: an unknown name is refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class Event(BaseModel):
    """One stored log event, as answers hold it."""

    id: int
    timestamp: Moment
    level: str
    host: str
    service: str
    source: str
    message: str
    trace_id: str | None = None
    span_id: str | None = None
    event_type: str | None = None
    error_code: str | None = None
    meta_json: dict[str, Any] | None = None
    count: int | None = Field(None, description="How many neighbouring rows this one stands for.")
    clipped: str | None = Field(
        None,
        description="How much of the message is left out here, and the resource that has it.",
        exclude_if=lambda clipped: clipped is None,
    )


NOT_KEPT, DATED_AHEAD = "not_kept", "dated_ahead"
"""Codes of records without a mistake, but older than what is kept, or dated too far ahead."""


class Rejected(BaseModel):
    """Why one record of a batch was not taken."""

    index: int
    field: str
    rule: str
    value: str | None = None
    code: str | None = Field(
        None,
        description=f"{NOT_KEPT} or {DATED_AHEAD}: no mistake, but outside what is kept.",
        exclude_if=lambda code: code is None,
    )


class Receipt(BaseModel):
    """What became of a batch. It is given after COMMIT: what it counts is on disk."""

    accepted: int
    duplicates: int
    rejected: list[Rejected] = []
    more_rejected: int = Field(
        0,
        description="Refused records that this page has no room for.",
        exclude_if=lambda count: count == 0,
    )
    dry_run: bool = False


class Range(BaseModel):
    """The time an answer speaks of, resolved: `start` inclusive, `end` exclusive; null is open."""

    start: Moment | None
    end: Moment | None
    timezone: str = Field(description="The zone that clock times in the question were read in.")


class HostCoverage(BaseModel):
    """Whether anybody was listening on a host."""

    host: str
    last_event: Moment | None
    last_heartbeat: Moment | None = None
    lag_seconds: float | None = None


def _in_era(moment: datetime) -> datetime:
    if not 1970 <= moment.year < 2200:
        raise ValueError("must lie between 1970 and 2200")
    return moment


InEra = Annotated[datetime, AfterValidator(_in_era)]
"""A moment that rows may have."""
Count = Annotated[int, Field(ge=0, le=2**63 - 1)]


class Gap(BaseModel):
    """Entries known to be lost before they could be shipped."""

    host: Annotated[str, Field(max_length=255)]
    source: Annotated[str, Field(max_length=255)]
    start: Annotated[InEra, PlainSerializer(utc_text, when_used="json")]
    end: Annotated[InEra, PlainSerializer(utc_text, when_used="json")]
    missing: Count


class Coverage(BaseModel):
    """Honest absence: who was heard in scope, and what is known to be missing."""

    hosts: list[HostCoverage] = []
    more_hosts: int = 0
    gaps: list[Gap] = []
    more_gaps: int = Field(
        0, description="Gaps that are not listed.", exclude_if=lambda count: count == 0
    )
    missing: int = Field(0, description="Entries lost in all known gaps of the range.")
    kept_since: Moment | None = Field(
        None, description="The range begins earlier: the retention has dropped what is older."
    )


class Heartbeat(Strict):
    """What a shipper says of itself now and then, with the gaps it found since the last one."""

    host: str = Field(min_length=1, max_length=255)
    source: str = Field("journald", max_length=100)
    position: InEra | None = Field(None, description="Time of the last acknowledged entry.")
    lag_seconds: float | None = Field(None, allow_inf_nan=False)
    hours_left: float | None = Field(
        None,
        allow_inf_nan=False,
        description="Hours until the journal's oldest unsent entry is vacuumed.",
    )
    sent: Count = 0
    retried: Count = 0
    dead: Count = 0
    gaps: list[Gap] = Field([], max_length=1000)
