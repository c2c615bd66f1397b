"""How a question is understood: the call it means, how sure that is, and what to ask back."""

import asyncio
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from prompts.asked import asked
from server.calls import Candidate, candidates, spread
from server.evidence import Evidence
from server.follow_ups import continued
from server.llm import Model
from server.reading import find_evidence
from server.wider import widened
from server.words_counting import columns_said
from server.words_name_index import name_index
from server.words_talk import asks_how_to, asks_to_write, is_elsewhere, is_talk, speaks_of_logs
from tools.log_context import LOG_CONTEXT
from tools.log_patterns import LOG_PATTERNS
from tools.log_stats import LOG_STATS
from tools.plain import one_line, quoted
from tools.ports import Catalogue, Deps
from tools.query_logs import QUERY_LOGS
from tools.query_metrics import QUERY_METRICS
from tools.similar_logs import SIMILAR_LOGS

SURE_ENOUGH = 0.65
"""Below this confidence a person is asked what they mean."""

_TRUST = 2.0
"""What the model's log-probabilities count beside the log-odds of words. On 47 questions in unusual
wording twice as much is right in 70 % instead of 64 %, and wrong in 3 of 349 usual ones.
"""

_LETTER = re.compile(r"[^\W\d_]")
_IN_WORDS = {
    QUERY_LOGS.name: "the events themselves",
    SIMILAR_LOGS.name: "events like that text",
    LOG_STATS.name: "how many there are",
    LOG_PATTERNS.name: "the kinds of messages",
    LOG_CONTEXT.name: "what surrounds that event",
    QUERY_METRICS.name: "the metric's values",
}


@dataclass(frozen=True, slots=True)
class Understood:
    """The call that a question means; None when it asks nothing of any tool.

    `confidence` goes from 0 to 1. `back` is one short question to put to the person instead of
    guessing, None when the call is sure enough. `shown` is the call as people read it. `unknown` is
    the kind and the name of a service or a host that is not there, which the call leaves out.
    """

    call: Candidate | None
    confidence: float = 1.0
    back: str | None = None
    shown: str = ""
    unknown: tuple[str, str] | None = None

    @property
    def asked(self) -> Candidate | None:
        """The call as an answer makes it: with the name that is not there, so that the tool says
        that, instead of telling of all others.
        """
        if self.call is None or self.unknown is None:
            return self.call
        kind, word = self.unknown
        if kind not in self.call.tool.takes.model_fields:
            return self.call
        return replace(self.call, arguments=self.call.arguments | {kind: word})


class Understanding:
    """Makes calls of questions."""

    def __init__(self, model: Model) -> None:
        self._model = model

    async def understand(
        self, question: str, deps: Deps, past: Sequence[Candidate] = ()
    ) -> Understood:
        """What the question means now, to a person of this clock and zone.

        `past` are the calls before it in a conversation, oldest first: a follow-up changes a part
        of the last one.

        Raises:
            ModelUnavailable, StoreUnavailable.
        """
        names = await deps.store.catalogue()
        # A long paste takes a second or two to read.
        found = await asyncio.to_thread(evidence, question, names, deps, past)
        choices = widened(readings(found, past), columns_said(found.request))
        scores = [choice.prior for choice in choices]
        chosen = 0
        if len(choices) > 1:
            before = [call.text for call in past[-1:]]
            texts = [choice.text for choice in choices]
            logs = (await self._model.weigh(asked(found.question, before), texts, scores)).logs
            scores = [_TRUST * log + prior for log, prior in zip(logs, scores, strict=True)]
            chosen = max(range(len(scores)), key=scores.__getitem__)
        meant = understood(choices, chosen, scores)
        if meant.call is None:
            return meant
        meant = replace(meant, call=replace(meant.call, slips=_slips(meant.call, found)))
        if found.unknown:
            return _about_unknown(meant, found, names)
        if found.left_out:
            return _about_left_out(meant, found)
        return _about_one_text(meant, found) if len(found.quoted) > 1 else meant


def evidence(
    question: str, names: Catalogue, deps: Deps, past: Sequence[Candidate] = ()
) -> Evidence:
    """What the question gives to a person of this clock and zone."""
    since = past[-1].arguments.get("start_time") if past else None
    return find_evidence(question, names, deps.now(), deps.zone, since)


def readings(found: Evidence, past: Sequence[Candidate] = ()) -> list[Candidate]:
    """The calls that the words could mean, likeliest first; none when they ask nothing of logs."""
    if is_talk(found.question) and not found.written:
        return []
    if asks_to_write(found.request, bool(past)) and not found.begins_with_name:
        return []
    follow_up = continued(found, past[-1]) if past else None
    if follow_up is not None:
        return list(spread(follow_up, found))
    return [] if _asks_nothing(found) else candidates(found)


def _asks_nothing(found: Evidence) -> bool:
    """Whether the words are about anything but logs: nothing plain is given, and much is left."""
    if asks_how_to(found.request) or (found.weak and not _LETTER.search(found.request)):
        return True
    measured = found.metric.names and found.values > 0
    if not found.weak or measured or speaks_of_logs(found.request):
        return is_elsewhere(found.request) and not found.named
    return found.unexplained or is_elsewhere(found.request)


def _slips(call: Candidate, found: Evidence) -> tuple[tuple[str, str], ...]:
    """What was taken for the names in the call although it is written otherwise."""
    places = (("service", found.service), ("host", found.host))
    return tuple(
        (named.slip, named.names[0])
        for argument, named in places
        if named.slip and call.arguments.get(argument) == named.names[0]
    )


def _about_unknown(meant: Understood, found: Evidence, names: Catalogue) -> Understood:
    """Asks for the name meant, where one that is not there would be left out of the call."""
    kind, word = found.unknown or ("", "")
    index = name_index(names.services if kind == "service" else names.hosts)
    near = index.nearest(word)
    back = f"There is no {kind} {one_line(word, 60)}."
    back += f" Do you mean {_either(near)}?" if near else f" Which {kind} do you mean?"
    confidence = min(meant.confidence, 0.5)
    return replace(meant, confidence=confidence, back=back, unknown=found.unknown)


def _about_left_out(meant: Understood, found: Evidence) -> Understood:
    """Says that what is not wanted is among the rows: no tool can leave a name out."""
    unwanted = " and ".join(one_line(name, 60) for name in found.left_out)
    back = f"No filter leaves out {unwanted}. Is everything wanted, theirs included?"
    return replace(meant, confidence=min(meant.confidence, 0.5), back=back)


def _about_one_text(meant: Understood, found: Evidence) -> Understood:
    """Says which of several quoted texts is looked for: no tool takes two."""
    call = meant.call
    text = call.arguments.get("contains") if call else None
    others = [quoted(one, 60) for one in found.quoted if one != text]
    if text is None or not others:
        return meant
    back = f"Only {quoted(text, 60)} is looked for, not {' or '.join(others)}. Is that right?"
    return replace(meant, confidence=min(meant.confidence, 0.5), back=back)


def understood(choices: Sequence[Candidate], chosen: int, scores: Sequence[float]) -> Understood:
    """The choice with its share of all, and what to ask when that is small or a time is needed.

    `scores` are log-odds, one a choice.
    """
    if not choices:
        return Understood(None)
    call = choices[chosen]
    share = 1 / sum(math.exp(min(score - scores[chosen], 700)) for score in scores)
    if call.arguments.get("new_only") and "start_time" not in call.arguments:
        return Understood(call, min(share, 0.5), "New since when?", call.text)
    tied = _tied(choices, call)
    if tied:  # no opinion of a model makes up for what the words leave open
        return Understood(call, min(share, 0.5), tied, call.text)
    back = _back(choices, chosen, scores) if share < SURE_ENOUGH else None
    return Understood(call, share, back, call.text)


def _tied(choices: Sequence[Candidate], call: Candidate) -> str | None:
    """What to ask when the words fit several services or hosts equally well."""
    for argument in ("service", "host"):
        named = [one.arguments.get(argument) for one in choices if one.tool is call.tool]
        different = list(dict.fromkeys(name for name in named if name))
        if len(different) > 1:
            return f"Do you mean {argument} {_either(different[:4])}?"
    return None


def _back(choices: Sequence[Candidate], chosen: int, scores: Sequence[float]) -> str:
    """One short question that tells the likeliest readings apart."""
    call = choices[chosen]
    others = [one for one in range(len(choices)) if one != chosen]
    other = choices[max(others, key=lambda one: scores[one])]
    if other.tool is not call.tool:
        return f"Do you want {_IN_WORDS[call.tool.name]} or {_IN_WORDS[other.tool.name]}?"
    if call.tool is QUERY_METRICS:
        return f"Do you mean metric {_either([call.arguments['name'], other.arguments['name']])}?"
    return f"Do you mean {call.text} or {other.text}?"


def _either(names: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
