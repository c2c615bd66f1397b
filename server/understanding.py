"""How a question is understood: the call it means, how sure that is, and what to ask back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from server.calls import Candidate, candidates, continued
from server.evidence import find_evidence
from server.llm import LocalModel
from server.tool_words import is_small_talk
from tools.ports import Deps


@dataclass(frozen=True, slots=True)
class Understood:
    """The call that a question means; None when it asks nothing of any tool.

    `confidence` goes from 0 to 1. `back` is one short question to put to the person instead of
    guessing, None when the call is sure enough. `shown` is the call as people read it.
    """

    call: Candidate | None
    confidence: float = 1.0
    back: str | None = None
    shown: str = ""


class Understanding:
    """Makes calls of questions. `prompt` makes the model's text of a question."""

    def __init__(self, model: LocalModel, prompt: Callable[[str], str]) -> None:
        self._model = model
        self._prompt = prompt

    async def understand(
        self, question: str, deps: Deps, past: Sequence[Candidate] = ()
    ) -> Understood:
        """What the question means now, to a person of this clock and zone.

        `past` are the calls before it in a conversation, oldest first: a follow-up changes a part
        of the last one.

        Raises:
            ModelUnavailable, StoreUnavailable.
        """
        if is_small_talk(question):
            return Understood(None)
        names = await deps.store.catalogue()
        found = find_evidence(question, names, deps.now(), deps.zone)
        follow_up = continued(found, question, past[-1]) if past else None
        if follow_up is not None:
            return Understood(follow_up, shown=follow_up.text)
        choices = candidates(found)
        chosen = await self._model.choose(
            self._prompt(question),
            [choice.text for choice in choices],
            [choice.prior for choice in choices],
        )
        return Understood(choices[chosen], shown=choices[chosen].text)
