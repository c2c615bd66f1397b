"""The filter that most tools share, as people write it, and its exact meaning."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from tools.errors import BadArguments
from tools.levels import Level
from tools.ports import Deps, Filter
from tools.records import LevelName, Range, Strict
from tools.timespan import parse_time


def _as_list(value: Any) -> Any:
    """One level, several in a list, or several in one comma-separated string."""
    if isinstance(value, str):
        return [part for part in value.split(",") if part.strip()]
    return value


Name = Annotated[str, Field(min_length=1, max_length=255)]
When = Annotated[str, Field(min_length=1, max_length=64)]
Levels = Annotated[
    list[LevelName],
    BeforeValidator(_as_list),
    Field(min_length=1, max_length=6, description="Exactly these."),
]


class Scope(Strict):
    """Where and when: the part of the filter that every tool takes."""

    service: Name | None = Field(None, description="E.g. nginx.")
    host: Name | None = Field(None, description="Its name.")
    start_time: When | None = Field(None, description="15m, 7d, ISO 8601, today.")
    end_time: When | None = Field(None, description="Exclusive.")


class LevelScope(Scope):
    """Where, when and how bad."""

    level: Levels | None = None
    min_level: LevelName | None = Field(None, description="This and above.")


class LogFilter(LevelScope):
    """Every column that events can be chosen by."""

    source: Name | None = Field(None, description="Exact.")
    contains: Annotated[str, Field(min_length=1, max_length=500)] | None = Field(
        None, description="In the message, any case."
    )
    trace_id: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        None, description="Exact."
    )
    error_code: Annotated[str, Field(min_length=1, max_length=50)] | None = Field(
        None, description="Exact."
    )
    event_type: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        None, description="Exact."
    )


def service_names(service: str | None) -> tuple[str, ...]:
    """The names a service may be stored under: `nginx` stands for `nginx.service` too."""
    if service is None:
        return ()
    return (service,) if "." in service else (service, f"{service}.service")


def resolve(asked: Scope, deps: Deps) -> Filter:
    """The exact filter that the arguments mean now.

    Raises:
        BadArguments: for a time that cannot be read, an empty range, or level with min_level.
    """
    now = deps.now()
    start = parse_time(asked.start_time, now, deps.zone) if asked.start_time else None
    end = parse_time(asked.end_time, now, deps.zone, "end_time") if asked.end_time else None
    if start and end and start >= end:
        raise BadArguments.one("end_time", "must be later than start_time", asked.end_time)
    columns = ("host", "source", "contains", "trace_id", "error_code", "event_type")
    return Filter(
        start=start,
        end=end,
        services=service_names(asked.service),
        levels=_levels(asked),
        **{name: getattr(asked, name, None) for name in columns},
    )


def _levels(asked: Scope) -> tuple[Level, ...]:
    exact = getattr(asked, "level", None)
    lowest = getattr(asked, "min_level", None)
    if exact and lowest:
        raise BadArguments.one("min_level", "cannot be combined with level", lowest)
    return tuple(dict.fromkeys(exact or (Level.at_least(lowest) if lowest else ())))


def range_of(wanted: Filter, deps: Deps) -> Range:
    """The resolved range of an answer."""
    return Range(start=wanted.start, end=wanted.end, timezone=deps.zone_name)
