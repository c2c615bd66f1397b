"""The agent: a question becomes calls, the calls rows, the rows an answer with evidence."""

from collections.abc import AsyncIterator, Sequence

from server.calls import Candidate
from server.claims import Evidence
from server.llm import Model
from server.prose import Prose, Writer, is_large, write
from server.rounds import Course, Rounds, Understands
from server.steps import Answer, AskedBack, Done, Step, Wrote, rows_of
from server.understanding import Understanding
from tools.errors import NotFound
from tools.plain import quoted
from tools.ports import Deps

NOTHING_ASKED = (
    "That asks nothing of the logs. Ask for example: show me all ERROR logs in the last day; "
    "how many warnings per host today; has this happened before: connection refused"
)

_LOST = "No event like it was found, so there is nothing to look around."


class Agent:
    """Answers questions with read-only tools.

    A `writer` sums answers up in prose, if it is large enough for that.
    """

    def __init__(
        self,
        model: Model,
        writer: Writer | None = None,
        understanding: Understands | None = None,
    ) -> None:
        self.model = model
        self.understanding = understanding or Understanding(model)
        self._rounds = Rounds(self.understanding)
        self._writer = writer

    async def writes(self) -> bool:
        """Whether answers are summed up in prose. Raises ModelUnavailable."""
        return self._writer is not None and await is_large(self._writer)

    async def understand(
        self, question: str, deps: Deps, past: Sequence[Candidate] = ()
    ) -> Candidate | None:
        """The call that the question means, None when it asks nothing of any tool.

        `past` are the calls before it in a conversation, oldest first.

        Raises:
            ModelUnavailable, StoreUnavailable.
        """
        return (await self.understanding.understand(question, deps, past)).call

    async def answer(self, course: Course) -> AsyncIterator[Step]:
        """The steps of an answer; the last is Done, or AskedBack where there is somebody to ask.

        Raises:
            NotFound: when the question asks nothing of the logs; what the tools raise, and
                ModelUnavailable, when nothing was found before.
        """
        async for step in self._rounds.run(course):
            yield step
            if isinstance(step, AskedBack):
                return
        if not course.rounds:
            raise NotFound(NOTHING_ASKED)
        stopped = course.stopped or (_LOST if course.lost else _unanswered(course))
        answer = Answer(course.question, course.rounds, unsure=course.unsure, stopped=stopped)
        if self._writer is not None and answer.citations:
            answer.prose = await self._prose(self._writer, answer, course)
            if answer.prose is not None:
                yield Wrote(answer.prose)
        yield Done(answer)

    async def _prose(self, writer: Writer, answer: Answer, course: Course) -> Prose | None:
        names = await course.deps.store.catalogue()
        known = frozenset((*names.services, *names.hosts))
        return await write(
            writer, course.question, Evidence(rows_of(answer.rounds), answer.text, known)
        )

    async def ask(self, question: str, deps: Deps) -> Answer:
        """The whole answer at once. Raises as `answer`."""
        async for step in self.answer(Course(question, deps)):
            if isinstance(step, Done):
                return step.answer
        raise NotFound(NOTHING_ASKED)


def _unanswered(course: Course) -> str | None:
    """What is said of the parts of a question that no tool that reads can answer."""
    parts = " and ".join(quoted(part, 120) for part in course.unanswered)
    return f"Not done, as it asks nothing of the logs: {parts}." if parts else None
