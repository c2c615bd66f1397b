"""A conversation: what was found stays at hand, so that later questions may point back at it."""

from collections.abc import AsyncIterator, Awaitable, Callable

from server.agent import Agent
from server.rounds import Course, Ready
from server.steps import AskedBack, Done, Round, Step
from tools.ports import Deps

_KEPT = 6
"""Rounds that a follow-up may point at."""

_REPLY_WORDS = 6
"""A longer line after a question back is a question of its own."""


class Conversation:
    """Questions one after another. A short line after a question back completes the unclear one."""

    def __init__(self, agent: Agent, deps: Callable[[], Awaitable[Deps]], ready: Ready) -> None:
        self._agent = agent
        self._deps = deps
        self._ready = ready
        self._unclear: str | None = None
        self.rounds: list[Round] = []

    async def ask(self, words: str) -> AsyncIterator[Step]:
        """The steps of the answer. Raises as Agent.answer."""
        question, asked_back = self._whole(words)
        self._unclear = None
        course = Course(
            question, await self._deps(), self.rounds, ask_back=not asked_back, ready=self._ready
        )
        async for step in self._agent.answer(course):
            if isinstance(step, AskedBack):
                self._unclear = question
            if isinstance(step, Done):
                self.rounds = [*self.rounds, *step.answer.rounds][-_KEPT:]
            yield step

    def _whole(self, words: str) -> tuple[str, bool]:
        """The question that a line completes or is, and whether it was asked back before."""
        words = " ".join(words.split())
        if self._unclear is None or len(words.split()) > _REPLY_WORDS:
            return words, False
        return f"{self._unclear.rstrip(' ?.!')} {words}", True
