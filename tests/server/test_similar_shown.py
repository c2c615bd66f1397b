"""Similar patterns as people see them: the table of a terminal, and the agent's answer."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from server.answer import compose
from server.app import Home
from server.calls import Candidate
from server.similar_table import similar_table
from tools.ingest_logs import INGEST_LOGS
from tools.ports import Deps
from tools.similar_logs import SIMILAR_LOGS, SimilarPage

Shown = Callable[[SimilarPage, int], str]
QUESTION = {"text": "disk cannot be written"}


@pytest.fixture
async def failing(home: Home) -> Deps:
    """A disk that failed on three days and fails now; each time a mount followed."""
    deps = await home.deps()
    now = datetime.now(UTC)
    events = [
        {"message": f"GET /orders/{n} 200", "timestamp": (now - timedelta(hours=n / 3)).isoformat()}
        for n in range(1, 500)
    ]
    for day in (0, 1, 3, 5):
        start = now - timedelta(days=day, seconds=200)
        for second in range(4):
            at = (start + timedelta(seconds=second)).isoformat()
            later = (start + timedelta(seconds=60 + second)).isoformat()
            events.append(
                {"message": f"disk sdb cannot be written, block {second}", "timestamp": at}
            )
            events.append(
                {"message": f"volume data went read-only {second} \x1b[31m", "timestamp": later}
            )
    placed = [
        {"service": "kernel", "host": "nas", "uid": f"u{n}"} | e for n, e in enumerate(events)
    ]
    assert (await INGEST_LOGS.call({"events": placed}, deps)).accepted == len(placed)
    return deps


@pytest.fixture
def shown() -> Shown:
    """A table as a terminal of that width prints it."""

    def render(page: SimilarPage, width: int) -> str:
        console = Console(width=width, force_terminal=True, color_system=None)
        with console.capture() as caught:
            console.print(similar_table(page))
        return caught.get()

    return render


async def test_a_terminal_sees_when_and_what_followed(failing: Deps, shown: Shown) -> None:
    """Score, count, hosts, occasions and followers fit the width; no control code passes."""
    page = await SIMILAR_LOGS.call(QUESTION, failing)
    wide = shown(page, 140)
    assert "nas" in wide and "x4" in wide and "going on" in wide
    assert "then within 10 min: kernel: “volume data went read-only" in " ".join(wide.split())
    for width in (80, 140):
        text = shown(page, width)
        assert max(map(len, text.splitlines())) <= width
        assert "\x1b" not in text


async def test_the_agent_says_how_often_before_and_what_came_next(failing: Deps) -> None:
    """The occasion that goes on is not counted as one before."""
    page = await SIMILAR_LOGS.call(QUESTION, failing)
    understood = Candidate(SIMILAR_LOGS, QUESTION)
    said = (await compose(page, understood, failing)).text
    assert said.startswith("Yes: 16 times in 1 pattern that says so, ")
    assert "3 times before, last on " in said and "; going on since " in said
    assert "then came kernel: “volume data went read-only" in said
    assert "\x1b" not in said
    past = {**QUESTION, "end_time": "2d"}
    said = (await compose(await SIMILAR_LOGS.call(past, failing), understood, failing)).text
    assert "2 times before, last on " in said and "going on" not in said


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("block cannot be written", "Yes: 16 times in 1 pattern that says so, "),
        ("disk failed to write a block", "Not literally in these words, "),
        ("zebra", "Nothing"),
    ],
)
async def test_only_what_says_it_is_a_yes(failing: Deps, text: str, begins: str) -> None:
    """What merely resembles the words is told as that."""
    asked = {"text": text}
    page = await SIMILAR_LOGS.call(asked, failing)
    assert (await compose(page, Candidate(SIMILAR_LOGS, asked), failing)).text.startswith(begins)


async def test_a_line_of_the_log_is_told_apart_from_others_like_it(failing: Deps) -> None:
    """Whatever its numbers, the same message is the same; another one is not."""
    for text, begins in (
        ("disk sdc cannot be written, block 77", "No, this message was not seen, "),
        ("disk sdb cannot be written, block 77", "Yes: 16 times in 1 pattern"),
    ):
        call = Candidate(SIMILAR_LOGS, {"text": text}, whole_line=True)
        page = await SIMILAR_LOGS.call(call.arguments, failing)
        assert (await compose(page, call, failing)).text.startswith(begins)
