"""The questions that the store benchmark asks of DevMesh and of its peers, over the same rows."""

import random
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from filled import services

from tools.cursor import Cursor, write_cursor
from tools.query_logs import QueryLogs

EACH = 40
DEPTH = 1_000_000


@dataclass(frozen=True)
class Question:
    """One question in each dialect; None where a peer cannot answer it."""

    name: str
    rest: tuple[str, dict[str, Any]]
    duckdb: str
    journalctl: list[str] | None = None


def questions(now: datetime, deep: tuple[datetime, int]) -> dict[str, Callable[[], Question]]:
    """What makes a question of each kind, another one at every call."""
    dice = random.Random(3)

    def window() -> Question:
        service = dice.choice(services())
        end = now - timedelta(minutes=dice.randrange(29 * 24 * 60))
        start = end - timedelta(hours=6)
        where = f"service = '{service}' AND {_between(start, end)}"
        asked = {"service": service, "start_time": start.isoformat(), "end_time": end.isoformat()}
        units = [f"_SYSTEMD_UNIT={service}", *_since(start, end)]
        return Question("service, 6 h", ("/query/logs", asked), _page(where), units)

    def errors() -> Question:
        start = now - timedelta(days=1, seconds=dice.randrange(3_000))
        where = f"level = 'ERROR' AND {_between(start, now)}"
        asked = {"level": "ERROR", "start_time": start.isoformat(), "end_time": now.isoformat()}
        return Question(
            "ERROR, last day",
            ("/query/logs", asked),
            _page(where),
            ["-p", "3..3", *_since(start, now)],
        )

    def next_page() -> Question:
        moment = deep[0] - timedelta(seconds=dice.randrange(600))
        question = QueryLogs().model_dump_json(exclude={"cursor", "limit", "offset"})
        cursor = write_cursor(Cursor((moment, deep[1]), None, None, None), question)
        where = f"timestamp <= {_at(moment)} AND (timestamp < {_at(moment)} OR id < {deep[1]})"
        return Question(
            "next page at 1,000,000", ("/query/logs", {"cursor": cursor}), _page(where, count=False)
        )

    def by_service() -> Question:
        start = now - timedelta(days=30) + timedelta(seconds=dice.randrange(90_000))
        asked = {
            "group_by": "service",
            "start_time": start.isoformat(),
            "end_time": now.isoformat(),
        }
        sql = f"SELECT service, COUNT(*) FROM e WHERE {_between(start, now)} GROUP BY 1 ORDER BY 2 DESC"
        return Question("counts by service, 30 days", ("/stats/logs", asked), sql)

    def new() -> Question:
        start = now - timedelta(hours=1, seconds=dice.randrange(600))
        asked = {"new_only": "true", "start_time": start.isoformat(), "end_time": now.isoformat()}
        sql = (
            f"SELECT pattern_id, COUNT(*) FROM e WHERE {_between(start, now)} AND pattern_id NOT IN "
            f"(SELECT pattern_id FROM e WHERE timestamp < {_at(start)}) GROUP BY 1"
        )
        return Question("new patterns, last hour", ("/patterns/logs", asked), sql)

    return {one.__name__: one for one in (window, errors, next_page, by_service, new)}


def _at(moment: datetime) -> str:
    return f"TIMESTAMP '{moment.astimezone(UTC).replace(tzinfo=None)}'"


def _between(start: datetime, end: datetime) -> str:
    return f"timestamp >= {_at(start)} AND timestamp < {_at(end)}"


def _page(where: str, count: bool = True) -> str:
    page = f"SELECT * FROM e WHERE {where} ORDER BY timestamp DESC, id DESC LIMIT 20"
    return f"SELECT COUNT(*) FROM e WHERE {where}; {page}" if count else page


def _since(start: datetime, end: datetime) -> list[str]:
    return [f"--since=@{start.timestamp():.0f}", f"--until=@{end.timestamp():.0f}"]


Maker = Callable[[], Question]
Asker = Callable[[Question], object]


def times(make: Maker, ask: Asker) -> list[float]:
    """Milliseconds of EACH questions of a kind, rising; two before them do not count."""
    [found] = times_in_turn([(make, ask)])
    return found


def times_in_turn(asks: Sequence[tuple[Maker, Asker]]) -> list[list[float]]:
    """The same of several, a question of each after the other."""
    found: list[list[float]] = [[] for _ in asks]
    for number in range(EACH + 2):
        for (make, ask), took in zip(asks, found, strict=True):
            question = make()
            begin = time.perf_counter()
            ask(question)
            if number > 1:
                took.append((time.perf_counter() - begin) * 1e3)
    return [sorted(took) for took in found]


def p95(found: list[float]) -> float:
    """The 95th percentile of rising numbers."""
    return found[int(len(found) * 0.95)]


def of_devmesh(client: httpx2.Client) -> Callable[[Question], object]:
    """Asks over HTTP, totals and coverage included."""

    def ask(question: Question) -> object:
        path, arguments = question.rest
        return client.get(path, params=arguments).raise_for_status().content

    return ask


def of_duckdb(file: Path) -> Callable[[Question], object]:
    """Asks DuckDB in process, over the rows in its own format."""
    import duckdb

    connection = duckdb.connect(str(file), read_only=True)

    def ask(question: Question) -> object:
        return [connection.execute(part).fetchall() for part in question.duckdb.split("; ")]

    return ask


def of_journalctl(folder: Path) -> Callable[[Question], object]:
    """Asks journalctl for the newest 20 entries; it counts nothing."""

    def ask(question: Question) -> object:
        command = ["journalctl", "-D", str(folder), "-n", "20", "-o", "json", "--no-pager"]
        return subprocess.run(
            [*command, *(question.journalctl or ())], check=True, capture_output=True
        )

    return ask
