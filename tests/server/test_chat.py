"""`devmesh chat` at a real terminal and in a pipe: steps, commands, follow-ups, exit status."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from server.agent import Agent
from server.app import Home
from server.calls import Candidate
from server.conversation import Conversation
from server.steps import AskedBack, Called, Done, Step
from server.understanding import Understood
from sql.pool import Address, Pool
from tools.catalogue import tool_named
from tools.ports import Deps
from tools.tool import AnyTool

DEVMESH = str(Path(sys.executable).with_name("devmesh"))
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|[=>()][0-9A-B]?)")

Known = Callable[[], list[dict[str, Any]]]


@pytest.fixture
async def filled(home: Home, environment: dict[str, str], known_events: Known) -> dict[str, str]:
    """The environment of a database that holds the 300 known events."""
    await tool_named("ingest_logs").call({"events": known_events()}, await home.deps())
    return environment


class Terminal:
    """A chat at a pseudo-terminal."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._end, child = pty.openpty()
        self.process = subprocess.Popen(
            ["setsid", "--ctty", DEVMESH, "chat"],  # its own terminal, so that Ctrl-C is a signal
            env={**environment, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"},
            stdin=child,
            stdout=child,
            stderr=child,
        )
        os.close(child)
        self.seen = ""

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._end, text.encode())

    def until(self, pattern: str, seconds: float = 60) -> str:
        """What comes until it matches; it is taken off what was seen."""
        deadline = time.monotonic() + seconds
        while not (match := re.search(pattern, plain(self.seen))):
            assert time.monotonic() < deadline, plain(self.seen)
            if select.select([self._end], [], [], 0.2)[0]:
                self.seen += os.read(self._end, 65536).decode("utf-8", "replace")
        found, self.seen = plain(self.seen)[: match.end()], plain(self.seen)[match.end() :]
        return found

    def close(self) -> None:
        """Let go, whatever state it is in."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._end)


def plain(text: str) -> str:
    """What a screen shows, roughly: no escapes."""
    return _ESCAPES.sub("", text)


@pytest.fixture
def terminal(filled: dict[str, str]) -> Iterator[Terminal]:
    """A chat that has greeted."""
    chat = Terminal(filled)
    yield chat
    chat.close()


def test_a_person_asks_follows_up_and_opens_a_citation(terminal: Terminal) -> None:
    """Question, follow-up, /show of a cited row, /sql, an error that ends nothing, Ctrl-C, Ctrl-D."""
    terminal.until(r"/help tells more")
    terminal.type("how many errors of nginx today and yesterday?\r")
    first = terminal.until(r"coverage: .*")
    assert '→ log_stats service="nginx" level="ERROR"' in first
    cited = re.findall(r"#(\d+)", first)
    terminal.type("and of billing?\r")
    assert "of billing" in terminal.until(r"coverage: .*")
    terminal.type(f"#{cited[-1]}\r")
    assert "nginx" in terminal.until(r"message\s+connect\(\) failed.*upstream, req \d+")
    terminal.type("/sql\r")
    terminal.until(r"log_counts[\s\S]*;")
    terminal.type("/show none\r")
    # Between two prompts the terminal itself takes Ctrl-C and Ctrl-D: each waits for its prompt.
    terminal.until(r"must be the number of an event[\s\S]*\?")
    terminal.type("half a line\x03")
    terminal.until(r"half a line[\s\S]*\?")
    terminal.type("\x04")
    assert terminal.process.wait(20) == 0


async def test_ctrl_c_stops_an_answer_and_not_the_chat(
    terminal: Terminal, database: Address
) -> None:
    """While a table is locked the answer waits; stopped, the next prompt comes, and Ctrl-D ends."""
    pool = Pool(database)
    async with pool.connection() as lock:
        await lock.execute("LOCK TABLES log_events WRITE")
        terminal.until(r"/help tells more")
        terminal.type('lines with "refused" in the last day\r')
        terminal.until(r"→ query_logs")
        terminal.type("\x03")
        terminal.until(r"stopped[\s\S]*\?")
        await lock.execute("UNLOCK TABLES")
    await pool.close()
    terminal.type("\x04")
    assert terminal.process.wait(20) == 0


def piped(
    environment: dict[str, str], lines: str, *options: str
) -> subprocess.CompletedProcess[str]:
    """What a chat does with lines from a pipe."""
    return subprocess.run(
        [DEVMESH, "chat", *options],
        env=environment,
        input=lines,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_pipe_is_answered_line_by_line(filled: dict[str, str]) -> None:
    """Answers in order without escape codes; an error is said and is the exit status."""
    done = piped(filled, "errors of nginx\n\n/help\n")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert '? errors of nginx\n→ query_logs service="nginx" level="ERROR"' in done.stdout
    assert "60 ERROR events of nginx" in done.stdout and "/context 123" in done.stdout
    failed = piped(filled, "/nope\nerrors of billing\n/quit\nerrors of nginx\n")
    assert failed.returncode == 2
    assert "'/nope'" in failed.stderr and "billing" in failed.stdout
    assert "nginx" not in failed.stdout


def test_json_lines_are_the_steps(filled: dict[str, str]) -> None:
    """--json gives one object a step, ending with the answer."""
    done = piped(filled, "errors of billing in the last day\n", "--json")
    steps = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert [step["event"] for step in steps] == ["round", "call", "rows", "answer", "done"]
    assert steps[1]["tool"] == "query_logs"
    assert steps[-1]["citations"] == steps[3]["citations"] != []
    assert len(steps[2]["result"]["events"]) == 60


class _Unsure:
    """An understanding that has to ask back until the level is named."""

    async def understand(
        self, question: str, deps: Deps, past: Sequence[Candidate] = ()
    ) -> Understood:
        call = Candidate(tool_named("query_logs"), {"service": "nginx"})
        back = None if "errors" in question else "Errors only, or everything?"
        return Understood(call, 0.4 if back else 1.0, back, call.text)


async def _nothing(tool: AnyTool) -> None:
    return None


async def _steps(steps: AsyncIterator[Step]) -> list[Step]:
    return [step async for step in steps]


async def test_an_unclear_question_is_asked_back_once_and_the_reply_completes_it(
    agent: Agent, home: Home, filled: dict[str, str]
) -> None:
    """In a chat the question back ends the turn; the short line after it makes the question whole.
    Where nobody can be asked, the answer says what it was unsure of.
    """
    unsure = Agent(agent.model, understanding=_Unsure())
    conversation = Conversation(unsure, home.deps, _nothing)
    asked = await _steps(conversation.ask("what about nginx?"))
    assert asked == [AskedBack("Errors only, or everything?")]
    answered = await _steps(conversation.ask("errors"))
    assert isinstance(answered[-1], Done)
    assert answered[-1].answer.question == "what about nginx errors"
    alone = await unsure.ask("what about nginx?", await home.deps())
    assert alone.unsure == "Errors only, or everything?"
    assert alone.as_json()["unsure"] == alone.unsure
    called = [step for step in answered if isinstance(step, Called)]
    assert called[0].unsure is None
