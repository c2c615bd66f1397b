"""Answers that rest on a part of the rows say so; what is said of all is of all."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.app import Home
from server.calling import call_and_compose
from server.calls import Candidate
from server.eval_invented import invented
from server.sharing import shared
from tools.ingest_logs import INGEST_LOGS
from tools.ingest_metrics import INGEST_METRICS
from tools.log_context import LOG_CONTEXT
from tools.log_stats import LOG_STATS
from tools.ports import Catalogue, Deps
from tools.query_logs import QUERY_LOGS
from tools.query_metrics import QUERY_METRICS
from tools.similar_logs import SIMILAR_LOGS
from tools.tool import AnyTool

BEGIN = (datetime.now(UTC) - timedelta(days=2)).replace(hour=6, minute=0, second=0, microsecond=0)


def at(minutes: int) -> str:
    """So many minutes into the day of the test."""
    return (BEGIN + timedelta(minutes=minutes)).isoformat()


@pytest.fixture
async def farm(home: Home) -> Deps:
    """Ninety events of a pump, a minute apart, one each of seven hosts, and 1,200 temperatures."""
    deps = await home.deps()
    pump = [
        {"service": "pump", "host": "barn", "message": f"pressure {n} bar", "timestamp": at(n),
         "level": "ERROR" if n == 40 else "INFO", "uid": f"p{n}"}
        for n in range(90)
    ]  # fmt: skip
    gates = [
        {"service": "gate", "host": f"gate-{n}", "message": "gate does not close",
         "timestamp": at(100 + n), "uid": f"g{n}", "level": "WARN"}
        for n in range(7)
    ]  # fmt: skip
    assert (await INGEST_LOGS.call({"events": [*pump, *gates]}, deps)).accepted == 97
    points = [
        {"name": "milk_temp", "value": 90 if n == 3 else n % 5, "timestamp": at(n), "host": "barn"}
        for n in range(1_200)
    ]
    assert (await INGEST_METRICS.call({"points": points}, deps)).accepted == 1_200
    return deps


async def told(tool: AnyTool, arguments: dict[str, Any], deps: Deps) -> str:
    """What the answer to a call says."""
    _, facts = await call_and_compose(Candidate(tool, arguments), deps)
    return facts.text


async def test_the_oldest_rows_are_not_called_the_newest(farm: Deps) -> None:
    """With the oldest first, only the first of the page is an end of all."""
    arguments = {"service": "pump", "order": "oldest", "limit": 5}
    text = await told(QUERY_LOGS, arguments, farm)
    assert "90 events of pump" in text and "; the oldest 5 were read" in text
    lines = text.splitlines()
    assert "pressure 0 bar" in next(line for line in lines if line.startswith("Oldest: "))
    assert "pressure 4 bar" in next(line for line in lines if line.startswith("Newest shown: "))
    one = await told(QUERY_LOGS, arguments | {"limit": 1}, farm)
    assert "\nOldest: " in one and "Newest" not in one.split("coverage")[0].split("\n", 1)[1]


async def test_a_side_that_nobody_asked_for_is_not_called_empty(farm: Deps) -> None:
    """`before: 0` is no sign that nothing was logged before."""
    page = await QUERY_LOGS.call({"level": "ERROR"}, farm)
    arguments = {"event_id": page.events[0].id, "before": 0}
    assert "Nothing was logged" not in await told(LOG_CONTEXT, arguments, farm)
    assert "10 events after it" in await told(LOG_CONTEXT, arguments, farm)


async def test_the_highest_value_is_of_the_whole_range_or_says_of_what(farm: Deps) -> None:
    """One value of a range belongs to no moment in it; the ends of some points are of those."""
    whole = await told(QUERY_METRICS, {"name": "milk_temp", "aggregate": "max"}, farm)
    assert "max 90 of 1,200 points" in whole and "Newest" not in whole
    some = await told(QUERY_METRICS, {"name": "milk_temp"}, farm)
    assert "1,000 values of milk_temp" in some
    assert "lowest of these, the newest 0 at" in some and "highest 4 at" in some
    each = await told(
        QUERY_METRICS, {"name": "milk_temp", "interval": "1h", "aggregate": "max"}, farm
    )
    assert "milk_temp (max of each 1h)" in each and "highest 90 at" in each


async def test_the_event_cited_for_the_busiest_interval_is_in_the_range(farm: Deps) -> None:
    """The range may end within the interval."""
    arguments = {"service": "pump", "interval": "1h", "end_time": at(30)}
    text = await told(LOG_STATS, arguments, farm)
    assert "Newest of the busiest: " in text and "pressure 29 bar" in text
    by_level = {"service": "pump", "interval": "1h", "group_by": "level", "start_time": at(35)}
    assert "INFO" in (await told(LOG_STATS, by_level, farm)).split("Newest of the busiest: ")[1]


async def test_as_many_groups_are_told_as_were_asked_for(farm: Deps) -> None:
    """Five when the question gives no number, and how many more."""
    few = await told(LOG_STATS, {"service": "gate", "group_by": "host"}, farm)
    assert " and 2 more." in few and "Newest of gate-" in few
    many = await told(LOG_STATS, {"service": "gate", "group_by": "host", "limit": 7}, farm)
    assert all(f"gate-{n} 1 (14 %)" in many for n in range(7))


async def test_likenesses_name_how_many_hosts_and_patterns_are_not_shown(
    farm: Deps, home: Home
) -> None:
    """Nothing is left out without a word."""
    await home.catch_up()
    text = await told(SIMILAR_LOGS, {"text": "gate does not close"}, farm)
    assert "x7 on gate-" in text and " and 2 more, first" in text


def test_parts_of_a_question_share_what_one_of_them_says() -> None:
    """A time goes for all; a place for the parts that name nothing but what to count."""
    calls = {
        0: Candidate(LOG_STATS, {"level": "WARN"}),
        1: Candidate(LOG_STATS, {"level": "ERROR", "host": "barn", "start_time": "7d"}),
        2: Candidate(QUERY_LOGS, {"service": "gate"}),
    }
    parts = ["how many warnings", "how many errors did barn log in the last 7 days", "what of gate"]
    found = shared(calls, parts)
    assert found[0].arguments == {"level": "WARN", "host": "barn", "start_time": "7d"}
    assert found[1].arguments == calls[1].arguments
    assert found[2].arguments == {"service": "gate", "start_time": "7d"}
    unlike = shared(calls, ["how many warnings were there", *parts[1:]])
    assert "host" not in unlike[0].arguments


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        (QUERY_LOGS, {"level": "ERROR"}),
        (QUERY_LOGS, {"start_time": "1h"}),
        (QUERY_LOGS, {"service": "kafka"}),
        (QUERY_LOGS, {"contains": "timeout"}),
        (QUERY_LOGS, {"trace_id": "ab12"}),
        (QUERY_LOGS, {"limit": 7}),
        (LOG_STATS, {"group_by": "host"}),
        (LOG_STATS, {"interval": "1h"}),
        (LOG_STATS, {"interval": "1h", "group_by": "level"}),
    ],
)
def test_values_that_nothing_bears_out_are_counted(
    tool: AnyTool, arguments: dict[str, Any]
) -> None:
    """Each of them, whatever the argument is."""
    names = Catalogue(("pump", "gate"), ("barn",), ())
    case = {"q": "what does the pump do"}
    good = Candidate(tool, {"service": "pump"})
    assert invented(good, case, names) == 0
    assert invented(Candidate(tool, arguments), case, names) == len(arguments)
