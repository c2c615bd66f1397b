"""Text that a question quotes or pastes, set apart from the request before that is read.

Such text is what strangers' programs wrote: nothing in it may be read as a part of the request.
"""

import re
from dataclasses import dataclass

from server.words_moment import blot_all

QUOTED = re.compile(
    r"```\w*\n?(.+?)```|\"([^\"]+)\"|\u201c([^\u201d]+)\u201d|"
    r"\u201e([^\u201c\u201d]+)[\u201c\u201d]|«([^»]+)»|`([^`]+)`|"
    r"(?<![\w])'([^']+)'(?!\w)|"
    r"\u2018([^\u2019]+)\u2019",
    re.S,
)
_ARGUMENT_BEFORE = re.compile(
    r"\b(?:service|host|unit|machine|server|node|app|container|level|severity|metric|source|"
    r"(?:event[\s_-]?)?types?|(?:error[\s_-]?)?codes?|trace(?:[\s_-]?id)?|since|until|before|"
    r"named?|"
    r"called)\s*[:=]?\s*$",
    re.I,
)
_PLACE_BEFORE = re.compile(r"\b(?:of|from|on|in|for|by|the|at)\s*$", re.I)
_NOUN = r"(?:stuff|logs?|ones?|errors?|messages?|lines?|entr(?:y|ies)|events?|problems?|incidents?)"
SIMILAR = re.compile(
    r"\bsimilar(?:ly|ity|ities)?\b|\balike\b|\bresembl\w+|\blook(?:s|ed|ing)?\s+(?:\w+\s+)?(?:like|"
    r"close\s+to)\b|"
    r"\b(?:any|some)thing\s+(?:\w+\s+)?(?:like|close)\b|\bclose(?:st|"
    r"r)?\s+(?:in\s+meaning\s+)?(?:to|match\w*)\b|"
    r"\brelated\b|\bsemantic\w*|\bnearest\b|\bneighbou?rs?\s+(?:of|to|for)\b|\bcomparable\b|"
    r"\bin\s+meaning\b|"
    r"\bby\s+meaning\b|\bmeaning\s+(?:is|are|near)\b|\bnear(?:by)?\s+(?:in\s+meaning|matches)\b|"
    r"\balong\s+(?:the|these|those)\s+lines\b|\bin\s+the\s+vein\s+of\b|\bof\s+the\s+(?:sort|kind|"
    r"type)\b|"
    r"\bsame\s+(?:kind|sort|type|nature|gist|problem|issue|error|failure)\b|"
    r"\bmore\s+(?:of\s+the\s+same|like)\b|"
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
    r"(?:this|that|it|these|one)\b|\b(?:near[- ]?)?duplicates?\b|\blook-?alikes?\b|"
    r"\bvariants?\s+of\b|"
    r"\bdo\s+(?:we|you|they)\s+(?:already\s+)?know\b(?!\s+(?:how|what|why|when|where|if|who))|"
    r"\bin\s+the\s+spirit\s+of\b|"
    r"\bclosest\s+(?:\d+|¤+|\w+)\s+(?:\w+\s+)?(?:to|match\w*)\b|\bwho\s+else\s+(?:saw|has|had|hit|"
    r"got|sees|gets)\b|"
    r"\b(?:earlier|previous|past|other|prior)\s+(?:incidents?|sightings?|reports?|events?)\s+of\b|"
    r"\bthe\s+likes?\s+of\b|"
    r"\bsound(?:s|ing)?\s+like\b|\breminiscent\b|\breminds?\b|\bfamiliar\b|\bmatch(?:es|"
    r"ing)?\s+(?:in|by)\s+(?:sense|meaning)\b",
    re.I,
)
_NEVER = re.compile(r"\b(?:never|not|unseen|nothing|first\s+time)\b|n't\b", re.I)
_GROUPS = re.compile(r"\bgroup\w*\s+(?:of|by|into)\b", re.I)
_PASTED = re.compile(r"\b(?:this|these|following)\b[^?:.\"¤]*\?\s+(?=\S.{8})", re.I | re.S)
_POINTER = re.compile(r":\s+|\s->\s*|\s=>\s*")
_LAST_SENTENCE = re.compile(
    r"(?:(?<=[.?!])|(?<=[^\w\s])(?=\s[A-Z]))\s+(?=[^.?!]*[.?!]?\s*$)|"
    r"\s[-\u2013\u2014]{1,2}\s(?!.*\s[-\u2013\u2014]{1,2}\s)|\n+(?=[^\n]+$)"
)
_DASH = re.compile(r"\s[-\u2013\u2014]{1,2}\s")
_ERROR_LIKE = re.compile(r"error|exception|traceback|panic|fatal|fail|\w\.\w+\.\w|\[", re.I)
_INTRO = re.compile(
    r"\b(?:i|we|my|our|this|these|that|find|show|look|search|got|getting|get|have|had|see|saw|seen|"
    r"says?|said|with|the|"
    r"is|are|any|following|here|error|errors|message|logs?|lines?|pod|died|crashed|failed|give|"
    r"list|related|for|to)\b",
    re.I,
)
_AN_EVENT = re.compile(
    r"(?:and\s+)?(?:after|around|near)?\s*(?:the\s+)?(?:\w+\s+)?#?\d+\b.{0,40}", re.I
)
_ABOUT = re.compile(r"\b(?:about|for)\s+(?P<text>[^,¤]{6,}),?\s*$", re.I)
_FILLER = re.compile(
    r"^(?:this|that|these|the|a|an|error|errors?|message|messages|situation|to|of|log|logs|line|"
    r"one|with|for|as|roughly|"
    r"entries|entry|events?|problem|text|in|is|near|about|\s)*[:>,\-\u2013\u2014\s]+",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Pasted:
    """The request alone; the text to compare, if likeness is asked for; the other quotations."""

    request: str
    text: str | None = None
    quoted: tuple[str, ...] = ()


def set_apart(question: str, names: frozenset[str]) -> Pasted:
    """The request and the text in it. A quoted one of `names` is a name, not a text."""
    question = _unquoted(question, names)
    parts = [next(filter(None, match.groups())).strip() for match in QUOTED.finditer(question)]
    quoted = tuple(part for part in parts if part)
    bare = blot_all(QUOTED, question)
    cue = asks_likeness(bare)
    if cue is None:
        return Pasted(bare, None, quoted)
    text, request = _subject(question, bare, cue, quoted)
    return Pasted(request, text, quoted)


def asks_likeness(request: str) -> re.Match[str] | None:
    """The words that ask for likeness, unless it is for what was never seen before."""
    for cue in SIMILAR.finditer(request):
        before = request[max(0, cue.start() - 24) : cue.end()]
        if not _NEVER.search(before) and not _GROUPS.search(before):
            return cue
    return None


def _unquoted(question: str, names: frozenset[str]) -> str:
    """The question with quoted names and arguments freed of their quotation marks."""
    for match in QUOTED.finditer(question):
        inner = next(filter(None, match.groups()))
        known = inner.lower().strip() in names
        before = question[: match.start()]
        value = re.fullmatch(r"[\w.:@/+-]{1,64}", inner)
        if (value and _ARGUMENT_BEFORE.search(before)) or (known and _PLACE_BEFORE.search(before)):
            free = f" {inner} ".ljust(len(match[0]))[: len(match[0])]
            question = f"{question[: match.start()]}{free}{question[match.end() :]}"
    return question


def _subject(
    question: str, bare: str, cue: re.Match[str], quoted: tuple[str, ...]
) -> tuple[str | None, str]:
    """The text to find likenesses of, and the question without it."""
    pasted = _PASTED.search(bare)
    if pasted and "¤" not in bare[: pasted.end()]:
        return trim(question[pasted.end() :]), bare[: pasted.end()]
    pointer = _POINTER.search(bare)
    first_quote = bare.find("¤")
    if pointer and (first_quote < 0 or pointer.end() < first_quote):
        found = _after_pointer(question, pointer, cue)
        if found:
            return found
    if quoted:
        return quoted[0], bare
    lines = question.strip().split("\n")
    if len(lines) > 1 and asks_likeness(lines[0]):
        return trim("\n".join(lines[1:])), lines[0]
    return _around_cue(question, cue)


def _after_pointer(
    question: str, pointer: re.Match[str], cue: re.Match[str]
) -> tuple[str | None, str] | None:
    """The text behind a colon or an arrow; the request may follow it as a sentence of its own.

    When the request stands before the pointer, everything behind it is text.
    """
    request, text = question[: pointer.start()], question[pointer.end() :]
    if asks_likeness(request):
        return (trim(text), request) if trim(text) else None
    tails = [match for match in _LAST_SENTENCE.finditer(text) if asks_likeness(text[match.end() :])]
    if not tails:
        behind = question[pointer.end() : cue.start()] if cue.start() > pointer.end() else ""
        if behind and _ERROR_LIKE.search(request) and not _INTRO.search(request):
            return trim(question[: cue.start()]), question[cue.start() :]
        return None
    tail = tails[0]
    if not _INTRO.search(request):  # "KeyError: x. Seen before?": the pointer is a part of the text
        return trim(question[: pointer.end() + tail.start()]), text[tail.end() :]
    return trim(text[: tail.start()]), f"{request} {text[tail.end() :]}"


def _around_cue(question: str, cue: re.Match[str]) -> tuple[str | None, str]:
    """The text before a dash (TEXT - seen that before?), else after the cue, else before it."""
    before, following = question[: cue.start()], question[cue.end() :]
    dashes = list(_DASH.finditer(before))
    if dashes:
        dash = dashes[-1]
        return trim(before[: dash.start()]), f"{question[dash.end() : cue.end()]} {following}"
    named = trim(_FILLER.sub("", following))
    if named and _AN_EVENT.fullmatch(named):
        return None, question
    if named and len(named) > 3:
        return named, question[: cue.end()]
    about = _ABOUT.search(before)
    if about:
        return trim(about["text"]), f"{before[: about.start('text')]} {question[cue.start() :]}"
    sentences = [match for match in _LAST_SENTENCE.finditer(before)]
    if sentences:
        return trim(before[: sentences[-1].start()]), question[sentences[-1].end() :]
    return None, question


def trim(text: str) -> str | None:
    """The text without the quotation marks and full stops around it; None when nothing is left."""
    return text.strip().strip("\"'`").rstrip("?.! ").strip() or None
