"""What a question itself gives for each argument: nothing else may appear in a call."""

import re
from dataclasses import dataclass, field
from typing import Any

from server.words_counting import Counting
from server.words_levels import Levels
from server.words_metrics import Measured
from server.words_named import Named
from server.words_tools import PatternWords

_WELL_FITTING = 0.905
"""A name fits better than this when it is more than a plural or a part of it."""

_LITTLE = """
the a an of on in at is it and or to for by from with what about how since until please pls me my
our now ok
"""
_LITTLE_WORDS = frozenset(_LITTLE.split())


@dataclass(slots=True)
class Evidence:
    """Values found in a question, by argument.

    `request` is the question without quoted or pasted text, `values` how much it asks for measured
    values rather than log lines, `unknown` the kind and the name of something that is not there,
    `left_out` the names that are not wanted, which no filter can leave out.
    """

    question: str
    request: str
    service: Named = field(default_factory=Named)
    host: Named = field(default_factory=Named)
    metric: Measured = field(default_factory=Measured)
    labels: dict[str, str] = field(default_factory=dict)
    start: str | None = None
    end: str | None = None
    compare_to: str | None = None
    levels: Levels = field(default_factory=Levels)
    limit: int | None = None
    min_score: float | None = None
    order: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    quoted: tuple[str, ...] = ()
    quote_is_text: bool = False
    quote_is_sought: bool = False
    contains: str | None = None
    event: int | None = None
    around: dict[str, Any] = field(default_factory=dict)
    counting: Counting = field(default_factory=Counting)
    unknown: tuple[str, str] | None = None
    left_out: tuple[str, ...] = ()
    replaced: Counting = field(default_factory=Counting)
    patterns: PatternWords = field(default_factory=PatternWords)
    aggregate: str | None = None
    values: int = 0
    rest: str = ""

    @property
    def weak(self) -> bool:
        """Whether no value is given but times and names that fit loosely, if any."""
        counted = self.counting.group_by or self.counting.interval or self.patterns.asked
        numbers = (self.limit, self.order, self.event, self.compare_to, self.metric.said, counted)
        words = (self.text, self.contains, self.quoted, self.columns, self.levels.arguments)
        name = max(self.service.sure, self.host.sure)
        placed = name >= _WELL_FITTING or (name and self.start) or (self.start and self.end)
        return not (any(numbers) or any(words) or placed)

    @property
    def named(self) -> bool:
        """Whether a service, host or metric is."""
        return bool(self.service.names or self.host.names or self.metric.said)

    @property
    def written(self) -> bool:
        """Whether the whole name of a service or host is."""
        return max(self.service.sure, self.host.sure) >= _WELL_FITTING

    @property
    def begins_with_name(self) -> bool:
        """Whether the first word begins a name: `push-manager logs` asks to push nothing."""
        metric = re.split(r"[\W_]", self.metric.names[0].lower())[0] if self.metric.said else None
        if metric and re.match(rf"\W*{re.escape(metric)}\b", self.request, re.I):
            return True
        named = [one for one in (self.service, self.host) if one.sure >= _WELL_FITTING]
        spans = [one.span for one in named]
        first = len(self.request) - len(self.request.lstrip())
        return any(begin <= first < end for begin, end in spans)

    @property
    def unexplained(self) -> bool:
        """Whether words are left that nothing was read from."""
        words = re.findall(r"[a-z]+", self.rest.lower())
        return any(word not in _LITTLE_WORDS for word in words)
