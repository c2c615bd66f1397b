"""Answers from likeness: what truly says what was asked for, then what only resembles it."""

from server.answer_scope import LINE, noun, number
from tools.answers import coverage_lines, minute_text, moment_text, range_text
from tools.episodes import Episodes, followers_text, occasion_text
from tools.lexical import words
from tools.masking import mask
from tools.plain import one_line, quoted
from tools.similar_logs import SimilarPage, SimilarPattern
from tools.stems import stem

_HOSTS = 5
_FOLLOWERS = 2
_SAME = 0.9
"""Cosine from which other words are the same message."""

_SMALL_WORDS = "the and for with was were has had have been are its our any ever this that did does"
_SMALL = frozenset(map(stem, _SMALL_WORDS.split()))


def alike_lines(
    page: SimilarPage, text: str, most: int, whole_line: bool
) -> tuple[list[str], list[int]]:
    """The answer of likeness, and the ids it cites. `whole_line` says that the text is a line of
    the log, so that "has it happened before" is about that very message.
    """
    strong = [found for found in page.patterns if not found.weak]
    literal = [found for found in strong if says(text, found)]
    others = [found for found in strong or page.patterns if found not in literal]
    shown = [*literal, *others][:most]
    first, rest = shown[: len(literal)], shown[len(literal) :]
    lines = [_head(page, literal, bool(strong), whole_line)]
    lines += [line for found in first for line in _likeness(found)]
    hidden = len(literal) - len(first)
    lines += [f"  and {hidden} more"] if hidden else []
    if literal and others:
        lines.append(f"{_patterns(len(others))} similar, but other messages:")
    lines += [line for found in rest for line in _likeness(found)]
    hidden = len(others) - len(rest)
    if hidden:
        lines.append(f"  and {hidden} more" if rest else f"  {hidden} not shown")
    if page.left_out:
        lines.append(f"{page.left_out} further patterns are less alike.")
    cited = [event.id for found in shown for event in found.samples[:1]]
    return [*lines, *coverage_lines(page.coverage)], cited


def says(text: str, found: SimilarPattern) -> bool:
    """Whether a pattern says what the text says: it holds every word of it that counts, whatever
    its numbers, or means the same.
    """
    wanted = _stems(mask(text)) or _stems(text)
    newest = [event.message for event in found.samples[:1]]
    held = _stems(" ".join([found.service, found.pattern, *newest]))
    return bool(wanted) and (wanted <= held or found.cosine >= _SAME)


def _stems(text: str) -> set[str]:
    return {one for word in words(text) if (one := stem(word)) not in _SMALL}


def _head(page: SimilarPage, literal: list[SimilarPattern], strong: bool, whole_line: bool) -> str:
    span = range_text(page.range)
    if literal:
        total = sum(found.count for found in literal)
        one = len(literal) == 1
        patterns = noun(len(literal), "pattern")
        that = "says" if one else "say"
        times = f"{number(total)} {noun(total, 'time')} in {len(literal)} {patterns}"
        return f"Yes: {times} that {that} so, {span}."
    count = len(page.patterns)
    if not strong:
        return f"Nothing close, {span}; {count} weak {noun(count, 'likeness')}:"
    near = sum(not found.weak for found in page.patterns)
    if whole_line:
        return f"No, this message was not seen, {span}; {_patterns(near)} similar, but others:"
    return f"Not literally in these words, {span}; the nearest of {near} patterns alike:"


def _patterns(count: int) -> str:
    return f"{count} {noun(count, 'pattern')} {'is' if count == 1 else 'are'}"


def _likeness(found: SimilarPattern) -> list[str]:
    """One pattern: how near, how often, where and when, its newest event, its occasions."""
    newest = found.samples[0] if found.samples else None
    mark = f" #{newest.id}" if newest else ""
    said = quoted(newest.message if newest else found.pattern, LINE)
    where = ", ".join(one_line(host, 60) for host in found.hosts[:_HOSTS])
    hidden = len(found.hosts) - _HOSTS
    more = f" and {hidden} more" if hidden > 0 else ""
    head = (
        f"  {found.score:.2f} x{found.count} on {where}{more}, first "
        f"{moment_text(found.first_seen)}, last {moment_text(found.last_seen)}: "
        f"{one_line(found.service, 60)}: {said}{mark}"
    )
    return [head, *(_episode(found.episodes) if found.episodes else ())]


def _followers(found: Episodes) -> str:
    """The surest of what followed: a terminal is small."""
    hidden = len(found.followed_by) - _FOLLOWERS
    few = found.model_copy(update={"followed_by": found.followed_by[:_FOLLOWERS]})
    return followers_text(few, 60) + (f"; and {hidden} more" if hidden > 0 else "")


def _episode(found: Episodes) -> list[str]:
    """Whether it happened before, when last, and what came next."""
    then = f"; then came {_followers(found)}" if found.followed_by else ""
    if found.ongoing and found.total == 1:
        return [f"    going on since {minute_text(found.latest[0].start)}{then}."]
    past = found.latest[1:] if found.ongoing else found.latest
    before = found.total - found.ongoing
    last = f", last on {occasion_text(past[0])}" if past else ""
    now = f"; going on since {minute_text(found.latest[0].start)}" if found.ongoing else ""
    return [f"    {before} {noun(before, 'time')} before{last}{now}{then}."]
