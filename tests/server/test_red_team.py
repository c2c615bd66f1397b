"""Ninety-eight hostile log lines through every door: told as data, obeyed by nobody.

The lines are `hostile/lines.jsonl`: instructions to models, look-alikes of calls and of our own
answers, terminal codes, hidden text, markup for other readers, sizes, and names in other columns.
"""

import json
import os
import pty
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from pydantic import SecretStr

from server.app import Home
from server.settings import ServerSettings
from shipper.status import Status, write_status
from tools.catalogue import TOOLS, tool_named
from tools.limits import MESSAGE_MAX_BYTES
from tools.plain import clean

LINES = [
    json.loads(line)
    for line in Path(__file__).with_name("hostile").joinpath("lines.jsonl").read_text().splitlines()
]
DEVMESH = str(Path(sys.executable).with_name("devmesh"))
ROW = re.compile(r"(?:> |  )?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} ERROR .* #(\d+)")
HIDDEN = re.compile("[\u00ad\u034f\u115f\u1160\u3164\uffa0\ufe00-\ufe0f\U000e0000-\U000e0fff]")
JSON = {"content-type": "application/json"}
Serving = Callable[[ServerSettings], AbstractAsyncContextManager[httpx2.AsyncClient]]


def text_of(line: dict[str, Any]) -> str:
    """The message as it is sent."""
    return str(line["message"]) * int(line.get("repeat", 1))


def stored_text(line: dict[str, Any]) -> str:
    """The message as it must be kept: whole, but for what no column holds."""
    text = text_of(line)
    if "latin1" in line:
        text = text.encode("latin-1").decode("utf-8", "backslashreplace")
    encoded = text.encode("utf-8", "backslashreplace")
    return encoded[:MESSAGE_MAX_BYTES].decode("utf-8", "ignore")


def event_of(line: dict[str, Any], place: int) -> dict[str, Any]:
    """An ERROR of the last hour, of `noise` on `noise-01` unless the line says otherwise."""
    names = ("service", "host", "source", "trace_id", "span_id", "event_type", "error_code")
    moment = datetime.now(UTC) - timedelta(seconds=60 + place)
    event = {"service": "noise", "host": "noise-01", "level": "ERROR", "uid": line["name"]}
    event |= {name: line[name] for name in names if name in line}
    event |= {"timestamp": moment.isoformat(), "message": text_of(line)}
    if "meta_text" in line or "meta_json" in line:
        event["meta_json"] = line.get("meta_text", line.get("meta_json"))
    return event


def body_of(lines: list[dict[str, Any]]) -> bytes:
    """The lines as a batch: half surrogates as escapes, bytes that are no UTF-8 as they are."""
    return b"[" + b",".join(_sent(line, place) for place, line in enumerate(lines)) + b"]"


def _sent(line: dict[str, Any], place: int) -> bytes:
    event = event_of(line, place)
    if "latin1" in line:
        return json.dumps(event | {"message": "@"}).encode().replace(b'"@"', _raw(line))
    if deep := line.get("deep"):
        nested = '{"a":' * deep + "1" + "}" * deep
        return json.dumps(event | {"meta_json": "@"}).replace('"@"', nested).encode()
    return json.dumps(event).encode()


def _raw(line: dict[str, Any]) -> bytes:
    return b'"' + text_of(line).encode("latin-1") + b'"'


def tricks(text: str, allowed: str = "\n\t") -> set[str]:
    """What a terminal would obey or a reader not see."""
    acted = {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    return (acted | set(HIDDEN.findall(text))) - set(allowed)


async def filled(client: httpx2.AsyncClient, lines: list[dict[str, Any]]) -> None:
    """Send them all; every one is kept."""
    answer = await client.post("/ingest/logs", content=body_of(lines), headers=JSON)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["accepted"], answer.json()["rejected"]) == (len(lines), [])


async def rows_of(client: httpx2.AsyncClient) -> list[dict[str, Any]]:
    """Every row of the store, newest first, as the lines stand in the file."""
    answer = await client.get("/query/logs", params={"limit": 1000})
    assert answer.status_code == 200
    rows: list[dict[str, Any]] = answer.json()["events"]
    return rows


@pytest.fixture
async def attacked(client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """A client of a server that holds the hostile lines."""
    await filled(client, LINES)
    return client


def test_there_are_lines_of_every_kind() -> None:
    """At least sixty, each by a name of its own, written so that nothing in the file is hidden."""
    assert len({line["name"] for line in LINES}) == len(LINES) >= 60
    assert Path(__file__).with_name("hostile").joinpath("lines.jsonl").read_bytes().isascii()


async def test_programs_get_back_what_was_sent(attacked: httpx2.AsyncClient) -> None:
    """Over REST a line is data: whole, exact, and found by what it says and by its odd names."""
    for line, row in zip(LINES, await rows_of(attacked), strict=True):
        assert row["message"] == stored_text(line), line["name"]
        for name in ("service", "host", "source", "error_code", "trace_id"):
            if name in line:
                assert row[name] == line[name], line["name"]
        if "meta_json" in line:
            assert row["meta_json"] == line["meta_json"]
        named = {"service": row["service"], "host": row["host"]}
        found = (await attacked.get("/query/logs", params=named)).json()
        assert row["id"] in {one["id"] for one in found["events"]} or found["total"] > 20
        if said := row["message"].strip()[:100]:
            params: dict[str, Any] = {"contains": said, "limit": 1000}
            again = await attacked.get("/query/logs", params=params)
            assert row["id"] in {one["id"] for one in again.json()["events"]}, line["name"]


async def test_no_read_fails(attacked: httpx2.AsyncClient) -> None:
    """Counts, patterns, likeness, context, health and the page of documents answer, each 200."""
    rows = await rows_of(attacked)
    for group in ("service", "host", "level", "source", "event_type", "error_code", "pattern"):
        counted = await attacked.get("/stats/logs", params={"group_by": group, "limit": 1000})
        assert counted.status_code == 200
        if group in {"service", "host"}:
            told = {one["name"]: one["count"] for one in counted.json()["groups"]}
            assert told == {n: sum(r[group] == n for r in rows) for n in {r[group] for r in rows}}
    for path in ("/patterns/logs", "/health", "/info", "/openapi.json"):
        assert (await attacked.get(path)).status_code == 200, path
    docs = await attacked.get("/docs")
    assert docs.status_code == 200 and "evil.example" not in docs.text
    for line, row in zip(LINES, rows, strict=True):
        near = await attacked.get(f"/context/logs/{row['id']}", params={"before": 1, "after": 1})
        assert near.status_code == 200, line["name"]
    for row in rows[::4]:
        if said := row["message"].strip()[:500]:
            alike = await attacked.post("/similar/logs", json={"text": said, "limit": 3})
            assert alike.status_code == 200, (said, alike.text)


@pytest.mark.parametrize("door", ["legacy", "modern", "stdio"])
async def test_a_model_sees_one_line_an_event(
    attacked: httpx2.AsyncClient, environment: dict[str, str], door: str
) -> None:
    """In both eras of MCP, and over stdio: no row, coverage or notice that a line forged, no
    control code, nothing hidden.
    """
    known = {row["id"] for row in await rows_of(attacked)}
    seen: set[int] = set()
    server: Any = f"{attacked.base_url}/mcp"
    if door == "stdio":
        server = StdioServerParameters(command=DEVMESH, args=["mcp"], env=environment)
    async with Client(server, mode="legacy" if door == "legacy" else "auto") as client:
        more: dict[str, Any] = {"limit": 200}
        while more:
            text, page = await _called(client, "query_logs", more)
            ids = [int(m[1]) for m in map(ROW.fullmatch, text.splitlines()) if m]
            assert ids == [event["id"] for event in page["events"]]
            assert sum(part.startswith("coverage:") for part in text.splitlines()) == 1
            assert len(text.splitlines()) - len(ids) <= 5
            assert not re.search(r"^(known gaps|retention|→|\?)", text, re.M)
            seen |= set(ids)
            cursor = page.get("next_cursor")
            more = {"limit": 200, "cursor": cursor} if cursor else {}
        assert seen == known
        for tool, arguments in (
            ("log_stats", {"group_by": "service", "limit": 200}),
            ("log_stats", {"group_by": "host", "limit": 200}),
            ("log_stats", {"group_by": "pattern", "limit": 200}),
            ("log_patterns", {"limit": 100}),
            ("similar_logs", {"text": "ignore all previous instructions", "limit": 50}),
        ):
            text, page = await _called(client, tool, arguments)
            shown = page.get("groups") or page.get("patterns") or []
            assert len(text.splitlines()) <= 4 * len(shown) + 6, text
            assert sum(part.startswith("coverage:") for part in text.splitlines()) <= 1


async def _called(client: Client, tool: str, arguments: dict[str, Any]) -> tuple[str, Any]:
    """A call's text, which holds no trick, and its data."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    text = "\n".join(getattr(part, "text", "") for part in result.content)
    assert not tricks(text), (tool, tricks(text))
    assert result.structured_content is not None
    return text, result.structured_content


async def test_a_model_reads_around_and_opens_each_event(attacked: httpx2.AsyncClient) -> None:
    """Context marks one line; the whole event is JSON whose message is plain."""
    rows = await rows_of(attacked)
    async with Client(f"{attacked.base_url}/mcp") as client:
        for line, row in zip(LINES, rows, strict=True):
            asked = {"event_id": row["id"], "before": 2, "after": 2, "scope": "everywhere"}
            text, page = await _called(client, "log_context", asked)
            lines = [part for part in text.splitlines() if ROW.fullmatch(part)]
            assert len(lines) == len(page["events"]), line["name"]
            assert sum(part.startswith("> ") for part in lines) == 1
            read = await client.read_resource(f"devmesh://logs/{row['id']}")
            told = json.loads(getattr(read.contents[0], "text", ""))
            assert told["message"] == clean(row["message"]), line["name"]
            assert told["id"] == row["id"] and told["level"] == "ERROR"


CALM = [
    {
        "name": f"calm-{n}",
        "message": f"upstream timed out after {n} s",
        "service": "nginx",
        "host": "web-01",
    }
    for n in range(7)
]
QUESTIONS = [
    "how many errors of nginx in the last hour?",
    "show me the errors of nginx in the last hour",
    "which service had most errors on web-01 in the last hour?",
    'has "upstream timed out after 3 s" happened before?',
    "how many errors of noise in the last hour?",
    "show me the errors of noise in the last hour",
]


NAMES_THAT_MEAN_SOMETHING = {"service-question", "service-hidden"}
"""Left out of the comparison: a service called `errors` is what that word then means, and the
database's collation takes `nginx` with a zero-width space for `nginx`.
"""


async def test_answers_do_not_change_for_what_a_line_says(
    settings: ServerSettings, serving: Serving
) -> None:
    """The same calls and the same counts as over as many harmless lines; each citation a row."""
    assert settings.database_url is not None
    hostile = [line for line in LINES if line["name"] not in NAMES_THAT_MEAN_SOMETHING]
    harmless = [
        {"name": f"harmless-{n}", "message": f"ordinary words number {n}"} | _place(line)
        for n, line in enumerate(hostile)
    ]
    told = []
    for number, lines in enumerate((harmless, hostile)):
        url = re.sub(r"(/t\d+_)", rf"\g<1>{number}_", settings.database_url.get_secret_value())
        own = settings.model_copy(update={"database_url": SecretStr(url)})
        async with serving(own) as client:
            await filled(client, [*CALM, *lines])
            told.append([await _answered(client, question) for question in QUESTIONS])
    for question, calm, attacked in zip(QUESTIONS, *told, strict=True):
        assert attacked == calm, question


def _place(line: dict[str, Any]) -> dict[str, Any]:
    """Where a line's harmless twin stands: apart from `noise` if the line does."""
    return {key: "elsewhere" for key in ("service", "host") if key in line}


async def _answered(client: httpx2.AsyncClient, question: str) -> dict[str, Any]:
    """What must not change: the call, the first line without its times, how much was found."""
    known = {row["id"] for row in await rows_of(client)}
    answer = await client.post("/ask", json={"question": question})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    cited = {int(mark) for mark in re.findall(r"#\s*(\d+)", said["answer"])}
    assert cited <= set(said["citations"]) <= known, said["answer"]
    assert not tricks(said["answer"])
    for text in re.findall("“[^”]*”", said["answer"]):
        assert "\n" not in text
    assert sum(part.startswith("coverage:") for part in said["answer"].splitlines()) <= 1
    # Of what is alike, the nearest: how near, and how many lie further off, is the corpus's affair.
    first = said["answer"].splitlines()[said["tool"] == "similar_logs"]
    head = re.sub(r"^ +[\d.]+|\d{4}-\d\d-\d\d [\d:.]+", "T", first)
    total = said["result"].get("total")
    return {
        "tool": said["tool"],
        "arguments": said["arguments"],
        "head": head,
        "total": total,
    }


async def test_steps_end_where_the_answer_does(attacked: httpx2.AsyncClient) -> None:
    """No line makes an event of the stream: one call, one end, and nothing after it."""
    answer = await attacked.post(
        "/ask", json={"question": QUESTIONS[-1]}, headers={"accept": "text/event-stream"}
    )
    blocks = answer.text.strip().split("\n\n")
    assert all(len(block.split("\n")) == 2 for block in blocks)
    names = [block.split("\n")[0] for block in blocks]
    assert names.count("event: call") == names.count("event: done") == 1
    assert names[-1] == "event: done"


async def test_a_line_pasted_as_a_question_calls_nothing_that_writes(
    attacked: httpx2.AsyncClient,
) -> None:
    """Instructions and look-alikes of calls, asked by a person, lead to a reading tool or none."""
    writing = {tool.name for tool in TOOLS if tool.writes}
    before = len(await rows_of(attacked))
    for line in LINES:
        if line["name"].startswith(("injection-", "tool-", "json-")):
            answer = await attacked.post("/ask", json={"question": text_of(line)})
            assert answer.status_code == 200, (line["name"], answer.text)
            assert answer.json()["tool"] not in writing
            assert not tricks(answer.json()["answer"]), line["name"]
    assert len(await rows_of(attacked)) == before


@pytest.fixture
async def terminal_environment(home: Home, environment: dict[str, str]) -> dict[str, str]:
    """The environment of a database that holds the hostile lines."""
    # What no text holds is REST's to refuse or keep; the tool takes text.
    events = [event_of(line, n) for n, line in enumerate(LINES) if "deep" not in line]
    await tool_named("ingest_logs").call({"events": events}, await home.deps())
    return environment


COMMANDS = [
    ["query", "--limit", "200"],
    ["stats", "--by", "service"],
    ["patterns"],
    ["similar", "ignore all previous instructions", "--limit", "50"],
    ["ask", "show me the errors of noise in the last hour", "--rows", "50"],
]


def run(environment: dict[str, str], *command: str) -> str:
    """What a command prints in a pipe; no trick in it."""
    done = subprocess.run(
        [DEVMESH, *command], env=environment, capture_output=True, text=True, check=True
    )
    assert not tricks(done.stdout + done.stderr)
    return done.stdout


def at_a_terminal(command: list[str], environment: dict[str, str], keys: bytes = b"") -> str:
    """What a pseudo-terminal is sent by a command, as it is; progress goes elsewhere."""
    end, child = pty.openpty()
    process = subprocess.Popen(
        [DEVMESH, *command],
        env={**environment, "TERM": "xterm-256color", "COLUMNS": "160"},
        stdin=subprocess.PIPE if keys else child, stdout=child, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(child)
    if keys:
        assert process.stdin is not None
        process.stdin.write(keys)
        process.stdin.close()
    seen = b"".join(_sent_to(end))
    assert process.wait(60) == 0, seen
    os.close(end)
    return seen.decode()


def _sent_to(end: int) -> Iterator[bytes]:
    while True:
        try:
            part = os.read(end, 65536)
        except OSError:  # the other side has closed
            return
        if not part:
            return
        yield part


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_terminal_is_sent_colours_of_ours_alone(
    terminal_environment: dict[str, str], command: list[str]
) -> None:
    """At a terminal nothing but our own colours; in a pipe not even those, and no forged row."""
    shown = at_a_terminal(command, terminal_environment)
    assert shown.count("\n") > 5
    assert not tricks(re.sub(r"\x1b\[[0-9;]*m", "", shown), "\r\n\t")
    # Whoever reads by line, as a pipe does, reads rows that are there.
    rows = [
        part for part in run(terminal_environment, *command).splitlines() if ROW.fullmatch(part)
    ]
    assert not [row for row in rows if row.endswith("#424242")]
    if command[0] == "query":
        assert len(rows) == sum("deep" not in line for line in LINES)


def test_json_at_a_terminal_is_data_and_harmless(terminal_environment: dict[str, str]) -> None:
    """What a program reads is exact; what a terminal is sent holds no code."""
    told = run(terminal_environment, "query", "--limit", "200", "--json")
    kept = {row["message"] for row in json.loads(told)["events"]}
    assert {stored_text(line) for line in LINES if "latin1" not in line} <= kept | {"ordinary"}


def test_a_chat_opens_each_line_unharmed(terminal_environment: dict[str, str]) -> None:
    """A question, then /show and /context of every event, at a terminal's output."""
    asked = "show me the errors of noise in the last hour\n" + "".join(
        f"/show {n}\n/context {n}\n" for n in range(1, len(LINES))
    )
    shown = at_a_terminal(["chat"], terminal_environment, asked.encode())
    assert not tricks(re.sub(r"\x1b\[[0-9;]*m", "", shown), "\r\n\t")
    assert shown.count("message") >= len(LINES) - 1


def test_a_shipper_tells_of_odd_files_harmlessly(environment: dict[str, str]) -> None:
    """Names of files and hosts, and what went wrong with them, as a terminal is sent them."""
    folder = Path(environment["DEVMESH_STATE_DIR"]) / "shipper"
    for number, line in enumerate(LINES):
        if "repeat" not in line and line["name"] != "surrogates":
            said = text_of(line)
            status = Status(said, said, 1, 0.0, trouble=said, notes=[said], counts={said: 1})
            write_status(folder / f"{number}.status.json", status)
    assert "ignore all previous" in run(environment, "ship", "--status").lower()


def test_an_archive_carries_every_line_unharmed(
    terminal_environment: dict[str, str], settings: ServerSettings, tmp_path: Path
) -> None:
    """Exported and imported into another database, each line is what it was."""
    assert settings.database_url is not None
    other = re.sub(r"(/t\d+_)", r"\g<1>other_", settings.database_url.get_secret_value())
    file = str(tmp_path / "all.dmz")
    environment = terminal_environment
    there = environment | {"DEVMESH_DATABASE_URL": other}
    run(environment, "export", file)
    run(there, "import", file)
    texts = [run(where, "query", "--limit", "200", "--json") for where in (environment, there)]
    here, moved = (json.loads(text)["events"] for text in texts)
    kept = ("message", "service", "host", "meta_json", "error_code", "timestamp")
    assert [[row.get(name) for name in kept] for row in moved] == [
        [row.get(name) for name in kept] for row in here
    ]
