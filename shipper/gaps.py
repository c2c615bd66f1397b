"""The gap ledger: order numbers that should have come and did not.

journald counts entries. The files of one journal have sequence ids of their own but take their
numbers from one shared counter, so only the union of their numbers is without holes.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from shipper.entries import Hole, order_number

TRUSTED_JUMP = 1_000
"""A longer jump counts only when a second number nearby confirms it: a flipped bit is no loss."""

BELIEVABLE = 1 << 40
"""Numbers beyond this are damage: a thousand entries a second for 34 years."""


UNREPORTED_MOST = 1_000
"""Losses kept apart until they are reported; further ones are joined to the newest."""


@dataclass(frozen=True)
class Loss:
    """So many entries are gone for good, from between these wall clocks (µs)."""

    start_us: int
    end_us: int
    missing: int

    def joined(self, other: "Loss") -> "Loss":
        """Both losses as one."""
        return Loss(
            min(self.start_us, other.start_us),
            max(self.end_us, other.end_us),
            self.missing + other.missing,
        )


@dataclass
class OpenHole:
    """Missing numbers `first` to `last`, between entries of these wall clocks (µs)."""

    first: int
    last: int
    start_us: int
    end_us: int
    swept: bool = False
    """A pass backward has looked for them."""

    @property
    def missing(self) -> int:
        return self.last - self.first + 1


@dataclass
class Counter:
    """The numbers of one counter: everything up to `top` has come, apart from the holes."""

    sources: list[str]
    top: int
    top_us: int
    holes: list[OpenHole] = field(default_factory=list)
    suspect: int | None = None

    def lacks(self, number: int) -> bool:
        """Whether a number is in one of the holes."""
        return any(hole.first <= number <= hole.last for hole in self.holes)

    def fill(self, number: int, realtime_us: int) -> bool:
        """Take a number out of its hole; whether it was in one."""
        for at, hole in enumerate(self.holes):
            if hole.first <= number <= hole.last:
                below = OpenHole(hole.first, number - 1, hole.start_us, realtime_us, hole.swept)
                above = OpenHole(number + 1, hole.last, realtime_us, hole.end_us, hole.swept)
                self.holes[at : at + 1] = [part for part in (below, above) if part.missing > 0]
                return True
        return False

    def reach(self, number: int, realtime_us: int, swept: bool) -> None:
        """Go on to `number`, leaving a hole if it is not the next one."""
        if number > self.top + 1:
            hole = OpenHole(self.top + 1, number - 1, self.top_us, realtime_us, swept)
            self.holes.append(hole)
        self.top, self.top_us = number, realtime_us

    def believes(self, number: int) -> bool:
        """Whether a jump to `number` is short, or confirmed by an earlier one close by."""
        if number - self.top <= TRUSTED_JUMP:
            return True
        suspect = self.suspect
        return suspect is not None and 0 < abs(number - suspect) <= TRUSTED_JUMP


class Ledger:
    """What has come of a journal and what is missing. Fed with acknowledged entries only.

    `in_order`: the source never hands over a number after a higher one, so that numbers which
    it passes over are gone, and are given up at once.
    """

    def __init__(self, saved: dict[str, Any] | None = None, in_order: bool = False) -> None:
        self._in_order = in_order
        self._counters = [_counter(one) for one in (saved or {}).get("counters", [])]
        self._by_source = {seq: one for one in self._counters for seq in one.sources}
        self.lost = [Loss(**one) for one in (saved or {}).get("lost", [])]
        """Given up for lost, and not yet reported."""
        self.lost_in_all: int = (saved or {}).get("lost_in_all", 0)
        self._sweeping = False

    def saved(self) -> dict[str, Any]:
        """The ledger as plain values, for the checkpoint."""
        return {
            "counters": [asdict(counter) for counter in self._counters],
            "lost": [asdict(loss) for loss in self.lost],
            "lost_in_all": self.lost_in_all,
        }

    def note(self, cursor: str, realtime_us: int, dropped: int = 0) -> None:
        """An entry has come. `dropped`: how many it says journald's rate limit threw away."""
        number = order_number(cursor)
        if number is None or number[1] > BELIEVABLE:
            return
        counter = self._by_source.get(number[0]) or self._adopt(*number, realtime_us)
        if number[1] == counter.top + 1:
            counter.top, counter.top_us, counter.suspect = number[1], realtime_us, None
        elif number[1] > counter.top and self._in_order:
            self._give_up(Loss(counter.top_us, realtime_us, number[1] - counter.top - 1))
            counter.top, counter.top_us = number[1], realtime_us
        elif number[1] > counter.top:
            self._jump(counter, number[1], realtime_us)
        elif not counter.fill(number[1], realtime_us):
            return  # it came before, and so did what it says
        if dropped:
            self._give_up(Loss(realtime_us, realtime_us, dropped))

    def _adopt(self, source: str, number: int, realtime_us: int) -> Counter:
        """The counter of a source not met before: the one whose next or missing number it has."""
        for counter in self._counters:
            if number == counter.top + 1 or counter.lacks(number):
                counter.sources.append(source)
                break
        else:
            counter = Counter([source], number - 1, realtime_us)
            self._counters.append(counter)
        self._by_source[source] = counter
        return counter

    def _jump(self, counter: Counter, number: int, realtime_us: int) -> None:
        for other in self._counters:
            if other is not counter and (other.top == number - 1 or other.lacks(number)):
                self._merge(counter, other)
                other.fill(number, realtime_us)
                other.top = max(other.top, number)
                return
        if not counter.believes(number):
            counter.suspect = number
            return
        suspect, counter.suspect = counter.suspect or 0, None
        counter.reach(number, realtime_us, self._sweeping)
        if suspect > number:
            counter.reach(suspect, realtime_us, self._sweeping)
        else:
            counter.fill(suspect, realtime_us)

    def _merge(self, counter: Counter, into: Counter) -> None:
        """Two sources turn out to share a counter. What lies between them is not known."""
        into.sources += counter.sources
        into.holes = sorted(counter.holes + into.holes, key=lambda hole: hole.first)
        self._by_source.update(dict.fromkeys(counter.sources, into))
        self._counters.remove(counter)

    def behind(self, ends: dict[str, tuple[int, int]]) -> bool:
        """Whether files hold numbers beyond what has come, by what their headers say."""
        return any(self._believes(*end) for end in self._known(ends))

    def expect(self, ends: dict[str, tuple[int, int]]) -> None:
        """Count everything up to the ends of the files as missing, as far as it has not come."""
        for counter, number, realtime_us in self._known(ends):
            if self._believes(counter, number, realtime_us):
                counter.reach(number + 1, realtime_us, self._sweeping)
                counter.top = number

    def _known(self, ends: dict[str, tuple[int, int]]) -> list[tuple[Counter, int, int]]:
        return [
            (self._by_source[source], number, realtime_us)
            for source, (number, realtime_us) in ends.items()
            if source in self._by_source
        ]

    @staticmethod
    def _believes(counter: Counter, number: int, realtime_us: int) -> bool:
        """A number in a damaged header may be anything; time must have gone on with it."""
        return counter.top < number <= BELIEVABLE and realtime_us >= counter.top_us

    def holes(self) -> list[Hole]:
        """What is missing now."""
        return [
            (hole.first, hole.last, hole.start_us, hole.end_us)
            for counter in self._counters
            for hole in counter.holes
        ]

    def begin_sweep(self) -> list[Hole]:
        """A pass backward begins: what is still missing when it is settled is gone."""
        self._sweeping = True
        for counter in self._counters:
            for hole in counter.holes:
                hole.swept = True
        return self.holes()

    def settle(self) -> int:
        """The pass is over and acknowledged. Gives up what it did not find; how many that is."""
        self._sweeping = False
        before = self.lost_in_all
        for counter in self._counters:
            for hole in counter.holes:
                if hole.swept:
                    self._give_up(Loss(hole.start_us, hole.end_us, hole.missing))
            counter.holes = [hole for hole in counter.holes if not hole.swept]
        return self.lost_in_all - before

    def _give_up(self, loss: Loss) -> None:
        self.lost_in_all += loss.missing
        if len(self.lost) >= UNREPORTED_MOST:
            loss = self.lost.pop().joined(loss)
        self.lost.append(loss)

    def reported(self, count: int) -> None:
        """The server has acknowledged the oldest `count` losses."""
        del self.lost[:count]


def _counter(saved: dict[str, Any]) -> Counter:
    holes = [OpenHole(**hole) for hole in saved["holes"]]
    return Counter(saved["sources"], saved["top"], saved["top_us"], holes, saved["suspect"])
