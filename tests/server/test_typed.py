"""What the terminal says of its own options: errors, hints, the next page, an empty store."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from server.app import Home
from server.asking import Typed, call_once
from server.cli import app
from server.doctor import examine
from server.restore import import_once
from server.settings import ServerSettings
from server.show import Screen
from server.typed import options_of
from tools.catalogue import tool_named
from tools.errors import BadArguments, BadBatch
from tools.ingest_logs import INGEST_LOGS

COMMANDS = {
    "query": "query_logs",
    "similar": "similar_logs",
    "stats": "log_stats",
    "patterns": "log_patterns",
    "context": "log_context",
}


def options(command: str) -> dict[str, str]:
    """The options of a command by the arguments they stand for."""
    return options_of(get_command(app).commands[command].params)  # type: ignore[attr-defined]


def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command to its end, without a config file."""
    environ = {**os.environ, "DEVMESH_CONFIG": "/nonexistent", **settings}
    command = [sys.executable, "-c", "from server.cli import main; main()", *words]
    return subprocess.run(
        command, env=environ, capture_output=True, text=True, check=False, timeout=60
    )


async def fill(home: Home, count: int) -> None:
    """So many events of one service."""
    now = datetime.now(UTC).isoformat()
    events: list[dict[str, Any]] = [
        {"message": f"line {n}", "service": "shop", "uid": f"u{n}", "timestamp": now}
        for n in range(count)
    ]
    answer = await INGEST_LOGS.call({"events": events}, await home.deps())
    assert answer.accepted == count


@pytest.mark.parametrize(("command", "tool"), COMMANDS.items())
def test_each_option_stands_for_an_argument(command: str, tool: str) -> None:
    """So that an error can be told by it; --json alone is the terminal's own."""
    given = options(command)
    assert given.pop("as_json") == "--json"
    assert set(given) <= set(tool_named(tool).takes.model_fields)


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        ("query", {"start_time": "x"}, {"--since": "must be ISO 8601"}),
        ("query", {"start_time": "1h", "end_time": "2d"}, {"--until": "later than --since"}),
        ("query", {"level": "BOGUS"}, {"--level": "must be one of DEBUG"}),
        ("query", {"cursor": "x"}, {"--cursor": "is not a cursor"}),
        ("stats", {"group_by": "foo"}, {"--by": "must be one of service"}),
        ("patterns", {"new_only": True}, {"--new": "needs --since"}),
        ("similar", {"text": ""}, {"TEXT": "at least 1 character"}),
    ],
)
async def test_an_error_names_what_was_typed(
    settings: ServerSettings, command: str, arguments: dict[str, Any], said: dict[str, str]
) -> None:
    """By its option, and not by the tool's argument."""
    typed = Typed(arguments, options(command))
    with pytest.raises(BadArguments) as caught:
        await call_once(settings, COMMANDS[command], typed, as_json=False)
    told = {problem["field"]: problem for problem in caught.value.problems}
    assert told.keys() == said.keys()
    assert all(words in told[field]["rule"] for field, words in said.items())
    assert all(problem["value"] is not True for problem in told.values())


async def test_the_next_page_is_an_option_away(
    home: Home, settings: ServerSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a page says can be typed as it stands, there and back."""
    await fill(home, 5)
    limited = {"limit": 3, "service": "shop"}
    await call_once(settings, "query_logs", Typed(limited, options("query")), as_json=False)
    first = capsys.readouterr().out
    found = re.search(r"^more: the same command with --cursor (\S+)$", first, re.M)
    assert found, first
    then = Typed(limited | {"cursor": found[1]}, options("query"))
    await call_once(settings, "query_logs", then, as_json=False)
    second = capsys.readouterr().out
    lines = [set(re.findall(r"line \d", text)) for text in (first, second)]
    assert [len(one) for one in lines] == [3, 2] and not lines[0] & lines[1]
    assert re.search(r"^back: the same command with --cursor \S+$", second, re.M)


async def test_a_hint_names_options(
    home: Home, settings: ServerSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    """As an error does."""
    await fill(home, 5)
    typed = Typed({"limit": 1, "group_by": "pattern"}, options("stats"))
    await fill_more(home)
    await call_once(settings, "log_stats", typed, as_json=False)
    assert "raise --limit" in capsys.readouterr().out


async def fill_more(home: Home) -> None:
    """Events of other kinds."""
    events = [{"message": text, "service": "shop"} for text in ("door open", "paper jam")]
    await INGEST_LOGS.call({"events": events}, await home.deps())


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [("query_logs", {}), ("query_logs", {"service": "nginx"}), ("similar_logs", {"text": "x"})],
)
async def test_an_empty_store_is_told_as_one(
    home: Home, tool: str, arguments: dict[str, str]
) -> None:
    """With what fills it; no range is too narrow there."""
    answer = await tool_named(tool).call(arguments, await home.deps())
    assert answer.hint.startswith("No events are stored yet")
    assert "devmesh up" in answer.hint and "devmesh ship" in answer.hint


async def test_a_pattern_tells_what_its_share_is_of(home: Home) -> None:
    """One of three hundred is less than one per cent, and not none."""
    await fill(home, 300)
    await fill_more(home)
    tool = tool_named("log_patterns")
    answer = await tool.call({"start_time": "1h"}, await home.deps())
    lines = tool.lines(answer)[1:4]
    assert lines[0].startswith("x300 99% of events, new, ")
    assert lines[1].startswith("x1 <1% of events, new, ")


async def test_what_is_no_archive_is_refused_as_a_whole(
    settings: ServerSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not line by line."""
    (tmp_path / "passwd").write_text("root:x:0:0:root:/root:/bin/bash\n" * 40)
    with pytest.raises(BadBatch, match="no archive"):
        await import_once(settings, str(tmp_path / "passwd"))
    assert capsys.readouterr().err == ""


async def test_a_day_that_is_not_in_the_files_yet_has_no_size(
    home: Home, settings: ServerSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Doctor says so instead of 0 bytes."""
    await fill(home, 5)
    await examine(settings, as_json=False)
    told = capsys.readouterr().out.partition("bytes on disk by day")[2].partition("settings")[0]
    assert re.search(r"\d{4}-\d\d-\d\d  \S", told)
    assert not re.search(r" 0 ?B$", told, re.M), told


def test_a_count_without_an_end_has_no_question_mark(capsys: pytest.CaptureFixture[str]) -> None:
    """And one with an end has it."""
    with Screen().progress("shipping") as report:
        report(12_210, None)
    assert "12,210" in (told := capsys.readouterr().err) and "?" not in told
    with Screen().progress("embedding") as report:
        report(3, 7)
    assert "3/7" in capsys.readouterr().err


def test_slips_in_names_of_settings_are_told_by_each_command(tmp_path: Path) -> None:
    """Once, on standard error, with what was meant."""
    for command, slip, meant in (
        (["query", "--since", "x"], "DEVMESH_PROT", "DEVMESH_PORT"),
        (["query", "--since", "x"], "DEVMESH_SHIP_REDCAT", "DEVMESH_SHIP_REDACT"),
        (["ship", "--status"], "DEVMESH_SHIP_REDCAT", "DEVMESH_SHIP_REDACT"),
    ):
        told = run(*command, **{slip: "1", "DEVMESH_STATE_DIR": str(tmp_path)}).stderr
        assert told.count(f"{slip} means nothing; did you mean {meant}?") == 1


def test_a_shipper_loads_nothing_of_the_database(tmp_path: Path) -> None:
    """It runs on small machines, for ever."""
    program = (
        "import sys; from server.cli import app; app(['ship', '--status'], standalone_mode=False); "
        "sys.exit('loaded: ' + str({'aiomysql', 'torch', 'mcp', 'server.settings'} & {*sys.modules}))"
    )
    environ = {**os.environ, "DEVMESH_STATE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env=environ
    )
    assert "loaded: set()" in done.stderr, done.stderr


def test_a_file_of_settings_that_is_no_toml_is_told_in_a_line(tmp_path: Path) -> None:
    """By the commands that read it; a shipper has no use for it."""
    config = tmp_path / "config.toml"
    config.write_text("port = [")
    given = {"DEVMESH_CONFIG": str(config), "DEVMESH_STATE_DIR": str(tmp_path)}
    told = run("query", **given)
    assert told.returncode == 2
    assert told.stderr.startswith(f"devmesh: {config}: cannot be read as TOML: ")
    assert "Traceback" not in told.stderr + run("ship", "--status", **given).stderr


def test_a_bad_setting_is_told_without_the_librarys_words() -> None:
    """By the variable and its rule."""
    done = run("query", DEVMESH_RETENTION="soon")
    assert done.returncode == 2
    assert done.stderr.startswith("devmesh: DEVMESH_RETENTION: ")
    assert "Value error" not in done.stderr


def test_the_version_and_the_names_in_help() -> None:
    """--version as everywhere; a client is called CLIENT; chat prints an object an answer."""
    runner = CliRunner()
    version = runner.invoke(app, ["--version"])
    assert version.exit_code == 0 and version.output == runner.invoke(app, ["version"]).output
    told = runner.invoke(app, ["mcp", "config", "--help"]).output
    assert "CLIENT" in told and "HOST" not in told
    assert "an answer" in runner.invoke(app, ["chat", "--help"]).output
