"""How a question asks for patterns, for the surroundings of an event, or for a metric's values."""

import re
from dataclasses import dataclass
from typing import Any

from server.words_ages import UNIT
from server.words_moment import NUMBER, blot, number

_KIND = (
    r"(?:messages?|texts?|logs?|lines?|errors?|errs?|warnings?|events?|entries|problems?|issues?|"
    r"failures?|"
    r"criticals?|fatals?)"
)
_PATTERNS = re.compile(
    r"\bpatterns?\b|\bshapes?\b|\btemplates?\b|\bsignatures?\b|"
    rf"\b(?:kinds?|types?|sorts?|categories|classes|groups?)\s+of\s+(?:\w+\s+)?{_KIND}\b|"
    rf"\b(?!events?\b){_KIND}\s+(?:kinds?|types?|sorts?|categories|classes)\b|\b(?:cluster|"
    rf"categori[sz]e|"
    rf"summari[sz]e|recap|condense|boil\s+down|sum\s+up|gist|fold|bundle|dedup\w*|digest|"
    rf"group(?!.*\b(?:by|per)\b)|"
    r"classify|bucket)\b(?!\s+by\s+(?:service|host|level))|\bsummary\s+of\b|\boverview\s+of\b|"
    rf"\b(?:typical|recurring|repeating|repeated|dominant)\b|\bdominat\w+\b|"
    rf"\b(?:most\s+)?(?:common|frequent)\s+(?:\w+\s+)?{_KIND}\b|"
    r"\b(?:what|which)\s+(?:messages?|errors?|warnings?)\s+(?:\w+\s+){0,3}most\s+(?:often|"
    r"frequently)\b|"
    rf"\btop\s+(?:\d+\s+|\w+\s+)?(?:error|warning|log)\s+(?:messages?|texts?|lines?)\b|"
    r"\bdistinct\b(?!\s+(?:services?|hosts?|machines?|servers?|sources?|error\s+codes?|"
    r"event\s+types?))|"
    r"\bunique\s+\w+\b|\bwhat(?:\s+all)?\s+(?:does|do|did)\b.*\b(?:usually|typically|"
    r"normally)\b",
    re.I,
)
_CHANGED = re.compile(
    r"\bwhat(?:'s|\s+is|\s+has|\s+have)?\s+(?:\w+\s+)?changed\b|\bchanges?\s+(?:in|on|of|since)\b|"
    r"\b(?:what(?:'s|\s+is)|how)\b.*"
    r"\bdifferent\b|\bdiffer(?:s|ence|ences)?\b|\bcompar(?:e|ed|ing|ison)\b|\bversus\b|\bvs\b|"
    r"\bwhich\s+\w+\s+changed\b|\bdiff\b",
    re.I,
)
_NEW = re.compile(
    r"\b(?:nobody|no\s*one|nothing|never|none\s+of\s+us)\s+(?:\w+\s+){0,3}?(?:seen|saw|had|noticed|"
    r"heard|logged)\s+"
    r"(?:\w+\s+)?(?:before|earlier|previously|until|yet)\b|"
    r"\bnever\s+(?:(?:been|had|have|was|were|ever)\s+)*(?:seen|had|wrote|written|said|sent|logged|"
    r"appeared|occurred|"
    r"happened|heard|existed|there)\b|"
    r"\b(?:not|n't|hadn't|haven't|hasn't|wasn't|weren't|didn't|did\s+not|"
    r"had\s+not)\s+(?:\w+\s+){0,3}?(?:seen|there|had|known|"
    r"say|said|exist\w*|appear\w*|occur\w*|log|logged|present|have|"
    r"happen\w*)\s+(?:\w+\s+){0,2}?(?:before|earlier|previously|until|prior|yesterday|so\s+far|¤)|"
    r"\bfirst[- ]times?\b|\bfor\s+the\s+first\s+time\b|\bunseen\b|\bunfamiliar\b|"
    r"\bunknown\s+(?:errors?|messages?|"
    r"warnings?)\b|\bbrand[- ]new\b|\bnovel\b|"
    r"\bnew(?:ly)?\s+(?:\w+\s+){0,2}?(?:kinds?|types?|sorts?|patterns?|templates?|errors?|"
    r"warnings?|messages?|problems?|issues?|failures?|criticals?|"
    r"fatals?|signatures?|ones?|appear\w+|stuff|things?)\b|\b(?:any|some|"
    r"every)thing\s+(?:\w+\s+)?new\b|\b(?:that|which|what|ones?|them|those|"
    r"these)\s+(?:\w+\s+)?(?:is|are|were)\s+new\b|"
    rf"\b{_KIND}\s+(?:\w+\s+)?(?:is|are|that\s+are)\s+(?:\w+\s+)?new\b|\bnew\s+(?:since|after|"
    rf"compared)\b|"
    rf"\bonly\s+(?:the\s+)?new\b|"
    r"\b(?:started|began|begun|start|beginning)\s+(?:to\s+)?(?:appear|show|occur|log)\w*\b|"
    r"\bsurfaced\b|\bintroduc\w+\b",
    re.I,
)
_EVENT = re.compile(
    r"(?:#\s?|\b(?:(?:event|entry|row|line|message|record)(?:\s+(?:number|no\.?|id|"
    r"(?:with|whose|has|having)\s+(?:the\s+)?(?:id|number|no\.?|nr\.?)(?:\s+is)?|"
    r"numbered|called|nr\.?))?|log\s+(?:id|number|no\.?)|id)(?:\s+|\s*[=:#]\s*)#?)(?P<id>\d{1,18})\b(?![.:%]\d|"
    r"\s*%)"
    rf"(?!\s*(?:{UNIT})\b)"
    r"|\b(?:near|around|of|about|at|to|surrounding|before|after)\s+log\s+(?P<log>\d{1,18})\b|"
    r"\b(?:context|ctx|surroundings?|neighbou?rhood|neighbou?rs)\s+(?:(?:of|for|around|to|near)\s+)?"
    r"(?P<of>\d{4,18})\b|\b(?:before|after|around|near)\s+(?P<beside>\d{5,18})\b|^\W*(?:show|open|"
    r"display|inspect|view)\s+(?:me\s+)?(?P<lone>\d{5,18})\W*$|"
    r"\b(?:around|surrounding|near)\s+(?P<bare>\d{1,18})\b(?!\s*(?:[ap]m|"
    r"o'clock|[:.]\d|lines?|rows?|events?|entries|logs?|messages?|%))",
    re.I,
)
_BEFORE_WORD = (
    r"(?:before|preceded|preceding|prior|earlier|leading\s+up|up\s+front|ahead|above|back)"
)
_AFTER_WORD = r"(?:after|followed|following|later|afterwards?|below|next)"
_WHAT = (
    r"(?:\s+(?:lines?|rows?|events?|entries|logs?|messages?|of\s+them|more)"
    r"(?:\s+(?:that|which)(?:\s+(?:came|come|are|were|is|was|happened))?)?)?"
)
_BOTH = re.compile(
    rf"\b(?P<n>{NUMBER}){_WHAT}\s+(?:(?:on\s+)?either\s+(?:side|way)|(?:on\s+)?each(?:\s+(?:way|"
    rf"side|"
    rf"direction))?|"
    rf"(?:on\s+)?both\s+sides|"
    rf"before\s+and\s+after|around|in\s+(?:both|each)\s+directions?|of\s+(?:context|"
    rf"surroundings?))|(?:±|\+/-|\+-)\s*(?P<pm>\d{{1,3}})|"
    rf"\bcontext\s+(?:of|=)\s*(?P<c>\d{{1,3}})\b|(?<![\w-])(?-i:-C)\s?(?P<grep>\d{{1,3}})\b",
    re.I,
)
_BEFORE = re.compile(
    rf"\b(?:(?P<none>nothing|none|no)|(?P<n>{NUMBER})){_WHAT}\s+{_BEFORE_WORD}\b|"
    rf"(?:\bbefore\s*[:=]|(?<![\w-])(?-i:-B))\s*(?P<k>\d{{1,3}})",
    re.I,
)
_AFTER = re.compile(
    rf"\b(?:(?P<none>nothing|none|no)|(?P<n>{NUMBER})){_WHAT}\s+{_AFTER_WORD}\b|"
    rf"(?:\bafter\s*[:=]|(?<![\w-])(?-i:-A))\s*(?P<k>\d{{1,3}})",
    re.I,
)
_IS_BEFORE = re.compile(rf"\b{_BEFORE_WORD}\b", re.I)
_IS_AFTER = re.compile(rf"\b{_AFTER_WORD}\b", re.I)
_LINES = re.compile(
    rf"\b(?P<n>{NUMBER})\s+(?:lines?|rows?|events?|entries|logs?|messages?)\b", re.I
)
_HOST_SCOPE = re.compile(
    r"\b(?:whole|entire|same|complete|all\s+(?:of\s+)?(?:the|that)|that|this|"
    r"the\s+other\s+services\s+on\s+(?:the|that))\s+(?:host|machine|box|server|computer|node)\b|"
    r"\bhost-?wide\b|\bmachine-?wide\b|\bwhatever\s+the\s+service\b|\b(?:scope|across)\s*(?:=|"
    r":)?\s*(?:the\s+)?host\b|"
    r"\b(?:all|any|every|other)\s+services?\s+(?:\w+\s+)?(?:on|of)\s+(?:that|the|this|its)\b",
    re.I,
)
_EVERYWHERE = re.compile(
    r"\beverywhere\b|\b(?:all|any|every|other)\s+(?:the\s+)?(?:hosts?|machines?|services?|servers?|"
    r"boxes|nodes?)\b|\bacross\s+(?:the\s+)?(?:whole\s+|entire\s+)?(?:fleet|cluster|board)\b|"
    r"\banywhere\b|\bfleet-?wide\b|\bglobal(?:ly)?\b",
    re.I,
)
_PLOT = re.compile(
    r"\b(?:plot|graph|chart|draw|metrics?|gauge|readings?|values?|measurements?|average|avg|mean|"
    r"maximum|minimum|peak|highest|lowest|"
    r"max|min|sum|how\s+(?:hot|cold|warm|full|high|low|much|big|large|long|fast|slow|loaded|busy|"
    r"deep))\b",
    re.I,
)
_ROWS = re.compile(
    r"\b(?:show|list|give|get|pull|print|tail|dump|fetch|read|display|find|see|look|check|grep|"
    r"search|"
    r"output|happen\w*|sa(?:y|id|ys|ying)|wr(?:ote|ite|itten)|logged|logging|going\s+on|went|wrong|"
    r"anything|everything|whatever|up\s+(?:to|with)|broke\w*|fail\w*|problems?|why|crash\w*|"
    r"reports?)\b",
    re.I,
)
_ABOUT_LOGS = re.compile(
    r"\b(?:logs?|lines?|errors?|warnings?|messages?|entries|events?|criticals?|fatals?|"
    r"patterns?)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class PatternWords:
    """Whether kinds of messages are asked for, only new ones, or what changed."""

    kinds: bool = False
    new: bool = False
    changed: bool = False

    @property
    def asked(self) -> bool:
        """Whether any of them is."""
        return self.kinds or self.new or self.changed


def find_patterns(question: str) -> PatternWords:
    """What of the question asks for patterns."""
    return PatternWords(
        bool(_PATTERNS.search(question)),
        bool(_NEW.search(question)),
        bool(_CHANGED.search(question)),
    )


def find_event(question: str) -> tuple[int | None, str]:
    """The id of the event that the question points at, and the question without it."""
    match = _EVENT.search(question)
    if match is None:
        return None, question
    event = int(next(filter(None, match.groups())))
    if not 1 <= event < 2**63:
        return None, question
    # Of "20 lines after 4711" the words stay: they say which side is asked for.
    return event, blot(question, match.span("beside" if match["beside"] else 0))


def find_surroundings(question: str) -> dict[str, Any]:
    """before, after and scope as log_context takes them, from a question without its event."""
    found: dict[str, Any] = {}
    both = _BOTH.search(question)
    if both:
        n = _few(both["n"] or both["pm"] or both["c"] or both["grep"])
        found = {"before": n, "after": n}
    else:
        for name, pattern in (("before", _BEFORE), ("after", _AFTER)):
            match = pattern.search(question)
            if match:
                found[name] = 0 if match["none"] else _few(match["n"] or match["k"])
        found = found or _one_side(question)
    if _HOST_SCOPE.search(question):
        found["scope"] = "host"
    elif _EVERYWHERE.search(question):
        found["scope"] = "everywhere"
    return {name: value for name, value in found.items() if value is not None}


def _one_side(question: str) -> dict[str, Any]:
    """A lone number of lines, for the one side asked about: "what came before? 25 lines"."""
    sides = {"before": _IS_BEFORE.search(question), "after": _IS_AFTER.search(question)}
    asked = [side for side, match in sides.items() if match]
    lines = _LINES.search(question)
    return {asked[0]: _few(lines["n"])} if lines and len(asked) == 1 else {}


def _few(text: str) -> int | None:
    n = int(number(text))
    return n if 0 <= n <= 500 else None


def speaks_of_rows(question: str) -> bool:
    """Whether the words ask for the log itself: to be shown, or what it says happened."""
    return bool(_ROWS.search(question) or _ABOUT_LOGS.search(question))


def asks_values(question: str) -> int:
    """How much the words ask for measured values rather than for log lines: 1, 0 or -1."""
    return bool(_PLOT.search(question)) - bool(_ABOUT_LOGS.search(question))
