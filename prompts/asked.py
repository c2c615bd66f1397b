"""A question as the model reads it, with the calls before it in the conversation."""

from collections.abc import Sequence


def asked(question: str, before: Sequence[str] = ()) -> str:
    """`before` holds calls as `call_text` writes them, oldest first; the last two suffice."""
    calls = "".join(f"Before: {' '.join(call.split())}\n" for call in before)
    return f"{calls}Q: {' '.join(question.split())}"
