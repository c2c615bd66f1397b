"""How a question asks for patterns, for the surroundings of an event, or for nothing at all."""

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from server.times_in_words import find_times

_PATTERNS = re.compile(
    r"\bpatterns?\b|\b(?:kinds?|types?|sorts?)\s+of\s+(?:new\s+)?(?:\w+\s+)?(?:messages?|logs?|"
    r"lines?|errors?|warnings?|events?)\b|\bwhat(?:'s|\s+is|\s+has)?\s+changed\b|"
    r"\bnever\s+(?:been\s+)?seen\b|\bnot\s+seen\s+before\b|\bnew\s+(?:kinds?|types?|patterns?|"
    r"errors?|warnings?|messages?|problems?)\b|\b(?:first[- ]time|unseen|brand[- ]new|novel)\b|"
    r"\b(?:errors?|messages?|warnings?)\s+(?:that\s+)?(?:are|is)\s+new\b|"
    r"\bcompared?\s+(?:to|with)\b|\bdifferen(?:t|ce)\s+(?:from|between|to)\b",
    re.I,
)
_NEW = re.compile(
    r"\bnew\b|\bnever\s+(?:been\s+)?seen\b|\bnot\s+seen\s+before\b|\bfirst[- ]time\b|\bunseen\b|"
    r"\bnovel\b",
    re.I,
)
_COMPARED = re.compile(
    r"\b(?:compared?\s+(?:to|with)|versus|vs\.?|against|than|different\s+from)\s+(?P<when>.+)$",
    re.I,
)
_EVENT = re.compile(
    r"(?:#|\b(?:event|entry|row|line|log|id|record)\s+(?:number\s+|no\.?\s+|id\s+)?#?)(?P<id>\d+)\b",
    re.I,
)
_AROUND = re.compile(
    r"\b(?:around|surround(?:s|ing|ings)?|context|neighbou?rs?|neighbou?rhood|before|after|"
    r"led\s+up\s+to|leading\s+up|next\s+to|near|followed|preceded)\b",
    re.I,
)
_BEFORE = re.compile(r"\b(?P<n>\d{1,3})\s+(?:\w+\s+)?before\b(?P<both>\s+and\s+after\b)?", re.I)
_AFTER = re.compile(r"\b(?P<n>\d{1,3})\s+(?:\w+\s+)?after\b", re.I)
_AROUND_N = re.compile(
    r"\b(?P<n>\d{1,3})\s+(?:lines?|events?|rows?|entries|logs?)\s+around\b", re.I
)
_HOST_SCOPE = re.compile(
    r"\b(?:whole|entire|same|all\s+of\s+the)\s+(?:host|machine|box)\b|\bhost-?wide\b", re.I
)
_EVERYWHERE = re.compile(
    r"\beverywhere\b|\ball\s+(?:hosts|machines|services)\b|\bany\s+host\b", re.I
)
_SMALL_TALK = re.compile(
    r"^\W*(?:hi|hello|hey|hiya|good\s+(?:morning|evening|afternoon|day|night)|thanks?|thank\s+you|"
    r"thx|cheers|bye|goodbye|see\s+you|ok(?:ay)?|great|nice|cool|perfect|who\s+are\s+you|"
    r"what\s+(?:can|do)\s+you\s+do|what\s+are\s+you|how\s+are\s+you|help|tell\s+me\s+a\s+joke|"
    r"are\s+you\s+(?:there|a\s+\w+|human|real)|what(?:'s|\s+is)\s+your\s+name|"
    r"(?:what(?:'s|\s+is)\s+the\s+)?(?:weather|capital)\b.*|(?:please\s+)?write\s+(?:me\s+)?a\s+\w+.*|"
    r"sing\b.*|never\s+mind|forget\s+it|you(?:'re|\s+are)\s+\w+.*|well\s+done|good\s+job)"
    r"(?:[\s,.!?]+(?:there|you|devmesh|so\s+much|very\s+much|a\s+lot|again|for\s+\w+(?:\s+\w+)?|today|"
    r"that|it|all|everyone|thanks?|please|i\s+need|me))*\W*$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class PatternWords:
    """Whether kinds of messages are asked for, only new ones, and what to compare with."""

    asked: bool = False
    new_only: bool = False
    compare_to: str | None = None
    rest: str = ""


def find_patterns(question: str, now: datetime, zone: tzinfo) -> PatternWords:
    """What of the question asks for patterns; `rest` is the question without the comparison."""
    if not _PATTERNS.search(question):
        return PatternWords(rest=question)
    compared = _COMPARED.search(question)
    when = find_times(compared["when"], now, zone).start if compared else None
    rest = question[: compared.start()] if compared and when else question
    return PatternWords(True, bool(_NEW.search(question)) and when is None, when, rest)


def find_context(question: str) -> dict[str, Any]:
    """The arguments of log_context that the question gives; empty when it asks for none."""
    event = _EVENT.search(question)
    if event is None or not _AROUND.search(question):
        return {}
    rest = question[: event.start()] + " " + question[event.end() :]
    found: dict[str, Any] = {"event_id": int(event["id"])}
    before, after, around = (pattern.search(rest) for pattern in (_BEFORE, _AFTER, _AROUND_N))
    if around or (before and before["both"]):
        number = (around or before or event)["n"]
        found |= {"before": int(number), "after": int(number)}
    else:
        found |= {"before": int(before["n"])} if before else {}
        found |= {"after": int(after["n"])} if after else {}
    if _EVERYWHERE.search(rest):
        found["scope"] = "everywhere"
    elif _HOST_SCOPE.search(rest):
        found["scope"] = "host"
    return found


def is_small_talk(question: str) -> bool:
    """Whether the words ask nothing about logs or metrics."""
    return bool(_SMALL_TALK.match(question))
