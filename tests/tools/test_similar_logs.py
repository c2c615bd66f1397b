"""similar_logs on a real store with a ranking given by hand: filters, counts, occasions, pages."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sql.store import MariaStore
from tools.ingest_logs import INGEST_LOGS
from tools.levels import Level
from tools.masking import mask
from tools.ports import Caller, Deps, Filter, Ranked
from tools.similar_logs import SIMILAR_LOGS, SimilarPage

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KINDS = 60


class Given:
    """An index that knows each pattern's cosine."""

    def __init__(self, cosines: dict[int, float]) -> None:
        self._cosines = cosines

    async def rank(self, text: str) -> list[Ranked]:
        """All of them, best first."""
        ordered = sorted(self._cosines.items(), key=lambda item: -item[1])
        return [Ranked(key, cosine, cosine, cosine) for key, cosine in ordered]

    def state(self) -> dict[str, Any]:
        """All are indexed."""
        return {"model": "given", "indexed": len(self._cosines), "pending": 0}


def deps_on(store: MariaStore, cosines: dict[int, float], caller: Caller | None = None) -> Deps:
    """What the tool needs, with a clock that stands still."""
    return Deps(store, Given(cosines), lambda: NOW, UTC, "UTC", caller or Caller())


def message(kind: int, number: int) -> str:
    """Of a kind, all alike once masked."""
    letters = "abcdefghij"
    return f"kind {letters[kind // 10]}{letters[kind % 10]} took {number} ms"


def made(seed: int, count: int) -> list[dict[str, Any]]:
    """Events of KINDS patterns; some patterns, services and hosts are rare."""
    chance = random.Random(seed)
    events = []
    for number in range(count):
        kind = min(int(chance.expovariate(0.08)), KINDS - 1)
        ago = timedelta(microseconds=chance.randrange(40 * 86_400_000_000))
        if chance.random() < 0.3:
            ago = timedelta(minutes=ago // timedelta(minutes=1))
        events.append(
            {
                "uid": f"{seed}-{number}",
                "timestamp": (NOW - ago).isoformat(),
                "service": f"svc{kind % 7}",
                "host": "rare" if chance.random() < 0.004 else chance.choice("ab"),
                "level": chance.choice(["DEBUG", "INFO", "INFO", "WARN", "ERROR", "FATAL"]),
                "message": message(kind, number),
            }
        )
    return events


async def ranked(store: MariaStore, seed: int) -> dict[int, float]:
    """A random cosine for each pattern of the store."""
    chance = random.Random(seed)
    patterns = sorted(await store.pattern_counts(Filter()), key=lambda one: one.text)
    return {one.id: round(chance.uniform(0.5, 1), 6) for one in patterns}


def asked(chance: random.Random) -> dict[str, Any]:
    """A filter: from one row to all of them."""
    long, short = sorted(chance.uniform(0, 40 * 86_400) for _ in range(2))[::-1]
    if chance.random() < 0.4:
        short = max(0.0, long - chance.choice([1, 90, 4_000]))
    every: dict[str, Any] = {
        "start_time": (NOW - timedelta(seconds=long)).isoformat(),
        "end_time": (NOW - timedelta(seconds=short)).isoformat(),
        "service": f"svc{chance.randrange(7)}",
        "host": chance.choice(["a", "rare"]),
        "level": [chance.choice(["ERROR", "FATAL", "DEBUG"])],
        "min_level": chance.choice(["WARN", "FATAL"]),
    }
    given = {name: value for name, value in every.items() if chance.random() < 0.4}
    if "level" in given:
        given.pop("min_level", None)
    return given


def inside(event: dict[str, Any], given: dict[str, Any]) -> bool:
    """Whether an event is in the filter, said in Python."""
    moment = datetime.fromisoformat(event["timestamp"])
    floor = given.get("min_level")
    return all(
        (
            "start_time" not in given or moment >= datetime.fromisoformat(given["start_time"]),
            "end_time" not in given or moment < datetime.fromisoformat(given["end_time"]),
            event["service"] == given.get("service", event["service"]),
            event["host"] == given.get("host", event["host"]),
            event["level"] in given.get("level", [event["level"]]),
            not floor or Level(event["level"]) in Level.at_least(Level(floor)),
        )
    )


async def test_filters_lose_nothing_at_any_selectivity(store: MariaStore) -> None:
    """For random filters the nearest patterns, their counts, times and hosts are brute force's."""
    events = made(3, 6_000)
    for begin in range(0, len(events), 2_000):
        await INGEST_LOGS.call({"events": events[begin : begin + 2_000]}, deps_on(store, {}))
    cosines = await ranked(store, 3)
    by_text = {one.text: one.id for one in await store.pattern_counts(Filter())}
    chance, sizes = random.Random(4), set()
    for _ in range(60):
        given = asked(chance)
        limit = chance.choice([1, 5, 100])
        page = await SIMILAR_LOGS.call(
            {"text": "any", "limit": limit, **given}, deps_on(store, cosines)
        )
        groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for event in events:
            if inside(event, given):
                groups[mask(event["message"])].append(event)
        near = sorted(
            groups,
            key=lambda text: -cosines[by_text[text]],
        )
        sizes.add(len(near))
        assert [one.pattern for one in page.patterns] == near[:limit], given
        assert page.left_out == len(near) - len(page.patterns)
        for one in page.patterns:
            rows = groups[one.pattern]
            times = sorted(datetime.fromisoformat(row["timestamp"]) for row in rows)
            assert (one.count, one.first_seen, one.last_seen) == (len(rows), times[0], times[-1])
            assert one.hosts == sorted({row["host"] for row in rows}), given
            assert [event.timestamp for event in one.samples] == times[::-1][:3]
            if one.episodes:
                cut = sum(o.count for o in one.episodes.latest)
                assert cut == len(rows) or one.episodes.more
    assert {0, 1} <= sizes and max(sizes) > 40  # from nothing to nearly everything


async def burst(store: MariaStore, kinds: int) -> dict[int, float]:
    """Seven occasions of each kind; the cosines fall from kind to kind."""
    events = [
        {
            "uid": f"{kind}-{day}-{n}",
            "timestamp": (NOW - timedelta(days=day, seconds=n)).isoformat(),
            "service": "svc",
            "host": "a",
            "message": message(kind, n),
        }
        for kind in range(kinds)
        for day in range(7)
        for n in range(3)
    ]
    await INGEST_LOGS.call({"events": events}, deps_on(store, {}))
    patterns = sorted(await store.pattern_counts(Filter()), key=lambda one: one.text)
    return {one.id: 0.9 - 0.005 * place for place, one in enumerate(patterns)}


async def test_the_nearest_patterns_have_occasions(store: MariaStore) -> None:
    """The first three that are not weak say when it happened; five are listed, more counted."""
    cosines = await burst(store, 5)
    page = await SIMILAR_LOGS.call({"text": "any"}, deps_on(store, cosines))
    assert [one.episodes is not None for one in page.patterns] == [True] * 3 + [False] * 2
    episodes = page.patterns[0].episodes
    assert episodes and (episodes.total, len(episodes.latest), episodes.more) == (7, 5, 2)
    assert episodes.latest[0].end == NOW and episodes.ongoing
    lines = SIMILAR_LOGS.lines(page)
    assert (
        sum("7 occasions: 2026-11-20 11:59 to 2026-11-20 12:00 x3; " in line for line in lines) == 3
    )
    assert "2 more" in "\n".join(lines)
    low = {key: cosine / 2.3 for key, cosine in cosines.items()}
    weak = await SIMILAR_LOGS.call({"text": "any"}, deps_on(store, low))
    assert weak.patterns and all(one.weak and one.episodes is None for one in weak.patterns)
    assert "episodes" not in weak.patterns[0].model_dump(mode="json")


async def test_a_page_with_occasions_keeps_to_its_budget(store: MariaStore) -> None:
    """Occasions count towards the characters that a model's page may have."""
    cosines = await burst(store, 40)
    caller = Caller(max_message=400, max_chars=4_000)
    page: SimilarPage = await SIMILAR_LOGS.call(
        {"text": "any", "limit": 40}, deps_on(store, cosines, caller)
    )
    assert 3 < len(page.patterns) < 40 and page.left_out == 40 - len(page.patterns)
    assert len("\n".join(SIMILAR_LOGS.lines(page))) <= 4_000
