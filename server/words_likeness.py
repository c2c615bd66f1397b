"""How a question asks for what is like a text, rather than for what holds it."""

import re
from typing import NamedTuple

from server.words_spelling import with_places

_NOUN = (
    r"(?:stuff|logs?|ones?|errors?|warn(?:ing)?s?|criticals?|fatals?|messages?|lines?|entr(?:y|ies)|"
    r"events?|problems?|incidents?)"
)
_SIMILAR = re.compile(
    r"\bsimilar(?:ly|ity|ities)?\b|\balike\b|\bresembl\w+|\blook(?:s|ed|ing)?\s+(?:\w+\s+)?(?:like|"
    r"close\s+to)\b|"
    r"\b(?:any|some)thing\s+(?:\w+\s+)?(?:like|close)\b|\bclose(?:st|"
    r"r)?\s+(?:in\s+meaning\s+)?(?:to|match\w*)\b|"
    r"\brelated\b|\bsemantic\w*|\bnearest\b|\bneighbou?rs?\s+(?:of|to|for)\b|\bcomparable\b|"
    r"\bin\s+meaning\b|"
    r"\bby\s+meaning\b|\bmeaning\s+(?:is|are|near)\b|\bnear(?:by)?\s+(?:in\s+meaning|matches)\b|"
    r"\balong\s+(?:the|these|those)\s+lines\b|\bin\s+the\s+vein\s+of\b|\bof\s+the\s+(?:sort|kind|"
    r"type)\b|"
    r"\bmatching\s+(?:messages|logs|errors|lines|events)\s+(?:for|to)\b|\bsay(?:s|"
    r"ing)?\s+roughly\b|\bsame\s+(?:kind|sort|type|nature|gist|problem|issue|error|"
    r"failure)\b|"
    r"\bmore\s+(?:of\s+the\s+same|like)\b|"
    rf"\b{_NOUN}\s+(?:that\s+|which\s+)?(?:mean|suggest|indicat|hint)(?:e?s|ing|e)?\b(?:\s+at\b)?|"
    r"\b(?:seen?|saw|had|met|hit)\s+¤+[^.?!¤]{0,20}\b(?:before|already|earlier|previously|ever)\b|"
    r""
    r"\bcompare\s+(?:this|that|it|these)\s+(?:\w+\s+)?(?:with|to|against)\s+(?:what\w*|any\w*|"
    r"every\w*|all|known|others?|our|history|the\s+(?:logs?|rest|history|past|others?))\b"
    r"(?:\s+(?:we|you|is|was|has|have|know\w*|seen?|saw|had|there|logs?|before|so|far))*|"
    rf"\b{_NOUN}\s+(?:are\s+|is\s+|were\s+)?like\b(?!\s+to\b)|\b(?:are|is|was|were)\s+like\b|"
    r"\bmean(?:s|ing)?\s+(?:(?:roughly|about|much|nearly)\s+)?the\s+same\b|\b(?:other|more|further|"
    r"previous|past|earlier)\s+"
    r"(?:cases|instances|occurrences|examples)\b|\bhave\s+(?:we|others?|other\s+people|you|anyone|"
    r"anybody)\s+"
    r"(?:ever\s+)?(?:seen|hit|had|met|encountered)\b(?!\s+(?:any\s+|more\s+|new\s+)?(?:errors?|"
    r"warnings?|logs?|fatals?|"
    r"criticals?)\b)|\bha(?:s|ve|d)\s+(?:any|some)(?:one|body)\s+(?:\w+\s+)?(?:seen|hit|had|met|"
    r"encountered)\b|"
    r"\bis\s+this\s+(?:new|known|a\s+known)\b|\brings?\s+a\s+bell\b|\bknown\s+(?:problem|issue|"
    r"error|bug|failure)\b|"
    r"\b(?:seen?|saw|had|met|hit)\s+(?:this|that|it|something|such|(?:a\s+)?(?:message|log|"
    r"error)s?\s+(?:like|such))\b|"
    r"\b(?:happen|occur|come\s+up|came\s+up|turn|turned|crop|pop|popped|show|shown|shows|appear|"
    r"been\s+seen|seen|"
    r"happened|occurred|appeared|logged|reported)(?:\s+(?:up|this|that|here|anywhere|already))*\s+"
    r"(?:before|in\s+the\s+past|ever|already|earlier|previously|somewhere|elsewhere)\b|"
    r"\bever\s+(?:happen|occur|see|saw|seen|appear|come|show|have)\w*\b|\bdescrib(?:e|es|ing)\b|"
    r"\bequivalent\b|\bakin\b|"
    r"\b(?:did|do|have)\s+(?:we|you|they|others|any(?:one|body))\s+(?:\w+\s+)?(?:have|had|get|got|"
    r"see|hit|meet)\s+"
    r"(?:this|that|it|these|one)\b(?=\W*(?:$|in\b|on\b|for\b|before|already|ever|too|some|any))|"
    r"\b(?:near[- ]?)?duplicates?\b|\blook-?alikes?\b|"
    r"\bvariants?\s+of\b|"
    r"\bprecedents?\b|\bsomething\s+(?:we|you|they)\s+had\b|\bknown\s*(?:\?|$)|^\W*like\s*:|"
    r"\bdo\s+(?:we|you|they)\s+(?:already\s+)?know\b(?!\s+(?:how|what|why|when|where|if|who))|"
    r"\bin\s+the\s+spirit\s+of\b|"
    r"\bclosest\s+(?:\d+|¤+|\w+)\s+(?:\w+\s+)?(?:to|match\w*)\b|\bwho\s+else\s+(?:saw|has|had|hit|"
    r"got|sees|gets)\b|"
    r"\b(?:earlier|previous|past|other|prior)\s+(?:incidents?|sightings?|reports?|events?)\s+of\b|"
    r"\bthe\s+likes?\s+of\b|\bfind\s+(?:me\s+)?the\s+like\b|\bany(?:body|one)\s+else\s+(?:hit|seen|"
    r"saw|had|got|met)\b|"
    r"\bsound(?:s|ing)?\s+like\b|\breminiscent\b|\breminds?\b|\bfamiliar\b|\bmatch(?:es|"
    r"ing)?\s+(?:in|by)\s+(?:sense|meaning)\b",
    re.I,
)
_NEVER = re.compile(r"\b(?:never|not|unseen|nothing|first\s+time)\b|n't\b", re.I)
_GROUPS = re.compile(r"\b(?:group|cluster|bundle|fold)\w*\b", re.I)


class Cue(NamedTuple):
    """Where the words stand that ask for likeness."""

    start: int
    end: int


def asks_likeness(request: str) -> Cue | None:
    """The words that ask for likeness, slips forgiven, unless it is for what was never seen."""
    spelt, places = with_places(request)
    for cue in _SIMILAR.finditer(spelt):
        before = spelt[max(0, cue.start() - 24) : cue.end()]
        if not _NEVER.search(before) and not _GROUPS.search(before):
            return Cue(places[cue.start()], places[cue.end()])
    return None
