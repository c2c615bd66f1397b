"""How a model is asked: the text that stays the same, and what goes around question and answer."""

import re
from dataclasses import dataclass
from typing import Any

from prompts.prompt import prompt
from server.llm_session import Session

_EXAMPLE = re.compile(r"((?:Before: .*\n)*Q: .*)\nA: (.*)")
_HERE = "\x1fhere\x1f"


@dataclass(frozen=True, slots=True)
class Wording:
    """Tokens before every question and between it and the answer, and the answer's lead and end."""

    head: list[int]
    tail: list[int]
    lead: str
    end: list[int]


def trained(session: Session) -> Wording:
    """For the packaged adapter, which has seen no other (prompts/training/rows.py)."""
    return _plain(session, prompt("model") + "\n")


def shown(session: Session) -> Wording:
    """For any other model: by examples, in the model's own chat template when it has one."""
    if session.template is None:
        return _plain(session, prompt("examples", tools=prompt("tools")) + "\n\n")
    before, after = _around(session, session.template, turns())
    return Wording(before, after, "", [session.ends])


def _plain(session: Session, text: str) -> Wording:
    # The space joins the answer to the prompt's last word; the line's end keeps one answer from
    # being a mere beginning of another.
    head = [*session.begins, *session.tokens(text)]
    return Wording(head, session.tokens("\nA:"), " ", session.tokens("\n"))


def alone(session: Session, text: str) -> list[int]:
    """The tokens of a text to be answered by itself, in the model's chat template if it has one."""
    if session.template is None:
        return [*session.begins, *session.tokens(text)]
    turn = [{"role": "user", "content": _HERE}]
    before, after = _around(session, session.template, turn)
    return [*before, *session.tokens(text), *after]


def _around(
    session: Session, template: str, messages: list[dict[str, str]]
) -> tuple[list[int], list[int]]:
    """The tokens before the mark in a conversation and behind it."""
    before, after = _rendered(session, template, messages).split(_HERE)
    begun = before.startswith(tuple(map(session.special, session.begins)))
    first = [] if begun else session.begins
    return [*first, *session.tokens(before, control=True)], session.tokens(after, control=True)


def _rendered(session: Session, template: str, messages: list[dict[str, str]]) -> str:
    """The conversation so far with a mark where the question goes."""
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    first = session.special(session.begins[0]) if session.begins else ""
    make: Any = Jinja2ChatFormatter(template, session.special(session.ends), first)
    return str(make(messages=messages).prompt)


def turns() -> list[dict[str, str]]:
    """The examples as turns of a chat. The instructions stand in the first: not every template
    has a place for them.
    """
    text = prompt("examples", tools=prompt("tools"))
    found = _EXAMPLE.findall(text)
    lead = text[: text.index(found[0][0])]
    turns = []
    for question, answer in found:
        turns += [
            {"role": "user", "content": lead + question},
            {"role": "assistant", "content": answer},
        ]
        lead = ""
    return [*turns, {"role": "user", "content": _HERE}]
