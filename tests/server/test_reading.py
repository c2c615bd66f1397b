"""Questions read by code: names left out, places compared, texts that end, lines of one side."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.agent import Agent
from server.calls import Candidate
from server.eval_calls import Situation
from server.understanding import SURE_ENOUGH, evidence, readings
from server.words_tail import split_tail
from tools.ports import Catalogue
from tools.query_logs import QUERY_LOGS

NOW = datetime(2026, 5, 12, 9, 30, tzinfo=UTC)
NAMES = Catalogue(
    services=("postfix", "dovecot", "milk-robot", "feed-mixer.service", "data-export"),
    hosts=("barn-pi", "office-1"),
    metrics=("milk_temp_celsius", "tank_level_percent"),
)
DEPS = Situation(NOW, NAMES).deps()


def best(question: str, *past: Candidate) -> tuple[str, dict[str, Any]]:
    """Tool and arguments of the call that the wording speaks for most."""
    found = evidence(question, NAMES, DEPS, past)
    call = readings(found, past)[0]
    return call.tool.name, call.arguments


@pytest.mark.parametrize(
    ("question", "unwanted"),
    [
        ("errors of everything except postfix", {"postfix"}),
        ("warnings today, not postfix", {"postfix"}),
        ("errors without posfix", {"postfix"}),
        ("errors except from postfix and dovecot", {"postfix", "dovecot"}),
        ("all hosts but barn-pi: errors of the last hour", {"barn-pi"}),
        ("what was logged today, leaving out the feed mixer", {"feed-mixer.service"}),
    ],
)
def test_a_name_to_be_left_out_is_known_and_never_asked_for(
    question: str, unwanted: set[str]
) -> None:
    """The opposite of the question is no answer: a filter that takes only the unwanted."""
    found = evidence(question, NAMES, DEPS)
    assert set(found.left_out) == unwanted
    assert not unwanted & set(map(str, best(question)[1].values()))


def test_a_name_beside_something_else_left_out_is_asked_for() -> None:
    """`without` speaks of what follows it, not of every name behind it."""
    found = evidence("postfix logs without debug, on barn-pi", NAMES, DEPS)
    assert not found.left_out
    assert (found.service.name, found.host.name) == ("postfix", "barn-pi")


def test_a_follow_up_gives_up_the_host_that_it_leaves_out() -> None:
    """`Not on barn-pi` after barn-pi asks about the others."""
    past = Candidate(QUERY_LOGS, {"level": "ERROR", "host": "barn-pi"})
    assert best("but not on barn-pi", past) == ("query_logs", {"level": "ERROR"})


@pytest.mark.parametrize(
    ("question", "arguments"),
    [
        ("are there more errors on barn-pi or office-1 today?",
         {"group_by": "host", "level": "ERROR", "start_time": "today"}),
        ("compare warnings of postfix and dovecot, last 2h",
         {"group_by": "service", "level": "WARN", "start_time": "2h"}),
        ("number of errors on barn-pi vs office-1 last 24h",
         {"group_by": "host", "level": "ERROR", "start_time": "24h"}),
        ("what percentage of postfix logs are errors",
         {"group_by": "level", "service": "postfix"}),
        ("how many services had warnings today",
         {"group_by": "service", "level": "WARN", "start_time": "today"}),
        ("errors by service and hour today",
         {"group_by": "service", "interval": "1h", "level": "ERROR", "start_time": "today"}),
    ],
)  # fmt: skip
def test_what_is_compared_or_shared_out_is_counted(
    question: str, arguments: dict[str, Any]
) -> None:
    """Names that are compared are groups, since no filter takes two; a share needs all levels."""
    assert best(question) == ("log_stats", arguments)


@pytest.mark.parametrize(
    ("question", "arguments"),
    [
        ("similar to pump ran dry, only on barn-pi", {"text": "pump ran dry", "host": "barn-pi"}),
        ("anything resembling a power cut in the past 5 days",
         {"text": "power cut", "start_time": "5d"}),
        ("lines like mailbox over quota of dovecot since yesterday please",
         {"text": "mailbox over quota", "service": "dovecot", "start_time": "yesterday"}),
        ("similar to backup failed at 14:00, retry in 5 minutes",
         {"text": "backup failed at 14:00, retry in 5 minutes"}),
        ("similar problems to: queue full, 12 waiting", {"text": "queue full, 12 waiting"}),
        ("compare this with what we know: relay access denied", {"text": "relay access denied"}),
    ],
)  # fmt: skip
def test_an_unquoted_text_ends_where_the_request_goes_on(
    question: str, arguments: dict[str, Any]
) -> None:
    """Ranges and known names behind it are the request's; times that tell a story are the text's."""
    assert best(question) == ("similar_logs", arguments)


PARTS = st.sampled_from(
    ["pump failed", "on barn-pi", "in the last 2 hours", "yesterday", ",", "only", "please", "since",
     "8am", "at 14:00", "retry in 5 s", "from postfix", "the", "postfix logs", "?"]
)  # fmt: skip


@given(st.lists(PARTS, max_size=9))
def test_no_letter_is_lost_where_a_text_is_cut(parts: list[str]) -> None:
    """Text and tail together are what was written."""
    written = " ".join(parts)
    text, tail = split_tail(written, frozenset({"barn-pi", "postfix"}), NOW.replace(tzinfo=None))
    assert text + tail == written


@pytest.mark.parametrize(
    ("question", "arguments"),
    [
        ("what came before event 812345? 25 lines", {"event_id": 812345, "before": 25}),
        ("what followed #812345, 7 rows", {"event_id": 812345, "after": 7}),
        ("context for 812345", {"event_id": 812345}),
        ("open 812345", {"event_id": 812345}),
        ("context of 5 around #812345", {"event_id": 812345, "before": 5, "after": 5}),
    ],
)
def test_an_event_and_the_lines_beside_it_are_read(
    question: str, arguments: dict[str, Any]
) -> None:
    """A bare number is an event where the words ask for one; lone lines are of the side asked."""
    assert best(question) == ("log_context", arguments)


def test_a_name_within_another_is_not_meant() -> None:
    """Of `prod-db-1` neither the service db nor a limit is read."""
    names = Catalogue(("db", "web"), ("prod-db-1", "web-proxy"), ())
    deps = Situation(NOW, names).deps()
    found = evidence("criticals on prod-db-1", names, deps)
    assert (found.service.name, found.host.name) == (None, "prod-db-1")
    found = evidence("db errors on web-proxy", names, deps)
    assert (found.service.name, found.host.name) == ("db", "web-proxy")


def test_worse_ones_too_are_those_from_the_level_before_on() -> None:
    """A follow-up that names no level means the one asked about."""
    past = Candidate(QUERY_LOGS, {"level": "WARN", "service": "postfix"})
    assert best("and worse ones too", past)[1] == {"min_level": "WARN", "service": "postfix"}


@pytest.mark.parametrize(
    ("question", "back"),
    [
        ("errors except from postfix", "No filter leaves out postfix."),
        ('lines with "timeout" or "timed out"', "Only “timeout” is looked for, not “timed out”."),
    ],
)
async def test_what_no_tool_can_do_is_said(agent: Agent, question: str, back: str) -> None:
    """The nearest call is made, and nobody takes it for all that was asked."""
    meant = await agent.understanding.understand(question, DEPS)
    assert meant.call is not None and meant.back is not None
    assert meant.back.startswith(back) and meant.confidence < SURE_ENOUGH


@pytest.mark.parametrize(
    ("question", "change"),
    [
        ("when was the first?", {"order": "oldest", "limit": 1}),
        ("reverse the order", {"order": "oldest"}),
        ("till 11", {"start_time": "2026-05-12T08:00:00", "end_time": "2026-05-12T11:00:00"}),
        ("from 9 then", {"start_time": "2026-05-12T09:00:00"}),
    ],
)
def test_a_scrap_changes_a_part_of_the_call_before(question: str, change: dict[str, Any]) -> None:
    """Which end, which way round, and hours that stand alone."""
    before = {"service": "postfix", "start_time": "2026-05-12T08:00:00"}
    assert best(question, Candidate(QUERY_LOGS, before)) == ("query_logs", before | change)


def test_two_names_in_a_follow_up_are_not_one_of_them() -> None:
    """No filter takes two: what the words leave open is asked back."""
    past = Candidate(QUERY_LOGS, {"level": "ERROR", "service": "milk-robot"})
    found = evidence("same for postfix and dovecot", NAMES, DEPS, [past])
    services = {call.arguments.get("service") for call in readings(found, [past])}
    assert services == {"postfix", "dovecot", None}


@pytest.mark.parametrize(
    ("question", "arguments"),
    [
        ("errors yesterday on barn-pi",
         {"host": "barn-pi", "level": "ERROR", "start_time": "yesterday", "end_time": "today"}),
        ("yesterdays errors", {"level": "ERROR", "start_time": "yesterday", "end_time": "today"}),
        ("criticals since the beginning of the month",
         {"level": "CRITICAL", "start_time": "2026-05-01"}),
        ("everything worse than warning in the last day",
         {"min_level": "ERROR", "start_time": "1d"}),
        ("level>=error last 20m", {"min_level": "ERROR", "start_time": "20m"}),
        ("non-error logs of postfix",
         {"service": "postfix", "level": ["DEBUG", "INFO", "WARN", "CRITICAL", "FATAL"]}),
        ("no info, no debug, from barn-pi",
         {"host": "barn-pi", "min_level": "WARN"}),
        ("grep -i relay on office-1", {"host": "office-1", "contains": "relay"}),
        ('{"service": "postfix", "level": "ERROR"}', {"service": "postfix", "level": "ERROR"}),
        ('journalctl -u postfix --since "2 hours ago"',
         {"service": "postfix", "start_time": "2h"}),
        ("biggest source of warnings today", {"level": "WARN", "start_time": "today"}),
    ],
)  # fmt: skip
def test_rows_are_asked_for_in_the_range_and_levels_named(
    question: str, arguments: dict[str, Any]
) -> None:
    """Words beside a time, a level or a command's option change nothing of it."""
    assert best(question) == ("query_logs", arguments)


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("14:00h-15:00h yesterday", "2026-05-11T14:00:00", "2026-05-11T15:00:00"),
        ("on 10/5", None, None),  # October or May
        ("on 30/4", "2026-04-30", "2026-05-01"),
        ("on 4/30", "2026-04-30", "2026-05-01"),
        ("on 30.4.", "2026-04-30", "2026-05-01"),
        ("since 30/04/2026", "2026-04-30", None),
        ("two days ago between 3 and 4 pm", "2026-05-10T15:00:00", "2026-05-10T16:00:00"),
        ("two days ago", "2d", None),
        ("older than 3 days", None, "3d"),
        ("not older than 3 days", "3d", None),
        ("now-2h to now-1h", "2h", "1h"),
        ("since lunchtime", "2026-05-12T12:00:00", None),
    ],
)
def test_times_are_read_as_people_write_them(
    words: str, start: str | None, end: str | None
) -> None:
    """Dates of either order where only one is possible, hours with an h, days ago with a clock."""
    found = evidence(f"errors {words}", NAMES, DEPS)
    assert (found.start, found.end) == (start, end)


def test_no_window_is_compared_with_where_something_else_is() -> None:
    """`than` and `vs` compare names and levels as well as times."""
    assert evidence("more errors on barn-pi vs office-1 last 24h", NAMES, DEPS).compare_to is None
    assert evidence("worse than warning in the last day", NAMES, DEPS).compare_to is None
    assert evidence("errors today compared with yesterday", NAMES, DEPS).compare_to == "yesterday"


@pytest.mark.parametrize(
    "question", ["how do i restart postfix", "insert this metric: milk 5", "log: robot washed"]
)
def test_how_to_and_writing_become_no_call(question: str) -> None:
    """Also where they name a service, or a word is a part of a service's name."""
    found = evidence(question, NAMES, DEPS)
    assert readings(found) == []


@pytest.mark.parametrize(
    "question",
    [
        'milk_temp_celsius where line="north", last hour',
        "milk_temp_celsius where line='north barn' since 8:00",
        'tank_level_percent with label tank "2" and line = `a/b`',
        'similar to "pump dry" with line="x"',
    ],
)
def test_nothing_made_unreadable_is_read_as_a_value(question: str) -> None:
    """What is blotted out for one reader is a value to none."""
    found = evidence(question, NAMES, DEPS)
    assert "¤" not in str([call.arguments for call in readings(found)])


@pytest.mark.parametrize(
    ("question", "tool", "arguments"),
    [
        ("Fehler von postfix seit gestern", "query_logs",
         {"service": "postfix", "level": "ERROR", "start_time": "yesterday"}),
        ("gab es schon mal so etwas: Verbindung gestern abgebrochen, seit heute Fehler", None, None),
        ("Zeilen mit \"Fehler gestern\" auf barn-pi", "query_logs",
         {"host": "barn-pi", "contains": "Fehler gestern"}),
        ("lines that mention Warnung on barn-pi", "query_logs",
         {"host": "barn-pi", "contains": "Warnung"}),
    ],
)  # fmt: skip
def test_german_requests_are_read_and_german_texts_left_alone(
    question: str, tool: str | None, arguments: dict[str, Any]
) -> None:
    """Only the words of the request are put into English, whatever a message says."""
    if tool:
        assert best(question) == (tool, arguments)
    for call in readings(evidence(question, NAMES, DEPS)):
        texts = [call.arguments.get(name) for name in ("text", "contains")]
        assert all(text in question for text in texts if text)
