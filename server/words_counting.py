"""How a question asks for numbers: whether, by which column, in which steps of time."""

import re
from dataclasses import dataclass

from server.words_moment import NUMBER, blot, number

_NO_MEETING = (
    r"(?!\s+(?:reports?(?=\s*[,;:]|\s+(?:i|we)\b)|meetings?|stand-?ups?|reviews?|syncs?|calls?|newsletters?|"
    r"jobs?|tasks?|backups?|crons?|mails?|e-?mails?|retros?)\b)"
)
"""A weekly meeting is no step of time."""

_COUNT = re.compile(
    r"\bh(?:ow|w|o|wo)\s*(?:many|mny|often|frequent(?:ly)?|much|chatty|noisy|busy|talkative)\b|"
    r"\bnumbers?\b(?!\s+(?:\d+|one|two|three|four|five)\b)|"
    r"\bcount(?:s|ed|ing)?\b|\btall(?:y|ies)\b|\bbreak(?:\s*down|\s+.*\s+down)\b|\bdistribution\b|"
    r"\bvolumes?\b|\bseparately\b|\btotals?\b|\brank(?:ing|ed)?\b|\b(?:noisiest|loudest|busiest|"
    r"chattiest|"
    r"quietest)\b|"
    r"\bsplit\b|\bhistogram\b|\btimeline\b|\btrends?\b|\bstat(?:s|istics)\b|\bproportion\b|"
    r"\bpercentage\b|"
    r"\bshare\s+of\b|\b(?:most|least)\s+(?:active|noisy|chatty|busy|talkative|affected)\b|"
    r"\b(?:top|worst|biggest|main)\s+(?:\w+\s+)?(?:offenders?|talkers?|culprits?|spammers?)\b|"
    r"(?<!debug )(?<!info )\bspam(?:s|ming|med)?\b|\bfrequency\b|\bamount\s+of\b|"
    r"\bfigures?\b|"
    r"\b(?:the\s+)?most\s+(?!recent|common|frequent|important|similar|likely)(?:\w+\s+){0,2}"
    r"(?:logs?|lines?|errors?|warnings?|criticals?|fatals?|events?|messages?|entries)\b|"
    r"\b(?:logs?|logging|logged|writes?|wrote|fails?|failed|errors?|throws?|talks?|"
    r"complains?)\s+(?:\w+\s+)?the\s+"
    r"most\b|\bmore\s+\w+\s+(?:\w+\s+)?(?:each|every)\b|\b(?:per|each|every)\s+(?:minute|hour|day|"
    r"week)\b|"
    rf"\b(?:hourly|daily|weekly)\b{_NO_MEETING}|"
    r"\b(?:error|log|event|failure|message)\s+rates?\b|\bgroup(?:ed|"
    r"ing)?\s+by\b|"
    r"\bhow\s+(?:does|do|has|have)\b.*\bover\s+time\b|"
    r"\b(?:which|what|who)\b.*\bmost\b(?!\s+(?:recent|common|frequent|often|likely))",
    re.I,
)
_NOUN = (
    r"(?P<column>services?|units?|apps?|applications?|programs?|daemons?|components?|processe?s?|"
    r"hosts?|"
    r"machines?|servers?|box(?:es)?|nodes?|computers?|devices?|(?:log\s+|severity\s+)?levels?|"
    r"severit(?:y|ies)|(?:log\s+|message\s+)?patterns?|sources?|error[\s_-]?codes?|codes?|"
    r"event[\s_-]?types?|types?\s+of\s+events?|message\s+kinds?)"
)
_COLUMN = re.compile(
    rf"\b(?:by|per|for\s+(?:each|every)|(?<!on )(?<!in )(?<!from )(?<!across )(?:each|every)|"
    rf"which(?:\s+\d+)?|"
    rf"what|whose|rank(?:\s+the)?|compare|of|"
    rf"top(?:\s+(?:{NUMBER}|"
    rf"¤+))?|"
    rf"(?:the\s+)?(?:noisiest|loudest|busiest|chattiest|quietest|worst|"
    rf"(?:most|least)\s+(?:active|noisy|chatty|busy|talkative|affected))(?:\s+(?:{NUMBER}|"
    rf"¤+))?)\s+"
    rf"(?:of\s+)?(?:the\s+|all\s+|our\s+|my\s+|log\s+)*{_NOUN}\b(?!['\w]|\s*[:=]?\s*(?:¤|debug|"
    rf"info|notice|warn|err(?!or\s+codes?)|crit|fatal))",
    re.I,
)
_ACROSS = re.compile(
    rf"\b(?:across|between|among|over)\s+(?:the\s+|our\s+|my\s+|different\s+)*{_NOUN}\b", re.I
)
_BEFORE_COUNT = re.compile(
    rf"\b{_NOUN}\s+(?:breakdown|distribution|split|histogram|counts?|ranking|shares?|statistics|"
    rf"stats)\b",
    re.I,
)
_HEAD = re.compile(rf"^\W*(?:the\s+|all\s+)?{_NOUN}\s+(?:of|by|with|ranked|and\s+their)\b", re.I)
_EACH_HOST = re.compile(r"\b(?:does|do|did)\s+each\s+" + _NOUN, re.I)
_HOW_MANY = re.compile(
    r"\b(?:how\s+many|count|number\s+of)\s+(?:(?:all|the|our|my|of|different|distinct|unique)\s+)*"
    r"(?P<column>services|hosts|machines|servers|boxes|nodes|sources|error\s+codes|"
    r"event\s+types)\b",
    re.I,
)
_WHO = re.compile(r"\b(?:offender|talker|culprit|spammer)s?\b|\bwho(?:se|'s|\s+is)?\b", re.I)
_COLUMNS = {
    "service": "service", "unit": "service", "app": "service", "application": "service",
    "program": "service", "daemon": "service", "component": "service", "process": "service",
    "host": "host", "machine": "host", "server": "host", "box": "host", "node": "host",
    "computer": "host", "device": "host", "level": "level", "severity": "level",
    "pattern": "pattern", "kind": "pattern", "source": "source", "code": "error_code",
    "type": "event_type", "event": "event_type",
}  # fmt: skip
_SAID = {
    "service": re.compile(
        r"\b(?:services?|units?|apps?|applications?|programs?|daemons?|components?|process(?:es)?|"
        r"who|whose|whos|which|what)\b",
        re.I,
    ),
    "host": re.compile(
        r"\b(?:hosts?|machines?|servers?|box(?:es)?|nodes?|computers?|devices?|where)\b", re.I
    ),
    "level": re.compile(r"\b(?:levels?|severit(?:y|ies)|serious|severe|bad)\b", re.I),
}
_UNITS = r"seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?"
_STEP = re.compile(
    rf"(?:(?P<column>\b(?:by|per)\s+\w+\s+)and\s+(?:by\s+|per\s+)?(?P<unit6>minute|hour|day|week)\b"
    rf"|(?<=[a-z])\s?/\s?(?P<unit7>min(?:ute)?|h(?:(?:ou)?r)?|day|d)\b"
    rf"|\b(?:per|each|every|by(?:\s+the)?)\s+(?:(?P<n>{NUMBER})[\s-]*)?(?P<unit>{_UNITS}|"
    rf"[smhdw](?=\b))\b"
    rf"|(?P<word>hourly|daily|weekly|minutely)\b{_NO_MEETING}|(?P<half>(?:per|every|each)\s+(?:half|"
    rf"quarter)(?:\s+of)?(?:\s+an?)?\s+hour)"
    rf"|(?:in|with|at|as|of|using|"
    rf"into)?\s*(?:an?\s+)?(?:(?P<n2>{NUMBER})[\s-]*)?(?P<unit2>{_UNITS}|"
    rf"[smhdw])[\s-]+"
    r"(?:steps?|buckets?|intervals?|increments?|bins?|slots?|resolution|granularity|averages?|"
    r"means?|maxima|"
    r"minima|sums?|peaks?|chunks?|windows?)\b"
    rf"|(?:in|into)\s+(?:buckets|steps|intervals|bins|"
    rf"chunks)\s+of\s+(?:(?P<n4>{NUMBER})[\s-]*)?(?P<unit4>{_UNITS})\b"
    r"|(?:interval|step|bucket|resolution)s?\s*(?:of|[:=])?\s*(?P<n3>\d{1,4})\s*(?P<unit3>[smhdw]|"
    r"minutes?|hours?|days?)\b"
    r"|(?:logs?|lines?|(?:err|warn|crit|fatal)\w*|events?|messages?|entries|rows?|times|often|much|"
    r"many)"
    r"\s+an?\s+(?P<rate>minute|hour|day|week)\b(?!\s+(?:ago|and|earlier|before|back|or))"
    rf"|(?:(?P<n5>\d+)\s*)?(?P<by>{_UNITS}|[smhd])\s+by\s+(?:\d+\s*)?(?P=by)\b)",
    re.I,
)
_AGGREGATES = {
    "max": r"max(?:imum|ima)?|highest|peaks?|largest|biggest|how\s+\w+\s+did\b.*\bg(?:et|o)",
    "min": r"min(?:imum|ima)?|lowest|smallest|coldest|least",
    "sum": r"sums?|totals?|summed",
    "last": r"latest|(?:last|current|most\s+recent)\s+(?:value|reading|sample|point|¤)",
    "count": r"(?:count|number|how\s+many)\s+(?:of\s+)?(?:samples|points|values)|point\s+count",
    "avg": r"averaged?s?|avg|means?|typical(?:ly)?",
}
_OF_ONE = re.compile(
    r"of\s+(?:the\s+|our\s+|my\s+)*(?:service|unit|host|machine|server|box|node)$", re.I
)
_SHARE = re.compile(r"\b(?:proportion|percentage|ratio|share|what\s+part)\b", re.I)
_ADVERBS = {"hourly": "1h", "daily": "1d", "weekly": "1w", "minutely": "1m"}


@dataclass(frozen=True, slots=True)
class Counting:
    """Whether numbers of events are asked for; by which column, in which steps, or which
    share of all.

    `rest` is the question without the words for steps, whose numbers are no ages.
    """

    asked: bool = False
    group_by: str | None = None
    interval: str | None = None
    share: bool = False
    rest: str = ""


def find_counting(question: str) -> Counting:
    """What of the question asks for numbers."""
    step = _STEP.search(question)
    begin = max(step.start(), step.end("column")) if step else 0
    bare = f"{question[:begin]} {question[step.end() :]}" if step else question
    return Counting(
        asked=bool(_COUNT.search(question)),
        group_by=_column(bare),
        interval=_interval(step) if step else None,
        share=bool(_SHARE.search(question)),
        rest=blot(question, (begin, step.end())) if step else question,
    )


def columns_said(question: str) -> list[str]:
    """The columns that any word of the question may mean: service, host, level."""
    return [column for column, words in _SAID.items() if words.search(question)]


def find_aggregate(question: str) -> str | None:
    """How the values of a metric are to be summed up; steps and all but times still in it."""
    for name, words in _AGGREGATES.items():
        if re.search(rf"\b(?:{words})(?!\w)", question, re.I):
            return name
    return None


def _column(question: str) -> str | None:
    ways = (
        _COLUMN,
        _HEAD,
        _EACH_HOST,
        _HOW_MANY,
        _BEFORE_COUNT,
        *((_ACROSS,) if _COUNT.search(question) else ()),
    )
    column = next(filter(None, (way.search(question) for way in ways)), None)
    if column and not _OF_ONE.match(column[0]):
        name = re.sub(r"[\s_-]+", " ", column["column"].lower())
        return _COLUMNS[_singular(name)]
    if _WHO.search(question) and _COUNT.search(question):
        return "service"
    return None


def _singular(name: str) -> str:
    """error codes is code, boxes box, severities severity, types of events event."""
    last = name.rsplit(maxsplit=1)[-1]
    for plural, single in (("ies", "y"), ("xes", "x"), ("sses", "ss"), ("s", "")):
        if last.endswith(plural) and last.removesuffix(plural) + single in _COLUMNS:
            return last.removesuffix(plural) + single
    return last


def _interval(step: re.Match[str]) -> str:
    if step["word"]:
        return _ADVERBS[step["word"].lower()]
    if step["half"]:
        return "30m" if "half" in step["half"].lower() else "15m"
    n = step["n"] or step["n2"] or step["n3"] or step["n4"] or step["n5"] or "1"
    units = ("unit", "unit2", "unit3", "unit4", "unit6", "unit7", "rate", "by")
    unit = next(filter(None, map(step.group, units))).lower()
    times, short = (30, "d") if unit.startswith("mo") else (1, unit[0])
    return f"{max(1, int(number(n))) * times}{short}"
