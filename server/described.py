"""What a question describes besides names, levels and times: "run out of memory", "failed logins".

An exact filter has no place for such words. When they come near in meaning to something that was
logged, the question is about that, and likeness finds it; when they come near to nothing, they are
chatter, and the filter stands alone.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from server.calls import Candidate
from server.words_talk import asks_to_write, is_talk
from server.words_telling import tells
from tools.log_stats import LOG_STATS
from tools.ports import Catalogue, Deps
from tools.query_logs import QUERY_LOGS
from tools.similar_logs import NOISE, SIMILAR_LOGS

NEAR = 0.5
"""Cosine from which a few words are taken to describe a pattern."""

_WORD = re.compile(r"[^\W\d_][^\W_]*(?:['-][^\W_]+)*|\S+")
_OF = re.compile(
    r"\b(?:errors?|warnings?|logs?|events?|lines?|messages?|entries)\s+(?:of|from|by|(?P<on>on))\s+"
    r"(?:the\s+)?"
    r"(?P<name>[\w.@-]+\w)",
    re.I,
)
_EXACT = {
    "contains", "trace_id", "error_code", "event_type", "source", "group_by", "interval", "limit",
}  # fmt: skip
_KEPT = ("service", "host", "level", "min_level", "start_time", "end_time")


_BELONGS_WORDS = "failed failing run ran running out of no not lost"
_BELONGS = frozenset(_BELONGS_WORDS.split())
"""Words that belong to a description behind them: "run out of memory", "failed password"."""

_COUNTED = re.compile(
    r"\bhow\s+many\s+(?:of\s+the\s+)?(?P<what>(?:[a-z][\w'-]*\s+){1,4}?)"
    r"(?:were|was|are|is|did|do|does|have|has|had|there|in|on|at|from|by|for|of|since|until|between|"
    r"during|within|over|today|yesterday|happened|occurred|per|each)\b",
    re.I,
)
"""What "how many" is asked of, up to the word that goes on."""

_WHATEVER = Candidate(QUERY_LOGS, {})


def description(question: str, names: Catalogue, said: tuple[str, ...] = ()) -> str | None:
    """The words from the first to the last that describe something; None when none does.

    What was `said` for a name describes nothing either.
    """
    known = _spoken((*names.services, *names.hosts, *names.metrics, *said))
    words = [word for word in _WORD.findall(question) if not _is_name(word, known)]
    telling = [place for place, word in enumerate(words) if tells(word)]
    if not telling:
        return None
    first, last = telling[0], telling[-1]
    while first and words[first - 1].lower() in _BELONGS:
        first -= 1
    first += words[first].lower() == "of"
    return " ".join(words[first : last + 1]).strip(" ?.!,;:")


def _counted(question: str, names: Catalogue, said: tuple[str, ...]) -> str | None:
    """The words that "how many" is asked of, where they describe something."""
    found = _COUNTED.search(question)
    return description(found["what"], names, said) if found else None


def _spoken(names: Iterable[str]) -> frozenset[str]:
    """The names and, of those of several words, each word."""
    whole = {name.lower().removesuffix(".service") for name in names}
    return frozenset(whole | {part for name in whole for part in re.split(r"[\W_]+", name)})


def _is_name(word: str, known: frozenset[str]) -> bool:
    lower = word.lower().strip("?.!,;:\"'()").removesuffix("'s").removesuffix(".service")
    return bool({lower, f"{lower}s", lower.rstrip("s")} & known)


async def as_described(question: str, call: Candidate | None, deps: Deps) -> Candidate | None:
    """The call; a likeness in its scope when the question describes something that was logged.

    "Errors of kafka", where nothing is called or described so, are errors of an unknown service:
    that is what the tool then says, instead of telling of other services. A question of which no
    call could be made may describe something, too.
    """
    if call is None and (is_talk(question) or asks_to_write(question)):
        return None
    if call is None:
        found = await as_described(question, _WHATEVER, deps)
        return found if found is not _WHATEVER else None
    if call.tool not in {QUERY_LOGS, LOG_STATS} or _EXACT & call.arguments.keys():
        return call
    names = await deps.store.catalogue()
    said = tuple(word for word, _ in call.slips)
    counted = _counted(question, names, said) if call.tool is LOG_STATS else None
    text = counted or description(question, names, said)
    if text is None:
        return call
    nearest = list(islice(await deps.index.rank(text), 3))
    # A call that takes up nothing of the question loses little by giving way.
    enough = NEAR if call.arguments or call is _WHATEVER else NOISE
    if max((one.cosine for one in nearest), default=0.0) < enough:
        kept = _of_unknown(question, text, call)
        return replace(kept, unmet=counted) if counted else kept
    scope = {key: call.arguments[key] for key in _KEPT if key in call.arguments}
    return replace(call, tool=SIMILAR_LOGS, arguments={"text": text, **scope})


def _of_unknown(question: str, text: str, call: Candidate) -> Candidate:
    named = _OF.search(question)
    if (
        call is _WHATEVER
        or named is None
        or named["name"] != text
        or {"service", "host"} & call.arguments.keys()
    ):
        return call
    kind = "host" if named["on"] else "service"
    return replace(call, arguments={**call.arguments, kind: text})
