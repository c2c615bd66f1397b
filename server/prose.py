"""Prose of a model large enough to write it, shown as far as the rows bear it out."""

import logging
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from prompts.prompt import prompt
from server.claims import Evidence, Struck, check
from tools.errors import ModelUnavailable

_log = logging.getLogger(__name__)

LARGE_ENOUGH = 3e9
"""Parameters. Smaller models copy the example or invent: see docs/scoreboard.md."""

_MOST_FACTS = 6_000


@runtime_checkable
class Writer(Protocol):
    """A model that goes on writing a text."""

    async def parameters(self) -> float | None:
        """How many it has; None for a remote model that does not say. Raises ModelUnavailable."""

    async def complete(self, prompt: str) -> str:
        """What it writes after the prompt. Raises ModelUnavailable."""


@dataclass(frozen=True, slots=True)
class Prose:
    """What is left of the model's text, and the sentences that were struck."""

    text: str
    struck: list[Struck] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For programs: the text, and each struck sentence with its reason."""
        struck = [{"sentence": one.sentence, "reason": one.reason} for one in self.struck]
        return {"text": self.text, "struck": struck}


async def is_large(writer: Writer) -> bool:
    """Whether a model is to be asked for prose at all; a remote one is taken to be large enough."""
    count = await writer.parameters()
    return count is None or count >= LARGE_ENOUGH


async def write(writer: Writer, question: str, evidence: Evidence) -> Prose | None:
    """A large model's words on the facts, checked; None when it is away: facts stand alone."""
    asked = " ".join(question.split())
    try:
        if not await is_large(writer):
            return None
        written = await writer.complete(
            prompt("prose", question=asked, facts=evidence.facts[:_MOST_FACTS])
        )
    except ModelUnavailable as error:
        _log.warning("no prose: %s", error)
        return None
    checked = check(written, evidence)
    return Prose(checked.text, checked.struck)
