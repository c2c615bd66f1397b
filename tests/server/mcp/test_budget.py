"""No answer is longer than its caller asked for, whatever the rows hold, and no row is lost by it."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import orjson
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st
from mcp import Client
from mcp_types import CallToolResult

from server.app import Home
from server.mcp_door import mcp_server
from server.mcp_tools import LEAST_CHARS
from tools.answers import STRUCTURED_TIMES

_PIECES = st.sampled_from(
    ["x", '"', "\\", "\n", "é", "日本", "\x1b[31m", "disk full ", "\u202e", "{"]
)
_NAMES = st.text('ab"\\<é', min_size=1, max_size=255)
_EVENTS = st.lists(
    st.fixed_dictionaries(
        {"message": st.builds(lambda piece, n: piece * n, _PIECES, st.integers(1, 3_000))},
        optional={
            "host": _NAMES,
            "source": _NAMES,
            "level": st.sampled_from(["INFO", "ERROR"]),
            "trace_id": st.text("ab", min_size=1, max_size=64),
            "error_code": st.text("E1", min_size=1, max_size=50),
        },
    ),
    min_size=1,
    max_size=60,
)
_LABELS = st.dictionaries(_NAMES, _NAMES, max_size=12)
_CHARS = st.integers(LEAST_CHARS, 3 * LEAST_CHARS)
_START = datetime(2026, 11, 1, tzinfo=UTC)
_numbers = count()


class Checked:
    """A client that measures every answer."""

    def __init__(self, models: Client, chars: int) -> None:
        self._models, self._chars = models, chars

    async def facts(self, tool: str, **arguments: Any) -> tuple[dict[str, Any], str]:
        """The structured answer and the text of a call."""
        result: CallToolResult = await self._models.call_tool(
            tool, arguments | {"max_chars": self._chars}
        )
        text = "".join(getattr(part, "text", "") for part in result.content)
        assert not result.is_error, text
        assert len(text) <= self._chars, (tool, len(text), self._chars)
        facts: dict[str, Any] = result.structured_content or {}
        size = len(orjson.dumps(facts).decode())
        assert size <= self._chars * STRUCTURED_TIMES, (tool, size, self._chars)
        return facts, text

    async def every_row(self, **arguments: Any) -> list[int]:
        """The ids of all pages of a query, which all stand in the texts as well."""
        seen: list[int] = []
        while True:
            page, text = await self.facts("query_logs", limit=200, **arguments)
            seen += [row["id"] for row in page["events"]]
            assert all(f"#{row['id']}" in text for row in page["events"])
            if "next_cursor" not in page:
                return seen
            assert f"cursor={page['next_cursor']} " in text
            arguments["cursor"] = page["next_cursor"]

    async def every(self, rows: str, tool: str, **arguments: Any) -> list[dict[str, Any]]:
        """The rows of all pages of a tool without cursors, going on as its hints say."""
        seen: list[dict[str, Any]] = []
        while True:
            page, text = await self.facts(tool, **arguments)
            seen += page[rows]
            if page["complete"]:
                return seen
            assert page["hint"] in text
            arguments["end_time"] = page["hint"].partition("end_time=")[2].partition(",")[0]


@rules(
    max_examples=12, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(events=_EVENTS, labels=_LABELS, chars=_CHARS)
async def test_no_answer_is_over_its_budget(
    home: Home, events: list[dict[str, Any]], labels: dict[str, str], chars: int
) -> None:
    """Of random rows: text within max_chars, JSON within twice that, each row read exactly once."""
    number = next(_numbers)
    service = f"s{number}"
    dated = [
        event
        | {"service": service, "uid": f"{number}-{n}"}
        | {"timestamp": (_START + timedelta(seconds=n // 3)).isoformat()}
        for n, event in enumerate(events)
    ]
    points = [
        {"name": service, "value": n, "labels": labels | {"n": str(n)}}
        | {"timestamp": (_START + timedelta(seconds=n // 2)).isoformat(), "host": "h" * 200}
        for n in range(len(events))
    ]
    async with Client(mcp_server(home.deps, "here", "1", "")) as models:
        checked = Checked(models, chars)
        await models.call_tool("ingest_logs", {"events": dated})
        await models.call_tool("ingest_metrics", {"points": points})
        seen = await checked.every_row(service=service)
        assert len(seen) == len(set(seen)) == len(events)
        folded = await checked.every_row(service=service, fold=True, order="oldest")
        assert set(folded) <= set(seen)
        found = await checked.every("points", "query_metrics", name=service, limit=200)
        assert sorted(point["value"] for point in found) == list(range(len(points)))
        steps = await checked.every("groups", "log_stats", service=service, interval="1s", limit=7)
        assert len({step["start"] for step in steps}) == len(steps)
        assert sum(step["count"] for step in steps) == len(events)
        middle = seen[len(seen) // 2]
        around, _ = await checked.facts("log_context", event_id=middle, scope="everywhere")
        assert middle in {row["id"] for row in around["events"]}
        for column in ("host", "pattern", "error_code"):
            await checked.facts("log_stats", group_by=column, limit=200)
        await checked.facts("log_stats", group_by="host", interval="1m", limit=200)
        await checked.facts("log_patterns", limit=200, start_time="2026-11-01")
        await checked.facts("similar_logs", text="disk full", limit=100)
        await checked.facts("query_logs", service=f"not {service}")


async def test_a_long_message_is_a_link_away(home: Home) -> None:
    """What is clipped says how much and where the whole is, in the text and in the structure."""
    async with Client(mcp_server(home.deps, "here", "1", "")) as models:
        await models.call_tool("ingest_logs", {"events": [{"message": "a\nb " * 3_000}]})
        result = await models.call_tool("query_logs", {})
        [row] = (result.structured_content or {})["events"]
        text = "".join(getattr(part, "text", "") for part in result.content)
        assert (
            row["clipped"] == f"+{12_000 - len(row['message'])} chars: devmesh://logs/{row['id']}"
        )
        assert f"… [{row['clipped']}] #{row['id']}" in text
        whole = await models.read_resource(f"devmesh://logs/{row['id']}")
        assert len(orjson.loads(getattr(whole.contents[0], "text", ""))["message"]) == 12_000


async def test_five_thousand_repeats_are_one_row(home: Home) -> None:
    """A long run folds into one line with its count, and the total stays exact."""
    events = [{"message": "link down", "uid": str(n), "timestamp": _START.isoformat()} for n in range(5_000)]  # fmt: skip
    async with Client(mcp_server(home.deps, "here", "1", "")) as models:
        await models.call_tool("ingest_logs", {"events": [*events, {"message": "link up"}][1:]})
        await models.call_tool("ingest_logs", {"events": events[:1]})
        result = await models.call_tool("query_logs", {"fold": True})
        text = "".join(getattr(part, "text", "") for part in result.content)
        assert "(x5,000)" in text
        assert (result.structured_content or {})["total"] == 5_001


EXCLUDED: tuple[tuple[dict[str, Any], list[str]], ...] = (
    ({"service": "web", "level": "FATAL"}, ["level FATAL", "INFO"]),
    ({"service": "web", "source": "syslog"}, ["source 'syslog'", "unknown"]),
    ({"service": "web", "host": "nas"}, ["host 'nas'", "alpha"]),
    ({"start_time": "2026-11-03", "end_time": "2026-11-04"}, ["the time range", "newest at"]),
    ({"contains": "nothing like it"}, ["contains 'nothing like it'"]),
    ({"service": "wbe"}, ["'wbe'", "web"]),
    ({"max_chars": 100}, ["max_chars", "4000"]),
)


async def test_an_empty_answer_names_what_excluded_everything(home: Home) -> None:
    """The filter without which something would match, and the values that it could have."""
    events = [
        {"service": "web", "host": "alpha", "message": "up"},
        {"service": "db", "host": "nas", "message": "up", "level": "FATAL"},
    ]
    async with Client(mcp_server(home.deps, "here", "1", "")) as models:
        await models.call_tool("ingest_logs", {"events": events})
        for arguments, words in EXCLUDED:
            result = await models.call_tool("query_logs", arguments)
            text = "".join(getattr(part, "text", "") for part in result.content)
            assert all(word in text for word in words), text
