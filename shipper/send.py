"""Delivery: POST until the server has acknowledged, with poison put aside record by record."""

import gzip
import logging
import math
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import zstandard

from shipper.answers import Answer, Verdict, understand
from shipper.batches import Batch, Item
from shipper.deadletters import DeadLetters
from shipper.errors import GaveUp
from shipper.patience import Patience, back_off
from tools.records import NOT_KEPT

PATH = "/ingest/logs"
TIMEOUT = httpx2.Timeout(60.0, connect=5.0)
LOCKED_OUT_WAIT = 30.0
ZSTD_LEVEL = 3
GZIP_LEVEL = 1
CHECK = "check DEVMESH_TOKEN and DEVMESH_SERVER_URL"
KEPT = "Nothing is lost: the same command begins with what was not taken"

log = logging.getLogger(__name__)


def connect(
    server_url: str, token: str | None, trust: ssl.SSLContext | bool = True
) -> httpx2.AsyncClient:
    """A client for the server, with the token in each request. `trust` is for https:// alone."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx2.AsyncClient(base_url=server_url, headers=headers, timeout=TIMEOUT, verify=trust)


class Sender:
    """Delivers batches one at a time. The counts are since the start of the process.

    It tries for as long as it takes, unless it `gives_up_after` so many seconds.
    """

    def __init__(
        self,
        client: httpx2.AsyncClient,
        dead: DeadLetters,
        patience: Patience,
        clock: Callable[[], float],
        gives_up_after: float | None = None,
    ) -> None:
        self._client = client
        self._dead = dead
        self._patience = patience
        self._clock = clock
        self._gives_up_after = gives_up_after
        self._encodings = ["identity", "gzip", "zstd"]
        self._zstd = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
        self.sent = 0
        self.duplicates = 0
        self.retried = 0
        self.trouble: str | None = None
        """Why the last attempt failed, or None after an acknowledgement."""

    @property
    def dead(self) -> int:
        """Events put into the dead-letter file."""
        return self._dead.count

    async def send(self, batch: Batch) -> None:
        """Returns when each item is acknowledged or in the dead-letter file.

        Raises Stopped when a stop is asked for between attempts, GaveUp when trying has its end.
        """
        pending = [batch.items]
        while pending:
            items = pending.pop()
            answer = await self._post_until_answered(Batch(items).body())
            if answer.verdict is Verdict.TAKEN:
                await self._taken(items, answer)
            elif len(items) == 1 or len(answer.rejected) == len(items):
                await self._bury(items, answer)
            else:
                half = len(items) // 2
                pending += [items[half:], items[:half]]

    async def tell(self, path: str, body: bytes) -> bool:
        """One small message, uncompressed and without retry; whether it was taken."""
        headers = {"Content-Type": "application/json"}
        try:
            response = await self._client.post(path, content=body, headers=headers)
        except httpx2.TransportError:
            return False
        return response.is_success

    async def post(self, path: str, body: bytes) -> Answer:
        """One attempt, without retry. Connection failures are answers too."""
        encoding = self._encodings[-1]
        headers = {"Content-Type": "application/json"}
        if encoding != "identity":
            headers["Content-Encoding"] = encoding
        try:
            response = await self._client.post(path, content=self._pack(body), headers=headers)
        except httpx2.TransportError as error:
            return Answer(Verdict.AGAIN, f"{type(error).__name__} {error}".strip())
        answer = understand(response, datetime.fromtimestamp(self._clock(), UTC))
        if answer.verdict is Verdict.ENCODING and encoding != "identity":
            self._encodings.pop()
            return await self.post(path, body)
        return answer

    def _pack(self, body: bytes) -> bytes:
        if self._encodings[-1] == "zstd":
            return self._zstd.compress(body)
        return gzip.compress(body, GZIP_LEVEL) if self._encodings[-1] == "gzip" else body

    async def _post_until_answered(self, body: bytes) -> Answer:
        attempt, began = 0, time.monotonic()
        while True:
            answer = await self.post(PATH, body)
            if answer.verdict in (Verdict.TAKEN, Verdict.POISON):
                self._at_ease()
                return answer
            left = self._time_left(answer, time.monotonic() - began)
            self.retried += 1
            self._say(answer, attempt)
            await self._patience.wait(min(left, _delay(answer, attempt)))
            attempt += 1

    def _time_left(self, answer: Answer, tried: float) -> float:
        """Seconds to go on trying. Raises GaveUp when there is no sense or no time left."""
        if self._gives_up_after is None:
            return math.inf
        left = self._gives_up_after - tried
        if answer.verdict is Verdict.AGAIN and left > 0:
            return left
        self.trouble = answer.detail
        url = self._client.base_url
        if answer.verdict is Verdict.AGAIN:
            raise GaveUp(f"{url} has taken nothing for {tried:.0f} s: {answer.detail}. {KEPT}")
        raise GaveUp(f"{url} refuses this shipper: {answer.detail}; {CHECK}. {KEPT}")

    def _say(self, answer: Answer, attempt: int) -> None:
        if answer.verdict is not Verdict.AGAIN:
            log.error(
                "the server refuses this shipper: %s. The position is kept and nothing is lost "
                "yet; %s (%s)",
                answer.detail,
                CHECK,
                self._client.base_url,
            )
        elif self.trouble is None or attempt % 10 == 9:
            log.warning("not delivered, trying again for as long as it takes: %s", answer.detail)
        self.trouble = answer.detail

    def _at_ease(self) -> None:
        if self.trouble is not None:
            log.warning("the server takes events again")
        self.trouble = None

    async def _taken(self, items: list[Item], answer: Answer) -> None:
        self.sent += answer.accepted
        self.duplicates += answer.duplicates
        counted = answer.accepted + answer.duplicates + len(answer.rejected)
        if counted != len(items):
            log.warning("of %d events sent the receipt speaks of %d", len(items), counted)
        old = [one for one in answer.rejected if one.get("code") == NOT_KEPT]
        if old:
            # Still in the journal and not wanted here: no letters, which nobody could send again.
            log.warning("%d events not stored: %s", len(old), old[0].get("rule"))
            answer.rejected = [one for one in answer.rejected if one.get("code") != NOT_KEPT]
        if answer.rejected:
            await self._bury(items, answer)

    async def _bury(self, items: list[Item], answer: Answer) -> None:
        reasons = {one.get("index"): one for one in answer.rejected} or {0: {}}
        for index, item in enumerate(items):
            if index in reasons:
                reason: dict[str, Any] = {"status": answer.status, "detail": answer.detail}
                await self._dead.bury(item, reason | reasons[index])
                log.error("refused for good, kept in %s: %s", self._dead.path, reason["detail"])


def _delay(answer: Answer, attempt: int) -> float:
    if answer.verdict is Verdict.AGAIN:
        return answer.retry_after + back_off(attempt)
    return max(answer.retry_after, LOCKED_OUT_WAIT / 2 + back_off(9) / 2)
