"""`make bench-similar`: likeness found by patterns, beside FULLTEXT in MariaDB, beside a vector for
every distinct row in an HNSW index, and beside embedding every row as it comes; all in one run.

usage: similar.py QUERIES LOGHUB   judged queries, and the folder of the Loghub samples
"""

import asyncio
import random
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from many_patterns import PATTERNS, many_patterns
from similar_peers import FulltextRows, VectorRows, every_row

from server.app import Home, home
from server.eval_calls import read_cases
from server.eval_same_event import same_event
from server.eval_similar import (
    LabelledLine,
    evaluate_similar,
    judged,
    load_loghub,
    read_lines,
    summary,
)
from server.settings import ServerSettings

ROOT = Path(__file__).resolve().parents[2]
EACH = 40
"""Lines of every data set that are looked up."""


class Measured(NamedTuple):
    """One way to search: rows embedded, seconds to embed and index them, and quality."""

    embedded: int
    seconds: float
    found: dict[str, Any]


async def ours(parts: Home, queries: Path, loghub: Path) -> Measured:
    """Patterns by meaning and words, in the store that `parts` have."""
    templates = await load_loghub(loghub, await parts.deps(), lambda done, total: None)
    await parts.embedder.width()  # loads the model
    began = time.perf_counter()
    await parts.catch_up()
    seconds = time.perf_counter() - began
    await parts.index.rank("warm")
    found = await evaluate_similar(queries, parts.index, parts.store, templates)
    return Measured(parts.index.state()["indexed"], seconds, found)


async def peer(peer: FulltextRows | VectorRows, cases: list[dict[str, Any]]) -> Measured:
    """A peer over the same queries."""
    began = time.perf_counter()
    await peer.build()
    seconds, scores, times = time.perf_counter() - began, [], []
    for case in cases:
        began = time.perf_counter()
        found = await peer.search(case["query"])
        times.append((time.perf_counter() - began) * 1000)
        scores.append(judged(found, case))
    return Measured(peer.embedded, seconds, summary(scores, times))


def shown(name: str, one: Measured, own: Measured) -> None:
    """A line of the table, with the ratios to ours."""
    quality = [one.found[key] for key in ("recall_at_10", "mrr", "success_at_5")]
    print(
        f"{name:34}"
        + "".join(f"{value:8.3f}" for value in quality)
        + f"{one.embedded:9,} x{one.embedded / own.embedded:<6.1f}"
        + f"{one.seconds:8.1f} x{one.seconds / own.seconds:<6.2f}"
        + f"{one.found['ms_median']:8.1f}{one.found['ms_p95']:8.1f}"
        + f" x{one.found['ms_p95'] / own.found['ms_p95']:<5.2f}",
        flush=True,
    )


async def at_size(parts: Home, lines: list[LabelledLine], cases: list[dict[str, Any]]) -> None:
    """Milliseconds of a ranking, embedding the query included, with PATTERNS patterns."""
    await many_patterns(parts, lines)
    await parts.index.refresh()
    times = []
    for _ in range(4):
        for case in random.Random(1).sample(cases, len(cases)):
            began = time.perf_counter()
            list(islice(await parts.index.rank(case["query"]), 1_000))
            times.append((time.perf_counter() - began) * 1000)
    times.sort()
    middle, late = times[len(times) // 2], times[int(0.95 * (len(times) - 1))]
    count = parts.index.state()["indexed"]
    print(
        f"\nwith {count:,} of {PATTERNS:,} patterns a query takes {middle:.1f} ms, p95 {late:.1f}"
    )


async def main(queries: Path, loghub: Path) -> None:
    """Ours, then the peers, then what only ours is asked."""
    lines = await asyncio.to_thread(read_lines, loghub)
    cases = read_cases(queries)
    print(f"{len(lines):,} rows, {len(cases)} queries\n")
    print(
        f"{'':34}{'R@10':>8}{'MRR':>8}{'S@5':>8}{'embedded':>9}{'':8}{'index s':>8}{'':8}{'ms':>8}{'p95':>8}"
    )
    with tempfile.TemporaryDirectory(prefix="devmesh-bench-") as folder:
        settings = ServerSettings(state_dir=Path(folder), mariadb_prefix=ROOT / ".mariadb")
        async with home(settings) as parts:
            own = await ours(parts, queries, loghub)
            shown("DevMesh", own, own)
            shown("FULLTEXT in MariaDB", await peer(FulltextRows(parts, lines), cases), own)
            for whole in (True, False):
                found = await same_event(lines, parts.index, parts.store, EACH, whole)
                print(f"  a line asked {'whole' if whole else 'stripped'}: S@1 {found:.4f}")
            rate, embedded = await every_row(parts.embedder, lines)
            seconds = len(lines) / rate
            print(
                f"every row at insert: {len(lines):,} x{len(lines) / own.embedded:.1f} embedded, "
                f"{seconds:.0f} s x{seconds / own.seconds:.1f}, extrapolated from {embedded:,}"
            )
            await at_size(parts, lines, cases)
            shown("a vector a distinct row, HNSW", await peer(VectorRows(parts, lines), cases), own)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
