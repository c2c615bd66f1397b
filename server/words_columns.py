"""Values of single columns that a question spells out: trace ids, error codes, event types."""

import re

from server.words_moment import blot

_VALUE = r"[A-Za-z0-9][\w.:/-]*\w"
_TRACE = re.compile(
    rf"\btrace(?:[\s_-]?ids?)?\b\s*(?:[:=#]|(?:is|of|with(?:\s+id)?|number|"
    rf"called)\b)?\s*(?P<value>{_VALUE})",
    re.I,
)
_UUID = re.compile(
    r"(?<![\w-])(?P<value>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|"
    r"(?=[a-f]*\d)(?=\d*[a-f])(?:[0-9a-f]{32}|[0-9a-f]{16}))(?![\w-])",
    re.I,
)
_ID = re.compile(
    r"\b(?:(?:request|req|correlation|session|transaction|txn|order|job|user|customer|account|"
    r"payment|invoice|ticket|client|device|connection|build|run)[\s_-]?(?:ids?\b|"
    r"(?:number|no\.?|nr\.?)(?=\W))(?:\s+is\b)?|"
    r"\b(?:request|req|correlation|session|transaction|txn)\b"
    r"(?=\s*[:=#]?\s*(?=[\w.:/-]*[a-z])[\w.:/-]{4}))"
    rf"\s*[:=#]?\s*(?P<value>{_VALUE})",
    re.I,
)
_CODE = re.compile(
    rf"(?<!exit )(?<!status )(?<!http )(?<!response )(?!code\s*=)\b(?:error[\s_-]?|err)?(?:codes?|"
    rf"errno)\b\s*(?:[:=#]|(?:is|of|was)\b)?\s*(?P<value>{_VALUE})",
    re.I,
)
_CODE_BEFORE = re.compile(
    r"(?<![\w.-])(?P<value>[A-Z][A-Z_-]{0,15}\d[\w-]{1,20})\s+(?:[Ee]rror\s+)?[Cc]odes?\b"
)
_NAMED_ERROR = re.compile(r"\b(?:[Ee]rr(?:or)?|ERR(?:OR)?)\s+(?P<value>[A-Z]{1,8}[-_]?\d{2,6})\b")
_TYPE = re.compile(
    rf"(?<!by )(?<!per )(?<!each )\b(?:event[\s_-]?types?|(?:events?|entries|"
    rf"logs?)\s+of\s+(?:the\s+)?type|of\s+type|"
    rf"type\s*[:=])\s*(?:[:=]|is\b)?\s*(?P<value>{_VALUE})",
    re.I,
)
_TYPED = re.compile(r"(?<![\w.@-])(?P<value>[a-z][a-z0-9]*(?:[_.][a-z0-9]+)+)\s+events?\b", re.I)
_SOURCE = re.compile(
    rf"(?<!by )(?<!per )(?<!each )\bsource\b\s*(?:[:=]|(?:is|of)\b)?\s*(?P<value>{_VALUE})|"
    r"\bfrom\s+(?:the\s+)?(?P<known>syslog|journald|otlp)\b|\b(?P<kind>syslog|journald|"
    r"otlp)\s+source\b",
    re.I,
)
_EVENT_WORD = re.compile(r"(?<![\w'-])(?P<value>[a-z]{4,30})\s+events\b", re.I)
_NO_EVENT_WORD = """
last latest recent newest oldest earliest first those these them many some more most other others
similar related which what such same total many several only just about with from every each that
list show count fetch find retrieve display pull print read seen error errors warning warnings
critical fatal debug info severe severity logged stored past previous service host log logs
journal message messages number amount matching relevant important unusual interesting
surrounding neighbouring neighboring preceding following next away events event your their open
"""
_NO_EVENT_WORDS = frozenset(_NO_EVENT_WORD.split())
_NO_VALUE_WORDS = """
until before after between during within over as using when while
by per for from in on of the and or with since last past today yesterday this that is are was
which what who how breakdown counts count thrown throws does do did most a an to logs log events
event errors error at have has warning warnings critical criticals fatal fatals lines messages
entries trouble problems failures noise issues
"""
_NO_VALUE = frozenset(_NO_VALUE_WORDS.split())


def find_columns(question: str, names: frozenset[str]) -> tuple[dict[str, str], str]:
    """trace_id, error_code, event_type and source as far as given, and another id as the text that
    messages are to contain; the question without them.
    """
    found: dict[str, str] = {}
    for name, pattern, fits in (
        ("trace_id", _TRACE, _is_id),
        ("trace_id", _UUID, _is_id),
        ("contains", _ID, _is_id),
        ("error_code", _CODE, _is_code),
        ("error_code", _CODE_BEFORE, _is_code),
        ("error_code", _NAMED_ERROR, _is_code),
        ("event_type", _TYPE, _is_word),
        ("event_type", _TYPED, _is_word),
        ("source", _SOURCE, _is_word),
    ):
        for match in pattern.finditer(question):
            value = next(filter(None, match.groups()))
            if name not in found and fits(value) and value.lower() not in names:
                found[name] = value
                question = blot(question, match.span())
    return found, question


def find_event_word(rest: str) -> str | None:
    """The kind of events that `login events` names, where nothing else was read from the word."""
    match = _EVENT_WORD.search(rest)
    return match["value"] if match and match["value"].lower() not in _NO_EVENT_WORDS else None


def _is_id(value: str) -> bool:
    return any(letter.isdigit() for letter in value) or bool(
        re.fullmatch(r"[0-9a-f-]{8,}", value, re.I)
    )


def _is_code(value: str) -> bool:
    return any(letter.isdigit() for letter in value) or (value.isupper() and len(value) > 2)


def _is_word(value: str) -> bool:
    return value.lower() not in _NO_VALUE and not value[0].isdigit()
