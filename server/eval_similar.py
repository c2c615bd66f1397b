"""`devmesh eval similar`: how well meaning is found, on judged queries over the Loghub samples.

Loghub: Zhu et al., ISSRE 2023, https://github.com/logpai/loghub; its lines are loaded with
service = data set, and templates are ranked by their best pattern.
"""

import asyncio
import csv
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from server.eval_calls import read_cases
from sql.store import MariaStore
from tools.ingest_logs import INGEST_LOGS
from tools.masking import mask, pattern_key
from tools.ports import Deps, PatternIndex

Template = tuple[str, str]
Report = Callable[[int, int | None], None]

_BATCH = 2_000


async def load_loghub(folder: Path, deps: Deps, report: Report) -> dict[bytes, set[Template]]:
    """Store every line; the templates (data set, event id) that each pattern stands for."""
    templates: dict[bytes, set[Template]] = {}
    sets = await asyncio.to_thread(_read_sets, folder)
    for done, (name, rows) in enumerate(sets.items(), 1):
        for content, event_id in rows:
            key = pattern_key(name, mask(content))
            templates.setdefault(key, set()).add((name, event_id))
        events = [
            {"message": content, "service": name, "uid": f"{name}-{n}", "host": "loghub"}
            for n, (content, _) in enumerate(rows)
        ]
        for begin in range(0, len(events), _BATCH):
            await INGEST_LOGS.call({"events": events[begin : begin + _BATCH]}, deps)
        report(done, len(sets))
    return templates


def _read_sets(folder: Path) -> dict[str, list[Template]]:
    """Content and event id of every line, by data set."""
    sets = {}
    for file in sorted(folder.glob("*/*_structured_corrected.csv")):
        with file.open(encoding="utf-8", errors="replace", newline="") as text:
            rows = csv.DictReader(text)
            sets[file.parent.name] = [(row["Content"], row["EventId"]) for row in rows]
    return sets


async def evaluate_similar(
    queries: Path, index: PatternIndex, store: MariaStore, templates: dict[bytes, set[Template]]
) -> dict[str, Any]:
    """R@10, MRR, nDCG@10 and S@5 over templates, and milliseconds a query."""
    stored = await store.vectors.load("", 0, 1_000_000)
    patterns = {row.id: pattern_key(row.service, row.text) for row in stored}
    by_id = {key: sorted(templates.get(name, ())) for key, name in patterns.items()}
    scores: list[tuple[float, float, float, float]] = []
    times = []
    for case in await asyncio.to_thread(read_cases, queries):
        began = time.perf_counter()
        ranked = await index.rank(case["query"])
        times.append((time.perf_counter() - began) * 1000)
        relevant = {(entry["dataset"], entry["event_id"]) for entry in case["relevant"]}
        found = list(dict.fromkeys(t for one in ranked for t in by_id[one.pattern_id]))
        scores.append(_scores([template in relevant for template in found], len(relevant)))
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


def _scores(hits: list[bool], relevant: int) -> tuple[float, float, float, float]:
    """Recall at 10, reciprocal rank, nDCG at 10, success at 5."""
    recall = sum(hits[:10]) / relevant
    rank = next((1 / place for place, hit in enumerate(hits, 1) if hit), 0.0)
    gain = sum(1 / math.log2(place + 1) for place, hit in enumerate(hits[:10], 1) if hit)
    ideal = sum(1 / math.log2(place + 1) for place in range(1, min(relevant, 10) + 1))
    return recall, rank, gain / ideal, float(any(hits[:5]))
