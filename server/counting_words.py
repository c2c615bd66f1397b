"""How a question asks for numbers: whether, by which column, in which steps of time."""

import re
from dataclasses import dataclass

_COUNT = re.compile(
    r"\bhow\s+(?:many|often|frequent(?:ly)?|much)\b|\bnumber\s+of\b|\bcounts?\b|\btall(?:y|ies)\b|"
    r"\bbreak(?:\s*down|\s+.*\s+down)\b|\bdistribution\b|\bvolume\b|\btotals?\b|\brank(?:ing)?\b|"
    r"\bnoisiest\b|\bsplit\b|\bhistogram\b|\btimeline\b|\btrend\b|\bstat(?:s|istics)\b|"
    r"\bmost\s+(?!recent)(?:\w+\s+){0,2}(?:logs?|lines?|errors?|warnings?|events?|messages?)\b|"
    r"\bmore\s+\w+\s+(?:each|every)\b|\b(?:per|each|every)\s+(?:minute|hour|day|week)\b|"
    r"\b(?:hourly|daily|weekly)\b",
    re.I,
)
_COLUMN = re.compile(
    r"\b(?:by|per|each|every|which|what|the\s+(?:noisiest|loudest)|(?:noisiest|loudest)|rank(?:\s+the)?|"
    r"of|across)\s+(?:the\s+|all\s+)?(?P<column>services?|units?|apps?|hosts?|machines?|servers?|"
    r"box(?:es)?|(?:log\s+)?levels?|severit(?:y|ies)|patterns?|sources?|error\s+codes?)\b",
    re.I,
)
_COLUMNS = {
    "service": "service", "unit": "service", "app": "service", "host": "host", "machine": "host",
    "server": "host", "box": "host", "boxe": "host", "level": "level", "severity": "level",
    "severitie": "level", "pattern": "pattern", "source": "source", "error code": "error_code",
}  # fmt: skip
_STEP = re.compile(
    r"\b(?:(?:per|each|every|by)\s+(?:(?P<n>\d+)\s*)?(?P<unit>minute|min|hour|day|week)s?|"
    r"(?P<word>hourly|daily|weekly))\b",
    re.I,
)
_AGGREGATES = {
    "average": "avg", "avg": "avg", "mean": "avg", "max": "max", "maximum": "max",
    "highest": "max", "peak": "max", "min": "min", "minimum": "min", "lowest": "min",
    "sum": "sum", "total": "sum", "latest": "last",
}  # fmt: skip
_AGGREGATE = re.compile(rf"\b({'|'.join(_AGGREGATES)})\b", re.I)
_ADVERBS = {"hourly": "1h", "daily": "1d", "weekly": "1w"}


@dataclass(frozen=True, slots=True)
class Counting:
    """Whether numbers of events are asked for; by which column, in which steps, summed up how.

    `rest` is the question without the words for steps, whose numbers are no ages.
    """

    asked: bool = False
    group_by: str | None = None
    interval: str | None = None
    aggregate: str | None = None
    rest: str = ""


def find_counting(question: str) -> Counting:
    """What of the question asks for numbers."""
    column = _COLUMN.search(question)
    name = column["column"].lower().removeprefix("log ") if column else ""
    step = _STEP.search(question)
    summed = _AGGREGATE.search(question)
    return Counting(
        asked=bool(_COUNT.search(question)),
        group_by=_COLUMNS.get(name.rstrip("s")),
        interval=_interval(step) if step else None,
        aggregate=_AGGREGATES[summed[1].lower()] if summed and step else None,
        rest=_STEP.sub(" ", question),
    )


def _interval(step: re.Match[str]) -> str:
    if step["word"]:
        return _ADVERBS[step["word"].lower()]
    return f"{step['n'] or 1}{step['unit'][0].lower()}"
