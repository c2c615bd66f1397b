"""The occasions of patterns and what rose after them, against brute force on random events."""

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sql.store import MariaStore
from tools.episodes import (
    Episodes,
    Occasion,
    episode_lines,
    episodes_of,
    occasions,
    usual_pause,
)
from tools.ingest_logs import INGEST_LOGS
from tools.masking import mask
from tools.ports import Activity, Caller, Deps, Filter, Ranked

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
Moments = list[datetime]


class NoMeaning:
    """An index without patterns: nothing here ranks."""

    async def rank(self, text: str) -> list[Ranked]:
        """Nothing is near."""
        return []

    def state(self) -> dict[str, Any]:
        """Nothing is indexed."""
        return {}


def deps_on(store: MariaStore) -> Deps:
    """What the tools need, with a clock that stands still."""
    return Deps(store, NoMeaning(), lambda: NOW, UTC, "UTC", Caller())


def event(message: str, moment: datetime, **columns: str) -> dict[str, Any]:
    """An event as a sender writes it."""
    return {"timestamp": moment.isoformat(), "message": message, "service": "web", **columns}


async def put(store: MariaStore, events: list[dict[str, Any]]) -> None:
    """Store events; every one is taken."""
    numbered = [{"uid": f"e{n}", "host": "alpha", **one} for n, one in enumerate(events)]
    for begin in range(0, len(numbered), 5_000):
        part = numbered[begin : begin + 5_000]
        receipt = await INGEST_LOGS.call({"events": part}, deps_on(store))
        assert receipt.accepted == len(part)


async def episodes(store: MariaStore, text: str, wanted: Filter | None = None) -> Episodes:
    """Of the pattern whose text begins so."""
    wanted = wanted or Filter()
    [pattern] = [p for p in await store.pattern_counts(wanted) if p.text.startswith(text)]
    return await episodes_of(wanted, pattern, deps_on(store))


def cut(moments: Iterable[datetime], pause: timedelta) -> list[tuple[datetime, datetime, int]]:
    """Runs of moments, said without spans; the newest first."""
    runs: list[Moments] = []
    for moment in sorted(moments):
        if runs and moment - runs[-1][-1] <= pause:
            runs[-1].append(moment)
        else:
            runs.append([moment])
    return [(run[0], run[-1], len(run)) for run in reversed(runs)]


def told(found: list[Occasion]) -> list[tuple[datetime, datetime, int]]:
    """The same of an answer."""
    return [(one.start, one.end, one.count) for one in found]


def bursts(seed: int, days: float, number: int, most: int) -> Moments:
    """Random bursts of a few seconds to half a day."""
    chance = random.Random(seed)
    moments = []
    for _ in range(number):
        start, length = chance.uniform(0, days * 86_400), chance.choice([5, 600, 7_200, 40_000])
        for _ in range(chance.randint(1, most)):
            ago = start + chance.uniform(0, length)
            moments.append(NOW - timedelta(seconds=round(ago, chance.choice([0, 3, 6]))))
    return moments


@pytest.mark.parametrize(
    ("seed", "days", "number", "most"),
    [(1, 2, 6, 30), (2, 40, 25, 40), (3, 90, 12, 3), (4, 9, 60, 200), (5, 200, 400, 25)],
)
async def test_occasions_equal_brute_force(
    store: MariaStore, seed: int, days: float, number: int, most: int
) -> None:
    """For random bursts and windows, cut minutes included, occasions are exact to the row."""
    moments = bursts(seed, days, number, most)
    chance = random.Random(seed)
    placed = [(moment, chance.choice("ab"), chance.choice(["INFO", "ERROR"])) for moment in moments]
    await put(store, [event("it failed", m, host=h, level=level) for m, h, level in placed])
    for _ in range(12):
        span = sorted(chance.uniform(0, days * 86_400) for _ in range(2))
        if chance.random() < 0.3:
            span[1] = span[0] + chance.uniform(1, 200)
        end, start = (NOW - timedelta(seconds=ago) for ago in span)
        wanted = Filter(
            start=start if chance.random() < 0.8 else None,
            end=end if chance.random() < 0.8 else None,
            host=chance.choice([None, "a"]),
        )
        inside = [
            moment
            for moment, host, _ in placed
            if (wanted.start is None or moment >= wanted.start)
            and (wanted.end is None or moment < wanted.end)
            and (wanted.host is None or host == wanted.host)
        ]
        if not inside:
            assert await store.pattern_counts(wanted) == []
            continue
        found = await episodes(store, "it failed", wanted)
        expected = cut(inside, timedelta(seconds=found.pause_seconds))
        assert told(found.latest) == expected[:5]
        assert (found.total, found.more) == (len(expected), max(0, len(expected) - 5))


@pytest.mark.parametrize(
    ("moments", "total"),
    [
        pytest.param([NOW - timedelta(days=d) for d in (1, 30, 90)], 3, id="single events"),
        pytest.param(
            [NOW - timedelta(days=d, minutes=5 * n) for d in (2, 20) for n in range(60)],
            2,
            id="retries every five minutes",
        ),
        pytest.param([NOW - timedelta(days=d) for d in range(1, 31)], 30, id="daily"),
        pytest.param([NOW - timedelta(hours=h) for h in range(1, 200)], 1, id="hourly"),
        pytest.param(
            [NOW - timedelta(days=9 * d, seconds=n / 50) for d in (1, 2) for n in range(9_000)],
            2,
            id="thousands within minutes",
        ),
    ],
)
async def test_the_pause_fits_how_often_it_comes(
    store: MariaStore, moments: Moments, total: int
) -> None:
    """Retries are one occasion, and what comes daily is not."""
    await put(store, [event("it failed", moment) for moment in moments])
    assert (await episodes(store, "it failed")).total == total


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 59)), min_size=1, max_size=60),
    st.sampled_from([60, 3_600, 86_400]),
)
def test_a_pause_has_bounds_and_cuts_all(pieces: list[tuple[int, int]], width: int) -> None:
    """It is never below ten minutes or a span, nor above six hours or a span; none is lost."""
    spans = sorted((60 * minute, 60 * minute + length) for minute, length in dict(pieces).items())
    activity = [
        Activity(NOW + timedelta(seconds=first), NOW + timedelta(seconds=last), 2)
        for first, last in spans
    ]
    pause = usual_pause(activity, width)
    assert max(600, width) <= pause.total_seconds() <= max(21_600, width)
    found = occasions(activity, pause)
    assert sum(one.count for one in found) == 2 * len(activity)
    assert all(b.start - a.end > pause for a, b in pairwise(found))


async def test_the_present_occasion_is_told_from_past_ones(store: MariaStore) -> None:
    """What occurred within the pause before now may go on; what is over does not."""
    await put(store, [event("it failed", NOW - timedelta(days=d, minutes=3)) for d in (0, 4, 8)])
    assert (await episodes(store, "it failed")).ongoing
    past = Filter(end=NOW - timedelta(days=1))
    assert not (await episodes(store, "it failed", past)).ongoing


def quiet_week(chance: random.Random) -> list[dict[str, Any]]:
    """Usual messages of eight days on two hosts, some often and some seldom."""
    usual = [("GET /orders/{} 200", 200), ("user {} logged in", 60), ("cache swept", 9)]
    return [
        event(
            message.format(chance.randrange(999)),
            NOW - timedelta(seconds=chance.uniform(60, 8 * 86_400)),
            host=host,
        )
        for host in ("alpha", "beta")
        for message, number in usual
        for _ in range(number)
    ]


async def test_what_follows_is_found(store: MariaStore) -> None:
    """A consequence that came after each occasion is named, with its delay; the usual is not."""
    chance = random.Random(7)
    starts = [NOW - timedelta(days=d, hours=2, seconds=31) for d in (1, 3, 5)]
    events = quiet_week(chance)
    for start in starts:
        events += [event("disk sdb is failing", start + timedelta(seconds=s)) for s in range(5)]
        events += [
            event(f"cannot write block {n}", start + timedelta(seconds=40 + n)) for n in range(9)
        ]
    await put(store, events)
    found = await episodes(store, "disk sdb")
    assert (found.total, found.looked_at) == (3, 3)
    [follower] = found.followed_by
    assert follower.pattern == mask("cannot write block 1")
    assert (follower.count, follower.occasions, follower.delay_seconds) == (27, 3, 40)
    assert follower.usual == 0
    text = "\n".join(episode_lines(found))
    assert "3 occasions" in text and "cannot write block" in text and "after 3 of 3" in text


async def test_nothing_is_shown_when_nothing_rises(store: MariaStore) -> None:
    """After an event at random moments of usual traffic nothing is said to follow."""
    chance = random.Random(8)
    events = quiet_week(chance)
    events += [event("disk sdb is failing", NOW - timedelta(days=d)) for d in (1, 3, 5)]
    await put(store, events)
    assert (await episodes(store, "disk sdb")).followed_by == []


async def test_another_host_is_no_consequence(store: MariaStore) -> None:
    """What rises elsewhere at the same time is not said to follow."""
    events = quiet_week(random.Random(9))
    for day in (1, 3, 5):
        start = NOW - timedelta(days=day)
        events.append(event("disk sdb is failing", start))
        events += [
            event("cannot write", start + timedelta(seconds=n), host="beta") for n in range(9)
        ]
    await put(store, events)
    assert (await episodes(store, "disk sdb")).followed_by == []


async def test_chance_rarely_passes_for_a_consequence(store: MariaStore) -> None:
    """Of 40 patterns at random moments, the patterns shown after them are few: the level holds."""
    chance = random.Random(10)
    events = quiet_week(chance)
    for kind in range(40):
        for _ in range(chance.randint(1, 6)):
            ago = timedelta(seconds=chance.uniform(3_600, 8 * 86_400))
            events.append(event(f"kind {'abcdefgh'[kind % 8]}{'x' * (kind // 8)} came", NOW - ago))
    await put(store, events)
    wanted = Filter()
    shown = [
        bool((await episodes_of(wanted, pattern, deps_on(store))).followed_by)
        for pattern in await store.pattern_counts(wanted)
    ]
    assert len(shown) == 43
    assert sum(shown) <= 4  # 2 are expected at most


async def test_counts_around_moments_equal_brute_force(store: MariaStore) -> None:
    """What the statistic is made of is exact to the row, hosts and first moments included."""
    chance = random.Random(11)
    events = [
        one | {"host": chance.choice(["alpha", "beta", "gamma"])} for one in quiet_week(chance)
    ]
    await put(store, events)
    texts = {p.id: p.text for p in await store.pattern_counts(Filter())}
    for _ in range(40):
        start = NOW - timedelta(seconds=chance.uniform(600, 8 * 86_400))
        end = start + timedelta(seconds=chance.choice([20, 600, 90_000, 604_800]))
        hosts = chance.sample(["alpha", "beta", "gamma"], 2)
        expected: dict[str, Moments] = defaultdict(list)
        for one in events:
            moment = datetime.fromisoformat(one["timestamp"])
            if one["host"] in hosts and start <= moment < end:
                expected[mask(one["message"])].append(moment)
        found = await store.counts_on(hosts, start, end)
        assert {texts[key]: (a.first, a.last, a.count) for key, a in found.items()} == {
            text: (min(moments), max(moments), len(moments)) for text, moments in expected.items()
        }


async def test_what_has_been_silent_for_long_by_its_own_rhythm_does_not_go_on(
    store: MariaStore,
) -> None:
    """Two starts a day apart have a long usual pause; each is over at once. What comes every hour
    goes on for some hours.
    """
    starts = [NOW - timedelta(hours=hours) for hours in (5, 29, 53)]
    beats = [NOW - timedelta(hours=1, minutes=30) - n * timedelta(hours=1) for n in range(20)]
    await put(store, [event("daemon started", moment) for moment in starts])
    await put(store, [event("hourly check", moment, uid=f"h{n}") for n, moment in enumerate(beats)])
    assert not (await episodes(store, "daemon started")).ongoing
    assert (await episodes(store, "hourly check")).ongoing
