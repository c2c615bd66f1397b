"""`make bench-memory`: what the server's memory does while it takes millions of events.

usage: memory.py [MILLIONS]   5 by default

The same 100,000 events again and again, each time with other uids, so that all of them are new.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

import httpx2
import zstandard
from ingest_rate import IN_FLIGHT, ROWS, bodies
from store import Bench

_MARK = b'"uid":"'
_LOOKS = 10


async def main(millions: int) -> None:
    """Print resident memory after each tenth, and the last beside the first."""
    rounds = millions * 1_000_000 // ROWS
    with tempfile.TemporaryDirectory(prefix="devmesh-bench-") as folder:
        bench = Bench(Path(folder))
        await bench.server.join()
        try:
            with bench.serving("bench_memory") as client:
                seen = await _resident(str(client.base_url), bench.served, rounds)
        finally:
            await bench.server.leave()
    print(f"from {seen[0]:.0f} to {seen[-1]:.0f} MiB: x{seen[-1] / seen[0]:.2f}")


async def _resident(url: str, pid: int, rounds: int) -> list[float]:
    batches, seen = bodies(), []
    headers = {"Content-Encoding": "zstd", "Content-Type": "application/json"}
    async with httpx2.AsyncClient(base_url=url, timeout=60, headers=headers) as client:
        for number in range(1, rounds + 1):
            await _send(client, batches, number)
            if number % max(1, rounds // _LOOKS) == 0:
                seen.append(_mebibytes(pid))
                print(f"{number * ROWS:12,} events {seen[-1]:9.0f} MiB resident", flush=True)
    return seen


async def _send(client: httpx2.AsyncClient, batches: list[bytes], number: int) -> None:
    left = iter(batches)
    new = _MARK + f"{number}-".encode()

    async def work() -> None:
        for batch in left:
            body = zstandard.compress(batch.replace(_MARK, new))
            told = (await client.post("/ingest/logs", content=body)).raise_for_status().json()
            if told["duplicates"] or told["rejected"]:
                raise ValueError(f"not all were new: {told}")

    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))


def _mebibytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [resident] = [line.split()[1] for line in lines if line.startswith("VmRSS")]
    return int(resident) / 1024


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
