"""`devmesh eval similar`: how well meaning is found, on judged queries over the Loghub samples.

Loghub: Zhu et al., ISSRE 2023, https://github.com/logpai/loghub. Its lines are loaded as
`devmesh ship --file` would send them: whole, as they stand in the file, with the logger or program
that wrote them, only the service is the data set. The labels tell which template (event id) each
line is an instance of; templates are ranked by their best pattern. Times are left out, since the
samples are of many years and times are not asked about.
"""

import asyncio
import csv
import math
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from server.eval_calls import read_cases
from shipper.file_lines import LineCutter
from shipper.file_mapping import LineMapper, Origin
from shipper.line_times import UNKNOWN
from shipper.rules import Rules
from sql.store import MariaStore
from tools.errors import BadArguments
from tools.ingest_logs import INGEST_LOGS
from tools.masking import mask, pattern_key
from tools.ports import Deps, PatternIndex

Template = tuple[str, str]
Scores = tuple[float, float, float, float]
Report = Callable[[int, int | None], None]

_BATCH = 2_000
_LABELS = "_structured_corrected.csv"


async def load_loghub(folder: Path, deps: Deps, report: Report) -> dict[bytes, set[Template]]:
    """Store every line; the templates (data set, event id) that each pattern stands for.

    Raises:
        BadArguments: when a set's lines are not there or not those of its labels.
    """
    templates: dict[bytes, set[Template]] = {}
    lines = await asyncio.to_thread(read_lines, folder)
    for line in lines:
        templates.setdefault(line.key, set()).add(line.template)
    events = [line.event for line in lines]
    for begin in range(0, len(events), _BATCH):
        await INGEST_LOGS.call({"events": events[begin : begin + _BATCH]}, deps)
        report(min(begin + _BATCH, len(events)), len(events))
    return templates


class LabelledLine(NamedTuple):
    """A line of a data set: its event, what it says behind its header, and its template."""

    event: dict[str, Any]
    content: str
    template: Template

    @property
    def key(self) -> bytes:
        """The key of the line's pattern."""
        return pattern_key(self.event["service"], mask(self.event["message"]))


def read_lines(folder: Path) -> list[LabelledLine]:
    """Every line of every data set, with its label. Raises BadArguments."""
    lines = []
    for labels in sorted(folder.glob(f"*/*{_LABELS}")):
        name = labels.parent.name
        log = labels.with_name(labels.name.removesuffix(_LABELS))
        with labels.open(encoding="utf-8", errors="replace", newline="") as text:
            rows = list(csv.DictReader(text))
        events = _events(log, name) if log.exists() else []
        if len(events) != len(rows):
            rule = f"{log.name} must have the {len(rows)} lines that {labels.name} labels"
            raise BadArguments.one("loghub", rule, f"{len(events)} lines")
        lines += [
            LabelledLine(event, row["Content"], (name, row["EventId"]))
            for event, row in zip(events, rows, strict=True)
        ]
    return lines


def _events(log: Path, name: str) -> list[dict[str, Any]]:
    """The events of a file's lines, of one service and without times."""
    cutter, mapper = LineCutter(), LineMapper("loghub", Rules())
    written = log.stat().st_mtime_ns // 1_000
    origin = Origin(str(log), written, written)
    lines = cutter.feed(log.read_bytes())
    if rest := cutter.rest():
        lines.append(rest)
    events = []
    for number, line in enumerate(lines):
        event, _ = mapper.event(line, f"{name}-{number}", origin, UNKNOWN)
        event.pop("timestamp", None)
        events.append(event | {"service": name})
    return events


async def evaluate_similar(
    queries: Path, index: PatternIndex, store: MariaStore, templates: dict[bytes, set[Template]]
) -> dict[str, Any]:
    """R@10, MRR, nDCG@10 and S@5 over templates, and milliseconds a query."""
    by_id = await templates_by_id(store, templates)
    scores: list[Scores] = []
    times = []
    for case in await asyncio.to_thread(read_cases, queries):
        began = time.perf_counter()
        ranked = list(await index.rank(case["query"]))
        times.append((time.perf_counter() - began) * 1000)
        scores.append(judged((t for one in ranked for t in by_id[one.pattern_id]), case))
    return summary(scores, times)


async def templates_by_id(
    store: MariaStore, templates: dict[bytes, set[Template]]
) -> dict[int, list[Template]]:
    """The templates that each stored pattern stands for, by its id."""
    stored = await store.vectors.patterns()
    return {row.id: sorted(templates.get(pattern_key(row.service, row.text), ())) for row in stored}


def judged(ranked: Iterable[Template], case: dict[str, Any]) -> Scores:
    """Recall at 10, reciprocal rank, nDCG at 10 and success at 5 of templates, best first."""
    relevant = {(entry["dataset"], entry["event_id"]) for entry in case["relevant"]}
    hits = [template in relevant for template in dict.fromkeys(ranked)]
    recall = sum(hits[:10]) / len(relevant)
    rank = next((1 / place for place, hit in enumerate(hits, 1) if hit), 0.0)
    gain = sum(1 / math.log2(place + 1) for place, hit in enumerate(hits[:10], 1) if hit)
    ideal = sum(1 / math.log2(place + 1) for place in range(1, min(len(relevant), 10) + 1))
    return recall, rank, gain / ideal, float(any(hits[:5]))


def summary(scores: Sequence[Scores], times: Sequence[float]) -> dict[str, Any]:
    """Means of the scores; median and 95th percentile of milliseconds."""
    means = [round(statistics.fmean(column), 4) for column in zip(*scores, strict=True)]
    return {
        "n": len(scores),
        "recall_at_10": means[0],
        "mrr": means[1],
        "ndcg_at_10": means[2],
        "success_at_5": means[3],
        "ms_median": round(statistics.median(times), 1),
        "ms_p95": round(sorted(times)[int(0.95 * (len(times) - 1))], 1),
    }
