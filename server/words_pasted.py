"""Text that a question quotes or pastes, set apart from the request before that is read.

Such text is what strangers' programs wrote: nothing in it may be read as a part of the request.
"""

import re
from dataclasses import dataclass

from server.words_likeness import Cue, asks_likeness
from server.words_moment import blot_all
from server.words_tail import is_request
from server.words_telling import tells

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
_WHEN_BEFORE = re.compile(r"\b(?:since|until)[=:]?\s*$", re.I)
_PLACE_BEFORE = re.compile(r"\b(?:of|from|on|in|for|by|the|at)\s*$", re.I)
_PASTED = re.compile(r"\b(?:this|these|following)\b[^?:.\"¤]*\?\s+(?=\S.{8})", re.I | re.S)
_POINTER = re.compile(r":\s+|\s->\s*|\s=>\s*")
_LAST_SENTENCE = re.compile(
    r"(?:(?<=[.?!])|(?<=[^\w\s])(?=\s[A-Z]))\s+(?=[^.?!]*[.?!]?\s*$)|"
    r"\s[-\u2013\u2014]{1,2}\s(?!.*\s[-\u2013\u2014]{1,2}\s)|\n+(?=[^\n]+$)|,\s+(?=[^,]{3,60}$)"
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
_HAS = re.compile(r"^\W*(?:has|have|did|does|was|is)\b\s*:?\s*(?P<text>[^?¤]+?)\s*$", re.I | re.S)
_LONG = 500
_CLAUSE = re.compile(
    r"(?:.*?\b(?:i|we)\s+(?:\w+\s+)?(?:getting|get|got|see|seeing|saw|have|had|hit|hitting)\s+)?"
    r"(?P<text>[^,;¤]{6,}?)\s*[,;]\s*(?:(?:and|have|has|did|we|you|anyone|ever)\s+)*",
    re.I | re.S,
)
_AN_EVENT = re.compile(
    r"(?:and\s+)?(?:after|around|near)?\s*(?:the\s+)?(?:\w+\s+)?#?\d+\b.{0,40}", re.I
)
_ABOUT = re.compile(r"\b(?:about|for)\s+(?P<text>[^,¤]{6,}),?\s*$", re.I)
_PLACE = re.compile(r"(?:in|on|from|of|for|at)\s+(?:the\s+)?(?:[\w.@-]+\s?){1,3}", re.I)
_TO = re.compile(r"(?:[a-z]+\s+){1,3}(?:to|with|as|like|of)|(?:but|only|just)\s.*", re.S)
_FILLER = re.compile(
    r"^(?:this|that|these|the|a|an|error|errors?|message|messages|situation|similar|before|already|ever|"
    r"now|something|anything|"
    r"like|ones?|stories|story|"
    r"cases?|things?|kind|as|to|of|log|logs|line|"
    r"with|for|as|roughly|close|"
    r"entries|entry|events?|problem|text|in|is|near|about|\s)*[:>,?.!\-\u2013\u2014\s]+",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Pasted:
    """The request alone; the text to compare, if likeness is asked for; the other quotations.

    `loose` says that neither marks nor a colon tell where the text ends: the request may go on
    behind it.
    """

    request: str
    text: str | None = None
    quoted: tuple[str, ...] = ()
    loose: bool = False


def set_apart(question: str, names: frozenset[str]) -> Pasted:
    """The request and the text in it. A quoted one of `names` is a name, not a text."""
    question = _unquoted(question, names)
    parts = [next(filter(None, match.groups())).strip() for match in QUOTED.finditer(question)]
    quoted = tuple(part for part in parts if part)
    bare = blot_all(QUOTED, question)
    cue = asks_likeness(bare)
    if cue is None:
        return Pasted(bare, None, quoted)
    text, request = _subject(question, bare, cue, quoted, names)
    loose = bool(text) and not quoted and request == question[: cue.end]
    if loose and text and text.lower() in names:  # "what do you know about nginx"
        return Pasted(bare, None, quoted)
    return Pasted(request, text, quoted, loose)


def _unquoted(question: str, names: frozenset[str]) -> str:
    """The question with quoted names and arguments freed of their quotation marks."""
    for match in QUOTED.finditer(question):
        inner = next(filter(None, match.groups()))
        known = inner.lower().strip() in names
        before = question[: match.start()]
        value = re.fullmatch(r"[\w.:@/+-]{1,64}", inner)
        place = known and _PLACE_BEFORE.search(before)
        time = _WHEN_BEFORE.search(before) and re.fullmatch(r"[\w.:+ -]{1,32}", inner)
        key = question[match.end() :].lstrip().startswith(":") and _ARGUMENT_BEFORE.fullmatch(inner)
        if (value and _ARGUMENT_BEFORE.search(before)) or place or time or key:
            free = f" {inner} ".ljust(len(match[0]))[: len(match[0])]
            question = f"{question[: match.start()]}{free}{question[match.end() :]}"
    return question


def _subject(
    question: str, bare: str, cue: Cue, quoted: tuple[str, ...], names: frozenset[str]
) -> tuple[str | None, str]:
    """The text to find likenesses of, and the question without it."""
    pasted = _PASTED.search(bare)
    if pasted and "¤" not in bare[: pasted.end()]:
        return trim(question[pasted.end() :]), bare[: pasted.end()]
    pointer = _POINTER.search(bare)
    first_quote = bare.find("¤")
    if pointer and (first_quote < 0 or pointer.end() < first_quote):
        found = _after_pointer(question, pointer, cue, names)
        if found:
            return found
    dash = next((one for one in _DASH.finditer(bare) if one.end() <= cue.start + 12), None)
    if dash and quoted and _is_text(bare[: dash.start()]) and dash.start() < cue.start:
        return trim(question[: dash.start()]), bare[dash.end() :]
    if quoted:
        return quoted[0], bare
    lines = question.strip().split("\n")
    if len(lines) > 1 and asks_likeness(lines[0]):
        return trim("\n".join(lines[1:])), lines[0]
    return _around_cue(question, cue)


def _is_text(before: str) -> bool:
    """Whether what stands before a dash is a message that has quotations of its own."""
    words = re.sub("¤+", "", before)
    return len(re.findall(r"\w+", words)) > 1 and not _INTRO.search(words)


def _after_pointer(
    question: str, pointer: re.Match[str], cue: Cue, names: frozenset[str]
) -> tuple[str | None, str] | None:
    """The text behind a colon or an arrow; the request may follow it as a sentence of its own.

    When the request stands before the pointer, everything behind it is text.
    """
    request, text = question[: pointer.start()], question[pointer.end() :]
    asked = asks_likeness(request)
    if asked:
        between = _FILLER.sub("", f"{request[asked.end :]}:").strip(" :")
        goes_on = _PLACE.fullmatch(between) or _TO.fullmatch(between) or is_request(between, names)
        if between and not goes_on:  # "similar to KeyError: x"
            return trim(_FILLER.sub("", question[asked.end :])), request[: asked.end]
        return (trim(text), request) if trim(text) else None
    tails = [match for match in _LAST_SENTENCE.finditer(text) if asks_likeness(text[match.end() :])]
    if not tails:
        behind = question[pointer.end() : cue.start] if cue.start > pointer.end() else ""
        if behind and _ERROR_LIKE.search(request) and not _INTRO.search(request):
            return trim(question[: cue.start]), question[cue.start :]
        return None
    # A comma may belong to the text; where a sentence ends, the request begins.
    tail = next((match for match in tails if not match[0].startswith(",")), tails[0])
    if not _INTRO.search(request):  # "KeyError: x. Seen before?": the pointer is a part of the text
        return trim(question[: pointer.end() + tail.start()]), text[tail.end() :]
    return trim(text[: tail.start()]), f"{request} {text[tail.end() :]}"


def _around_cue(question: str, cue: Cue) -> tuple[str | None, str]:
    """The text before a dash (TEXT - seen that before?), else after the cue, else before it."""
    before, following = question[: cue.start], question[cue.end :]
    dashes = list(_DASH.finditer(before))
    if dashes:
        dash = dashes[-1]
        return trim(before[: dash.start()]), f"{question[dash.end() : cue.end]} {following}"
    named = trim(_FILLER.sub("", f"{following} "))
    if named and _AN_EVENT.fullmatch(named):
        return None, question
    if named and len(named) > 3:
        return named, question[: cue.end]
    return _before_cue(question, before, cue)


def _before_cue(question: str, before: str, cue: Cue) -> tuple[str | None, str]:
    """The text of "logs about TEXT, by meaning", "TEXT. Seen before?", "has TEXT come up"."""
    about = _ABOUT.search(before)
    if about:
        return trim(about["text"]), f"{before[: about.start('text')]} {question[cue.start :]}"
    sentence = next(_LAST_SENTENCE.finditer(before), None)
    if sentence:
        return trim(before[: sentence.start()]), question[sentence.end() :]
    clause = _CLAUSE.fullmatch(before) if len(before) < _LONG else None
    if clause and len(clause["text"].split()) > 1:
        return trim(clause["text"]), question[cue.start :]
    happened = _HAS.match(before)
    described = happened and sum(map(tells, happened["text"].split()))
    if happened and (len(happened["text"].split()) > 2 or described):
        return trim(happened["text"]), question[cue.start :]
    return None, question


def trim(text: str) -> str | None:
    """The text without the quotation marks and full stops around it; None when nothing is left."""
    return text.strip().strip("\"'`").rstrip("?.! ").strip() or None
