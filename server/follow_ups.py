"""Follow-ups in a conversation: the call before, with what the new words change of it."""

import re
from typing import Any

from server.calls import SURE, Candidate, given, where
from server.evidence import Evidence
from server.words_scores import find_min_score
from tools.levels import Level
from tools.log_context import LOG_CONTEXT
from tools.log_patterns import LOG_PATTERNS
from tools.log_stats import LOG_STATS
from tools.query_logs import QUERY_LOGS
from tools.query_metrics import QUERY_METRICS
from tools.similar_logs import SIMILAR_LOGS
from tools.tool import AnyTool

_GOES_ON = re.compile(
    r"^\W*(?:and|or|but|also|plus|same|now|then|so|what\s+about|how\s+about|only|just|again|"
    r"instead|with|without|drop|remove|back|"
    r"(?:ok(?:ay)?|great|thanks|nice|hm+|good|alright|right|sure|cool)[,.!]?\s+(?:and|now|so|then|"
    r"but|only|just|what\s+about|how\s+about|make)|"
    r"for|on|in|from|since|per|by|until|before|make\s+(?:it|that|them)|narrow|restrict|limit|widen|"
    r"extend|expand|zoom|(?:re)?run|repeat|do|start\s+with|go\s+back|switch|change|"
    r"show\s+(?:only|just|them|those|me\s+(?:them|those|only|just))|the\s+same|except|this\s+time|"
    r"last|past|previous|group|split|broken|break\s+(?:it|that|them|those)|"
    r"count\s+(?:them|those|it)|how\s+many\??\W*$|how\s+many\s+(?:is|are|was|were)\s+(?:that|those|"
    r"they|it|there)\b|any|all\s+(?:services|hosts|levels|of\s+them)|top\s+\w+|as\s+an?|the\s+(?:last|past|previous))\b"
    r"|\b(?:instead|as\s+well|too|the\s+same|those|them|these|of\s+(?:that|those|them|these)|"
    r"that\s+one|again|this\s+time|the\s+(?:rows|lines|entries|events)\s+(?:from|of|on|for|behind)|"
    r"which\s+ones|what\s+about|(?:is|was|are|were)\s+that|that\s+(?:host|service|machine|box|"
    r"time|range|window|metric)|it\s+(?:to|the))\b",
    re.I,
)
_HAIL = re.compile(
    r"^\W*(?:(?:hey|hi|right|so|please|pls|um|uh|hmm|well|yo|devmesh|listen|sorry)\b[\s,:!.]*)+",
    re.I,
)
_CONNECTS = re.compile(
    r"^\W*(?:and|or|but|also|same|now|then|ok(?:ay)?|what\s+about|how\s+about|only|just|make|"
    r"instead|no,)\b|"
    r"\b(?:those|them|these|same|instead|that|it|again|too|as\s+well)\b",
    re.I,
)
_LOG_NOUN = re.compile(r"\b(?:logs?|lines?|entries|events|messages|output|rows|tail)\b", re.I)
_OF_ITSELF = re.compile(
    r"^\W*(?:(?:get|plot|graph|chart|draw)\s+(?!it\b|that\b|them\b)|(?:please\s+|can\s+you\s+|"
    r"could\s+you\s+)?(?:show|list|give|get|find|fetch|pull|"
    r"display|search|tail|retrieve|print|read)\s+(?:me\s+)?(?:all|every|the\s+last|the\s+latest|"
    r"logs?|any|['\"¤])\b|"
    r"how\s+many\s+\w+\s+(?:did|does|do|has|have|were|was|are)\s+\w+|what\s+(?:did|does|has|"
    r"happened)\s|has\s|have\s+we|is\s+there\s|are\s+there\s|did\s|does\s|do\s+we|why\s|"
    r"which\s+\w+\s+(?:logged|has|have|had|produced|wrote))",
    re.I,
)
_OF_WHAT_WAS = re.compile(
    r"\b(?:those|them|these|same|instead|ones|rows)\b|"
    r"^\W*(?:show|give|list|see)\s+(?:me\s+)?the\s+(?:last|latest|first|newest|oldest)\s+\d+\W*$",
    re.I,
)
_END = re.compile(
    r"\b(?:when|which|what)\s+(?:was|is|were)\s+the\s+(?:very\s+)?"
    r"(?P<end>first|last|oldest|earliest|latest|newest)(?:\s+(?:one|of\s+(?:them|those|"
    r"these)))?\W*$",
    re.I,
)
_REVERSED = re.compile(
    r"\b(?:reverse[d]?|flip(?:ped)?|turn(?:ed)?\s+round|other\s+way\s+(?:a?round))\b", re.I
)
_ROWS = re.compile(
    r"\b(?:show|see|list|read|give|display|print|get|look\s+at|view|open)\b.*\b(?:them|those|these|"
    r"it|rows|lines|entries|events|messages|logs|ones|errors|warnings|examples|samples)\b|"
    r"^\W*(?:the\s+)?(?:rows|lines|entries|events|messages|raw)\b|\bwhat\s+(?:are|were)\s+(?:they|"
    r"those|these)\b|\bwhich\s+(?:ones|were\s+(?:they|those))\b",
    re.I,
)
_OFF = (
    r"\b(?:drop|remove|without|forget|ignore|regardless\s+of|whatever|no\s+matter)\s+"
    r"(?:the\s+|a\s+|which\s+)?"
)
_EVERY = r"\b(?:all|any|every|each|other)\s+(?:the\s+)?"
_ALL = {
    "service": re.compile(
        rf"{_EVERY}(?:services?|units?|apps?)\b|{_OFF}service\b|\bnot\s+(?:just|only)\s+(?:that|"
        rf"this)\s+service\b",
        re.I,
    ),
    "host": re.compile(
        rf"{_EVERY}(?:hosts?|machines?|servers?|boxes|nodes?)\b|{_OFF}(?:host|machine)\b|"
        r"\beverywhere\b|\banywhere\b|\bacross\s+the\s+fleet\b",
        re.I,
    ),
    "level": re.compile(
        rf"{_EVERY}(?:levels?|severit(?:y|ies))\b|{_OFF}(?:level|severity)\b|"
        r"\bnot\s+(?:just|only)\s+(?:the\s+)?(?:errors|warnings)\b",
        re.I,
    ),
    "time": re.compile(rf"\b(?:all|any)\s*time\b|{_OFF}(?:time|range|window)\b|\bever\b", re.I),
    "contains": re.compile(rf"{_OFF}(?:text|word|phrase|contains|filter|search)\b", re.I),
    "limit": re.compile(
        rf"\ball\s+of\s+(?:them|those|it)\b|\bno\s+limit\b|\bunlimited\b|{_OFF}limit\b", re.I
    ),
}
_ARGUMENTS = {
    "service": {"service"}, "host": {"host"}, "level": {"level", "min_level"},
    "time": {"start_time", "end_time"}, "contains": {"contains"}, "limit": {"limit"},
}  # fmt: skip
_ONCE_MORE = re.compile(
    r"\b(?:again|repeat|re-?\w+|same|once|more|th(?:ose|em|ese|at)|it|ones|rows|lines|entries|"
    r"events|messages|logs|list|show|all|every\w*|any\w*|wh\w+|how)\b", re.I)  # fmt: skip
_TOO = re.compile(r"\b(?:too|also|as\s+well|plus|in\s+addition|add|includ(?:e|ing))\b", re.I)

_AND_WORSE = re.compile(
    r"\b(?:and|or|plus)\s+(?:\w+\s+)?(?:worse|above|higher|up(?:wards)?|more\s+severe)\b", re.I
)


def continued(found: Evidence, past: Candidate) -> Candidate | None:
    """The past call with what a follow-up changes ("and on nas01?"); None for a new question."""
    if found.text or found.event is not None or not _follows(found):
        return None
    tool = _tool(found, past)
    if tool is None:
        return None
    if tool is LOG_CONTEXT:
        return Candidate(tool, past.arguments | found.around, 5 * SURE)
    kept = _kept(found, past, tool)
    new = _changes(found, past, tool)
    for names in _ARGUMENTS.values():
        if names & new.keys() and not ("end_time" in new and "start_time" not in new):
            kept = {key: value for key, value in kept.items() if key not in names}
    merged = {key: value for key, value in (kept | new).items() if key in tool.takes.model_fields}
    repeats = (tool, merged) == (past.tool, dict(past.arguments))
    if ("name" not in merged and tool is QUERY_METRICS) or (repeats and _says_nothing(found)):
        return None
    return Candidate(tool, merged, 5 * SURE)


def _follows(found: Evidence) -> bool:
    """Whether the words go on with something, rather than ask anew."""
    request = _HAIL.sub("", found.request)
    parts = _given_parts(found) + bool(_LOG_NOUN.search(request))
    if found.columns.get("trace_id") or (parts > 2 and not _CONNECTS.search(request)):
        return False
    if _OF_ITSELF.search(request) and not _OF_WHAT_WAS.search(request):
        return False
    if _GOES_ON.search(request):
        return True
    return len(request.split()) <= 7 or (
        found.weak and bool(found.start or found.end)
    )  # a scrap: "pi-garage?", "50 before", "errors only"


def _says_nothing(found: Evidence) -> bool:
    """Whether nothing is read from the words, and they ask for no repetition."""
    return found.unexplained and not (found.unknown or _ONCE_MORE.search(found.request))


def _given_parts(found: Evidence) -> int:
    """How many kinds of values the words give."""
    names = (found.service.names, found.host.names, found.metric.said)
    values = (found.levels.arguments, found.start or found.end, found.contains, found.columns)
    return sum(map(bool, (*names, *values)))


def _tool(found: Evidence, past: Candidate) -> AnyTool | None:
    """The tool of the follow-up; None when its words do not fit the call before."""
    if past.tool is LOG_CONTEXT:
        return LOG_CONTEXT if found.around else None
    if past.tool is QUERY_METRICS or found.metric.said:
        about_logs = found.levels.arguments and not found.metric.said
        return QUERY_LOGS if about_logs else QUERY_METRICS
    by_pattern = found.counting.asked and found.counting.group_by == "pattern"
    if ((found.patterns.new or found.patterns.kinds) and not by_pattern) or found.compare_to:
        return LOG_PATTERNS
    return past.tool if past.tool is SIMILAR_LOGS else _counted_or_shown(found, past)


def _counted_or_shown(found: Evidence, past: Candidate) -> AnyTool:
    counting = found.counting
    if counting.asked or counting.group_by or counting.interval:
        return LOG_STATS
    counted = past.tool in {LOG_STATS, LOG_PATTERNS}
    rows = _ROWS.search(found.request) or _END.search(found.request)
    return QUERY_LOGS if counted and rows else past.tool


def _kept(found: Evidence, past: Candidate, tool: AnyTool) -> dict[str, Any]:
    kept = dict(past.arguments)
    dropped = {
        name
        for what, words in _ALL.items()
        if words.search(found.request)
        for name in _ARGUMENTS[what]
    }
    dropped |= {"group_by"} if found.replaced.group_by else set()
    dropped |= {"interval"} if found.replaced.interval else set()
    if tool is not past.tool:
        dropped |= {"limit", "order"}
    dropped |= {"new_only"} if found.compare_to else set()
    dropped |= {key for key in ("service", "host") if kept.get(key) in found.left_out}
    return {key: value for key, value in kept.items() if key not in dropped}


def _changes(found: Evidence, past: Candidate, tool: AnyTool) -> dict[str, Any]:
    """The arguments that the new words give."""
    counting = found.counting
    metric = {"name": found.metric.names[0] if found.metric.said else None}
    aggregate = found.aggregate if tool is QUERY_METRICS else None
    words: dict[str, Any] = {
        "contains": found.contains,
        "start_time": found.start,
        "end_time": found.end,
        "compare_to": found.compare_to,
        "new_only": (found.patterns.new and not found.compare_to) or None,
        "group_by": counting.group_by,
        "interval": counting.interval,
        "aggregate": aggregate,
        "order": found.order,
        "limit": found.limit,
    }
    words |= _end(found, past) if tool is QUERY_LOGS else {}
    if tool is SIMILAR_LOGS:
        words |= {"min_score": find_min_score(found.request)[0]}
    return given(where(found) | metric | _levels(found, past) | found.columns | words)


def _end(found: Evidence, past: Candidate) -> dict[str, Any]:
    """Order and limit of "when was the first?" and "reverse the order"."""
    end = _END.search(found.request)
    if end:
        return {"order": "oldest" if end["end"][0].lower() in "foe" else "newest", "limit": 1}
    if _REVERSED.search(found.request):
        return {"order": "newest" if past.arguments.get("order") == "oldest" else "oldest"}
    return {}


def _levels(found: Evidence, past: Candidate) -> dict[str, Any]:
    levels = found.levels.arguments
    before = past.arguments.get("level")
    if "level" in levels and before and _TOO.search(found.request):
        named = {Level(one) for value in (before, levels["level"]) for one in _listed(value)}
        return {"level": [str(one) for one in sorted(named, key=lambda one: one.rank)]}
    if not levels and isinstance(before, str) and _AND_WORSE.search(found.request):
        return {"min_level": before}
    return dict(levels)


def _listed(value: Any) -> list[str]:
    return value.split(",") if isinstance(value, str) else list(value)
