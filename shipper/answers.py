"""What an answer of the server means for a batch."""

import math
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import Any

import httpx2
import orjson

RETRY_AFTER_LONGEST = 300.0


class Verdict(Enum):
    """What to do next."""

    TAKEN = auto()
    AGAIN = auto()
    """The server is away or busy."""
    POISON = auto()
    """Something in the batch will never be taken."""
    ENCODING = auto()
    """The server does not know the compression."""
    LOCKED_OUT = auto()
    """Token or address are wrong: only a person can mend it."""


@dataclass
class Answer:
    """A verdict with what the server said."""

    verdict: Verdict
    detail: str
    status: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)
    retry_after: float = 0.0


def understand(response: httpx2.Response, now: datetime) -> Answer:
    """The meaning of a response. Only a well-formed receipt counts as taken."""
    status = response.status_code
    body = _json(response.content)
    detail = f"{status} {body.get('detail') or body.get('title') or response.reason_phrase}"
    answer = Answer(_verdict(status), detail, status)
    answer.retry_after = retry_after(response.headers.get("retry-after", ""), now)
    rejected = body.get("rejected")
    if isinstance(rejected, list):
        answer.rejected = [one for one in rejected if isinstance(one, dict)]
    if answer.verdict is Verdict.TAKEN:
        if not isinstance(body.get("accepted"), int):
            return Answer(Verdict.LOCKED_OUT, f"{status} without a receipt: not DevMesh?", status)
        answer.accepted = body["accepted"]
        answer.duplicates = int(body.get("duplicates") or 0)
    return answer


def _verdict(status: int) -> Verdict:
    if status == 200:
        return Verdict.TAKEN
    if status in (400, 413, 422):
        return Verdict.POISON
    if status == 415:
        return Verdict.ENCODING
    if status >= 500 or status in (408, 425, 429):
        return Verdict.AGAIN
    return Verdict.LOCKED_OUT


def retry_after(text: str, now: datetime) -> float:
    """Seconds asked for by a Retry-After header, in either form, at most five minutes."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - now).total_seconds()
        except (ValueError, TypeError):
            return 0.0
    return 0.0 if math.isnan(seconds) else min(max(seconds, 0.0), RETRY_AFTER_LONGEST)


def _json(content: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
