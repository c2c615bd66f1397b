"""The statements that a task runs, kept for whoever wants to see them."""

from collections import deque
from contextvars import ContextVar

_MOST = 100

_ear: ContextVar[deque[str] | None] = ContextVar("ear", default=None)


def listen() -> deque[str]:
    """The latest statements with their values, from now on, of this task and those it starts."""
    ear: deque[str] = deque(maxlen=_MOST)
    _ear.set(ear)
    return ear


def tell(statement: str) -> None:
    """Keep a statement where somebody listens."""
    if (ear := _ear.get()) is not None:
        ear.append(statement)
