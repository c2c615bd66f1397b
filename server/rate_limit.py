"""Rate limits: a bucket of tokens for each caller, and a bounded table of buckets.

A bucket holds what may be done at once and fills at the rate's pace; see "token bucket" in
RFC 2697. What callers are told is RFC 6585's 429 with Retry-After; the RateLimit header fields
are still a draft of the IETF.
"""

import math
import re
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network

from tools.errors import BadArguments

_RATE = re.compile(r"([1-9]\d{0,8})/([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_MOST_BUCKETS = 10_000
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so many seconds; `amount` may come at once."""

    amount: int
    seconds: int

    @classmethod
    def parse(cls, text: str, setting: str) -> "Rate | None":
        """From 600/m, with s, m, h or d; None for `off`. Raises BadArguments naming the setting."""
        if text == "off":
            return None
        match = _RATE.fullmatch(text)
        if match is None:
            rule = "must be a number and s, m, h or d, such as 600/m, or off"
            raise BadArguments.one(setting, rule, text)
        return cls(int(match[1]), _SECONDS[match[2]])


class Buckets:
    """One bucket a caller. Of more callers than the table has room for, who was away longest is
    forgotten, which leaves it a full bucket.
    """

    def __init__(self, rate: Rate, most: int = _MOST_BUCKETS) -> None:
        self.rate = rate
        self._pace = rate.amount / rate.seconds
        self._most = most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str, now: float) -> int:
        """0 when the caller may go on, else after how many seconds it may; `now` is monotonic."""
        full = float(self.rate.amount)
        level, at = self._buckets.pop(caller, (full, now))
        level = min(full, level + (now - at) * self._pace)
        wait = 0 if level > 1 - _ROUNDING else math.ceil((1 - level) / self._pace)
        self._buckets[caller] = (level if wait else level - 1, now)
        while len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return wait

    def __len__(self) -> int:
        """How many callers are remembered."""
        return len(self._buckets)


def network_of(address: str) -> str:
    """Whom an address stands for: of IPv6 its /64, which is what one customer is given at least."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv4Address):
        return address
    mapped = known.ipv4_mapped  # as a socket for both versions gives it
    return str(mapped or ip_network((known, 64), strict=False))
