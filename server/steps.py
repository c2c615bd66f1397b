"""What happens while a question is answered, step by step, and the answer that comes of it.

Every door shows the same steps: a terminal as lines, SSE as events, JSON as the finished answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from server.answer import Facts
from server.calls import Candidate
from server.prose import Prose
from tools.records import Event
from tools.tool import AnyTool

Named = tuple[str, dict[str, Any]]
"""An event's name and what it says."""


@dataclass(frozen=True, slots=True)
class Round:
    """One call: what it is for, the call, what the tool gave, and what that says."""

    asked: str
    call: Candidate
    page: Any
    facts: Facts

    def as_json(self) -> dict[str, Any]:
        """The round for programs."""
        return {
            "asked": self.asked,
            "tool": self.call.tool.name,
            "arguments": self.call.arguments,
            "answer": self.facts.text,
            "citations": self.facts.citations,
            "result": self.page.model_dump(mode="json", exclude_none=True),
        }


@dataclass(slots=True)
class Answer:
    """The question, its rounds in order, and what is told of them.

    `unsure` is the question one would rather have put back; `stopped` says why rounds are missing.
    """

    question: str
    rounds: list[Round] = field(default_factory=list)
    prose: Prose | None = None
    unsure: str | None = None
    stopped: str | None = None

    @property
    def tool(self) -> AnyTool:
        """The tool of the last round."""
        return self.rounds[-1].call.tool

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of the last round."""
        return self.rounds[-1].call.arguments

    @property
    def call(self) -> str:
        """The last round's call as people read it."""
        return self.rounds[-1].call.text

    @property
    def page(self) -> Any:
        """What the last round's tool gave."""
        return self.rounds[-1].page

    @property
    def text(self) -> str:
        """The whole answer: prose that held, then the facts of each round."""
        single = len(self.rounds) == 1
        parts = [
            one.facts.text if single else f"{number}. {one.asked}\n{one.facts.text}"
            for number, one in enumerate(self.rounds, 1)
        ]
        told = [self.prose.text] if self.prose and self.prose.text else []
        return "\n\n".join([*told, *parts, *([self.stopped] if self.stopped else [])])

    @property
    def citations(self) -> list[int]:
        """Ids of the events that the answer cites, in order, once each."""
        return list(dict.fromkeys(key for one in self.rounds for key in one.facts.citations))

    def as_json(self) -> dict[str, Any]:
        """The answer for programs; `tool`, `arguments` and `result` are those of the last round."""
        last = self.rounds[-1].as_json()
        more: dict[str, Any] = {"rounds": [one.as_json() for one in self.rounds]}
        more |= {"unsure": self.unsure} if self.unsure else {}
        more |= {"stopped": self.stopped} if self.stopped else {}
        more |= {"prose": self.prose.as_json()} if self.prose else {}
        return {
            "question": self.question,
            "tool": last["tool"],
            "arguments": last["arguments"],
            "answer": self.text,
            "citations": self.citations,
            "result": last["result"],
            **(more if len(self.rounds) > 1 or len(more) > 1 else {}),
        }


@dataclass(frozen=True, slots=True)
class RoundStarted:
    """A round begins; `asked` is what it is to find out."""

    number: int
    asked: str

    def as_event(self) -> Named:
        """For programs."""
        return "round", {"round": self.number, "asked": self.asked}


@dataclass(frozen=True, slots=True)
class Called:
    """The understood call, before it is made; `unsure` is what one would have asked back."""

    number: int
    call: Candidate
    unsure: str | None = None

    def as_event(self) -> Named:
        """For programs."""
        said = {"tool": self.call.tool.name, "arguments": self.call.arguments}
        unsure = {"unsure": self.unsure} if self.unsure else {}
        return "call", {"round": self.number, **said, "call": self.call.text, **unsure}


@dataclass(frozen=True, slots=True)
class Read:
    """What the tool gave."""

    number: int
    page: Any

    def as_event(self) -> Named:
        """For programs."""
        found = self.page.model_dump(mode="json", exclude_none=True)
        return "rows", {"round": self.number, "result": found}


@dataclass(frozen=True, slots=True)
class Told:
    """The part of the answer that a round gives."""

    number: int
    facts: Facts

    def as_event(self) -> Named:
        """For programs."""
        said: dict[str, Any] = {"answer": self.facts.text, "citations": self.facts.citations}
        return "answer", {"round": self.number, **said}


@dataclass(frozen=True, slots=True)
class Wrote:
    """What the model wrote of it, as far as it held."""

    prose: Prose

    def as_event(self) -> Named:
        """For programs."""
        return "prose", self.prose.as_json()


@dataclass(frozen=True, slots=True)
class AskedBack:
    """The question is unclear: one question to the person; nothing was called."""

    question: str

    def as_event(self) -> Named:
        """For programs."""
        return "back", {"question": self.question}


@dataclass(frozen=True, slots=True)
class Done:
    """The end; the answer is whole."""

    answer: Answer

    def as_event(self) -> Named:
        """For programs."""
        return "done", self.answer.as_json()


Step = RoundStarted | Called | Read | Told | Wrote | AskedBack | Done


def rows_of(rounds: Sequence[Round]) -> dict[int, Event]:
    """Every event that the rounds read, by id."""
    found: dict[int, Event] = {}
    for one in rounds:
        page = one.page
        events = [*getattr(page, "events", ()), *one.facts.rows]
        events += [event for each in getattr(page, "patterns", ()) for event in _samples(each)]
        found |= {event.id: event for event in events}
    return found


def _samples(pattern: Any) -> Sequence[Event]:
    samples: Sequence[Event] = getattr(pattern, "samples", ())
    return samples
