"""The rounds of an answer: a plan's moves become calls one after another, each shown as it runs.

Values for a call come from the question's words, as understood, or from an earlier round's result,
bound by code; log text is a value at most, never words to understand.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from server import moves
from server.answer_scope import name
from server.calling import call_and_compose
from server.calls import Candidate
from server.described import as_described
from server.focus import Focus, focus_of
from server.plan import MOST_ROUNDS, Kind, Move, plan, points_back
from server.sharing import shared
from server.steps import AskedBack, Called, Read, Round, RoundStarted, Step, Told
from server.understanding import Understood
from server.words_talk import is_talk
from tools.errors import DevMeshError
from tools.log_stats import StatsPage
from tools.ports import Deps
from tools.records import Event
from tools.tool import AnyTool

_SECONDS = 60.0
"""No new round begins later than this."""

Ready = Callable[[AnyTool], Awaitable[None]]
"""What is to be done before a tool is called, such as embedding what waits."""


async def _nothing_to_do(tool: AnyTool) -> None:
    return None


class Understands(Protocol):
    """Makes calls of questions, as Understanding does."""

    async def understand(
        self, question: str, deps: Deps, past: Sequence[Candidate] = ()
    ) -> Understood:
        """The call that a question means, and how sure that is."""


@dataclass(slots=True)
class Course:
    """One question on its way: the rounds made for it, those before it, and the event it is about.
    It is `lost` while that event was looked for in vain; `unanswered` are the parts of the
    question that ask nothing of the logs.

    `ask_back` says whether there is somebody to ask when the question is unclear.
    """

    question: str
    deps: Deps
    past: Sequence[Round] = ()
    ask_back: bool = False
    ready: Ready = _nothing_to_do
    rounds: list[Round] = field(default_factory=list)
    anchor: Event | None = None
    lost: bool = False
    unanswered: list[str] = field(default_factory=list)
    unsure: str | None = None
    stopped: str | None = None

    @property
    def last(self) -> Round | None:
        """The latest round, of this question or of one before it."""
        return next(iter([*self.rounds[-1:], *self.past[-1:]]), None)

    @property
    def focus(self) -> Focus | None:
        """What words like `it` point at now."""
        return focus_of(self.last) if self.last else None

    @property
    def event(self) -> Event | None:
        """The event that the question is about."""
        focus = self.focus
        return self.anchor or (focus.event if focus else None)


Purpose = tuple[str, Candidate]
"""What a call is to find out, and the call."""


class Rounds:
    """Answers a question in up to six calls."""

    def __init__(self, understanding: Understands) -> None:
        self._understanding = understanding

    async def run(self, course: Course) -> AsyncIterator[Step]:
        """The steps of every round; what comes of them is in the course.

        Raises:
            DevMeshError: when not even the first round could be made.
        """
        begun = asyncio.get_running_loop().time()
        planned = plan(course.question, bool(course.past))
        asks = await self._understood(planned, course)
        if course.ask_back and course.unsure and len(planned) == 1:
            yield AskedBack(course.unsure)
            return
        async for asked, call in self._purposes(planned, asks, course):
            course.stopped = _limit(begun, course)
            if course.stopped:
                return
            async for step in self._round(asked, call, course):
                yield step

    async def _purposes(
        self, planned: list[Move], asks: dict[int, Candidate], course: Course
    ) -> AsyncIterator[Purpose]:
        """What to call next, until the plan has ended or the course has stopped."""
        for place, move in enumerate(planned):
            async for purpose in self._calls(move, asks.get(place), course):
                yield purpose
                if course.stopped:
                    return

    async def _round(self, asked: str, call: Candidate, course: Course) -> AsyncIterator[Step]:
        number = len(course.rounds) + 1
        yield RoundStarted(number, asked)
        yield Called(number, call, course.unsure if number == 1 else None)
        try:
            await course.ready(call.tool)
            page, facts = await call_and_compose(call, course.deps)
        except DevMeshError as error:
            if not course.rounds:
                raise
            course.stopped = f"Call {number} failed: {error}"  # what was found before it stands
            return
        course.rounds.append(Round(asked, call, page, facts))
        yield Read(number, page)
        yield Told(number, facts)

    async def _understood(self, planned: list[Move], course: Course) -> dict[int, Candidate]:
        """The calls of the parts that stand alone; what one names for others goes for them too."""
        calls: dict[int, Candidate] = {}
        for place, move in enumerate(planned):
            if move.kind is Kind.ASK and not (place and points_back(move.words)):
                understood = await self._understand(move.words, course)
                course.unsure = course.unsure or understood.back
                call = understood.asked
                if understood.unknown is None:
                    call = await as_described(move.words, call, course.deps)
                if call is not None and not call.tool.writes:
                    calls[place] = call
        return shared(calls, [move.words for move in planned])

    async def _understand(self, words: str, course: Course) -> Understood:
        past = [one.call for one in [*course.past, *course.rounds]]
        return await self._understanding.understand(words, course.deps, past)

    async def _calls(
        self, move: Move, understood: Candidate | None, course: Course
    ) -> AsyncIterator[Purpose]:
        """The calls of a move, each made before the next is asked for."""
        if move.kind is Kind.ASK:
            call = understood or (await self._understand(move.words, course)).asked
            for purpose in _asked(move.words, call, course):
                yield purpose
        elif move.kind in {Kind.FIND, Kind.WORST}:
            async for purpose in self._anchored(move, course):
                yield purpose
        elif not course.lost:
            for kinds in _of_group(move, course):
                yield kinds
            if course.event and course.last:
                yield _about(move, course.event, course.last.page)

    async def _anchored(self, move: Move, course: Course) -> AsyncIterator[Purpose]:
        """Find the event that this part of the question is about."""
        named = await self._understand(f"show logs {move.words}", course)
        scope = named.asked.arguments if named.asked else {}
        if move.kind is Kind.WORST:
            yield f"warnings and errors: {move.words}", moves.worst(scope)
            course.anchor = moves.first_of_worst(course.rounds[-1].page)
        else:
            call = moves.find(move.words, moves.scope_of(scope))
            if call is None:
                return
            yield f"find {move.words.strip(' ?.!')}", call
            course.anchor = moves.found(course.rounds[-1].page)
        course.lost = course.anchor is None


def _asked(words: str, call: Candidate | None, course: Course) -> list[Purpose]:
    """The call of a part of the question; a part that has none is said to go unanswered."""
    if call is not None and not call.tool.writes:
        return [(words, _bound(words, call, course))]
    course.unanswered += [] if is_talk(words) else [words]
    return []


def _bound(words: str, call: Candidate, course: Course) -> Candidate:
    if not points_back(words) or course.focus is None:
        return call
    return replace(call, arguments=course.focus.bound(words, call.arguments, call.tool.takes))


def _of_group(move: Move, course: Course) -> list[Purpose]:
    """After counts there is no message to compare yet: first the kinds in the largest group."""
    asked = move.kind in {Kind.ALIKE, Kind.EARLIER}
    if not asked or course.anchor or not (course.last and isinstance(course.last.page, StatsPage)):
        return []
    scope = focus_of(course.last).scope
    where = name(str(scope.get("service") or scope.get("host") or "it"))
    return [(f"the kinds of messages of {where}", moves.of_group(scope))]


def _about(move: Move, event: Event, page: Any) -> Purpose:
    """A call about an event, which the latest page holds."""
    when, host = moves.told_when(event), name(event.host)
    if move.kind is Kind.EARLIER:
        return f"what was like {when} before it", moves.earlier(event, page)
    if move.kind is Kind.ALIKE:
        return f"what is like {when}", moves.alike(event)
    if move.kind is Kind.CHANGED:
        return f"what changed on {host} in the hour before {when}", moves.changed(event)
    if move.kind is Kind.TROUBLE:
        return f"warnings and errors on {host} near {when}", moves.trouble(event, move.side)
    return f"what is next to {when} on {host}", moves.around(event, move.side)


def _limit(begun: float, course: Course) -> str | None:
    """Why no further round may begin, if so."""
    if asyncio.get_running_loop().time() - begun > _SECONDS:
        return f"Stopped after {_SECONDS:.0f} s; the rest was not looked at."
    return f"Stopped after {MOST_ROUNDS} calls." if len(course.rounds) == MOST_ROUNDS else None
