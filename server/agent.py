"""The agent: a question becomes a call, the call rows, the rows an answer with evidence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.answer import Facts, compose
from server.calls import Candidate
from server.llm import LocalModel
from server.understanding import Understanding
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
        self.understanding = Understanding(model, prompt)

    async def understand(
        self, question: str, deps: Deps, past: Sequence[Candidate] = ()
    ) -> Candidate | None:
        """The call that the question means, None when it asks nothing of any tool.

        `past` are the calls before it in a conversation, oldest first.

        Raises:
            ModelUnavailable, StoreUnavailable.
        """
        return (await self.understanding.understand(question, deps, past)).call

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
