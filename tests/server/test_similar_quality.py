"""How well likeness is found over the Loghub samples, on judged queries; skipped without them."""

from pathlib import Path
from statistics import fmean

import pytest

from server.app import Home
from server.eval_calls import read_cases
from server.eval_same_event import same_event
from server.eval_similar import evaluate_similar, load_loghub, read_lines, templates_by_id
from tools.similar_logs import NOISE, SIMILAR_LOGS, WEAK

UNANSWERABLE = Path(__file__).with_name("unanswerable.txt")
FRESH = Path(__file__).with_name("similar_fresh.jsonl")
SECOND = Path(__file__).with_name("similar_fresh_2.jsonl")


def evaluation_files() -> tuple[Path, Path] | None:
    """The judged queries and the samples, in a folder `shared` beside a folder we are in."""
    for folder in Path(__file__).resolve().parents:
        queries = folder / "shared/eval/similar_public.jsonl"
        if queries.exists():
            return queries, folder / "shared/loghub"
    return None


async def test_quality_stays_above_its_floors(home: Home) -> None:
    """Judged questions, pasted lines, and questions that nothing answers, over 32,000 lines."""
    files = evaluation_files()
    if files is None:
        pytest.skip("the evaluation files are not here")
    queries, loghub = files
    templates = await load_loghub(loghub, await home.deps(), lambda done, total: None)
    await home.catch_up()

    found = await evaluate_similar(queries, home.index, home.store, templates)
    assert found["recall_at_10"] >= 0.80
    assert found["mrr"] >= 0.83
    assert found["success_at_5"] >= 0.90
    fresh = await evaluate_similar(FRESH, home.index, home.store, templates)
    assert fresh["recall_at_10"] >= 0.75
    assert fresh["mrr"] >= 0.70
    second = await evaluate_similar(SECOND, home.index, home.store, templates)
    assert second["recall_at_10"] >= 0.59
    assert second["mrr"] >= 0.39

    lines = read_lines(loghub)
    for whole in (True, False):
        assert await same_event(lines, home.index, home.store, 4, whole) >= 0.96

    deps = await home.deps()
    asked = UNANSWERABLE.read_text().splitlines()
    pages = [await SIMILAR_LOGS.call({"text": text}, deps) for text in asked]
    assert fmean(all(row.weak for row in page.patterns) for page in pages) >= 0.9

    by_id = await templates_by_id(home.store, templates)
    right = []
    for case in read_cases(queries):
        wanted = {(one["dataset"], one["event_id"]) for one in case["relevant"]}
        ranked = list(await home.index.rank(case["query"]))[:10]
        right += [one for one in ranked if wanted & set(by_id[one.pattern_id])]
    assert fmean(one.score < NOISE or one.confidence < WEAK for one in right) <= 0.05
