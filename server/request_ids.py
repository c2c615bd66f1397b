"""The name of the request that is being answered: its caller's, where that is well formed, or ours.

It stands in the answer, in problem documents and in each log line that is written meanwhile.
"""

import re
from contextvars import ContextVar
from uuid import uuid4

HEADER = "X-Request-ID"
_WELL_FORMED = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")

_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def begin(offered: str | None) -> str:
    """The id of a request that begins now, for this task and those it starts."""
    name = offered if offered and _WELL_FORMED.fullmatch(offered) else uuid4().hex
    _current.set(name)
    return name


def current() -> str | None:
    """The id of the request that is being answered; None outside of one."""
    return _current.get()
