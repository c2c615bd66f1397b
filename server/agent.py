"""The agent: a question becomes a call, the call rows, the rows an answer with evidence."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from server.answer import Facts, compose
from server.calls import Candidate, candidates, continued
from server.evidence import find_evidence
from server.llm import LocalModel
from server.tool_words import is_small_talk
from tools.errors import NotFound
from tools.ports import Deps
from tools.query_logs import QUERY_LOGS, LogPage
from tools.tool import AnyTool

NOTHING_ASKED = (
    "That asks nothing of the logs. Ask for example: show me all ERROR logs in the last day; "
    "how many warnings per host today; has this happened before: connection refused"
)
_PAGE = 1_000
_MOST_ROWS = 5_000
"""Rows read for one question; beyond them the answer says that it stopped."""


@dataclass(slots=True)
class Answer:
    """The question, the call it was understood as, what the tool gave, and the answer in words."""

    question: str
    tool: AnyTool
    arguments: dict[str, Any]
    call: str
    page: Any
    text: str
    citations: list[int] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The answer for programs."""
        return {
            "question": self.question,
            "tool": self.tool.name,
            "arguments": self.arguments,
            "answer": self.text,
            "citations": self.citations,
            "result": self.page.model_dump(mode="json", exclude_none=True),
        }


class Agent:
    """Answers questions with read-only tools. `prompt` makes the model's text of a question."""

    def __init__(self, model: LocalModel, prompt: Callable[[str], str]) -> None:
        self._model = model
        self._prompt = prompt

    async def understand(
        self, question: str, deps: Deps, past: Candidate | None = None
    ) -> Candidate | None:
        """The call that the question means, None when it asks nothing of any tool.

        `past` is the call before it in a conversation: a follow-up changes a part of that.

        Raises:
            ModelUnavailable, StoreUnavailable.
        """
        if is_small_talk(question):
            return None
        names = await deps.store.catalogue()
        found = find_evidence(question, names, deps.now(), deps.zone)
        follow_up = continued(found, question, past) if past else None
        if follow_up is not None:
            return follow_up
        choices = candidates(found)
        chosen = await self._model.choose(
            self._prompt(question),
            [choice.text for choice in choices],
            [choice.prior for choice in choices],
        )
        return choices[chosen]

    async def ask(self, question: str, deps: Deps) -> Answer:
        """The whole way. Raises what the tools raise, and ModelUnavailable."""
        understood = await self.understand(question, deps)
        if understood is None:
            raise NotFound(NOTHING_ASKED)
        return await self.carry_out(question, understood, deps)

    async def carry_out(self, question: str, understood: Candidate, deps: Deps) -> Answer:
        """Call the tool and compose the answer from what it gives."""
        if understood.tool is QUERY_LOGS and "limit" not in understood.arguments:
            page: Any = await _all_pages(understood.arguments, deps)
        else:
            page = await understood.tool.call(understood.arguments, deps)
        facts: Facts = await compose(page, understood, deps)
        return Answer(
            question=question,
            tool=understood.tool,
            arguments=understood.arguments,
            call=understood.text,
            page=page,
            text=facts.text,
            citations=facts.citations,
        )


async def _all_pages(arguments: dict[str, Any], deps: Deps) -> LogPage:
    """Every matching row, page by page, up to the most that one question may read."""
    first: LogPage = await QUERY_LOGS.call({**arguments, "limit": _PAGE}, deps)
    events, cursor = list(first.events), first.next_cursor
    while cursor and len(events) < _MOST_ROWS:
        more = await QUERY_LOGS.call({**arguments, "limit": _PAGE, "cursor": cursor}, deps)
        events, cursor = events + more.events, more.next_cursor
    whole = {"events": events, "next_cursor": cursor, "complete": cursor is None}
    return first.model_copy(update=whole)
