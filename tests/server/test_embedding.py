"""Vectors as they are made: each once, by one writer, with models that change, lack and fail."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from server.app import Home, home
from server.embedder import Vectors
from server.serving_index import ServingIndex
from server.settings import ServerSettings
from server.steady_embedder import SteadyEmbedder
from sql.vectors import Vectors as VectorStore
from tools.errors import EmbedderUnavailable
from tools.ingest_logs import INGEST_LOGS
from tools.similar_logs import SIMILAR_LOGS, SimilarPage

Tiny = Callable[[int], str]
Listening = Callable[[Home], Any]


class Counting(SteadyEmbedder):
    """A real embedder that notes what it embeds, and can be out of order."""

    def __init__(self, name: str, pause: float = 0.2) -> None:
        super().__init__(name, "cpu", pause)
        self.seen: list[str] = []
        self.slices: list[list[int]] = []
        self.tries = 0
        self.broken = False

    def _embed(self, texts: list[str]) -> Vectors:
        self.tries += 1
        if self.broken:
            raise EmbedderUnavailable("CUDA error: out of memory\nsee the log", 1)
        vectors = super()._embed(texts)
        self.seen += texts
        self.slices.append([len(text) for text in texts])
        return vectors


@asynccontextmanager
async def working(settings: ServerSettings, *embedders: SteadyEmbedder) -> AsyncIterator[Home]:
    """A process's parts with an embedder of our own; further ones are loaded by their names."""
    others = {one.name: one for one in embedders[1:]}
    async with home(settings) as parts:
        parts.embedder.close()
        parts.embedder = embedders[0]
        parts.index = ServingIndex(
            parts.store.vectors, embedders[0], lambda name: others.get(name) or SteadyEmbedder(name)
        )
        await parts.open()
        yield parts


WORDS = ("alpha", "beta", "kernel", "disk", "payment", "web", "nginx", "volume", "card", "request")


async def put(parts: Home, *numbers: int, words: int = 3) -> None:
    """Patterns, each known by its number."""
    events = [
        {"message": f"{' '.join(WORDS[int(d)] for d in f'{n:05}')} {'web ' * (n % words)}failed"}
        for n in numbers
    ]
    await INGEST_LOGS.call({"events": events}, await parts.deps())


async def similar(parts: Home, text: str = "disk payment failed") -> SimilarPage:
    """What the tool says."""
    return await SIMILAR_LOGS.call({"text": text, "limit": 100}, await parts.deps())


async def until(true: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for something that happens by itself."""
    for _ in range(300):
        if await true():
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"{what} within 30 s")


async def rows(parts: Home, text: str) -> list[Any]:
    """The rows of a statement."""
    async with parts.store.pool.connection() as connection:
        return await connection.execute(text)


async def test_each_pattern_is_embedded_once(settings: ServerSettings, tiny_model: Tiny) -> None:
    """By two processes side by side too; slices are of texts of like length, and end equal."""
    first, second = Counting(tiny_model(64)), Counting(tiny_model(64))
    async with working(settings, first) as one, working(settings, second) as other:
        await put(one, *range(300), words=40)
        await asyncio.gather(*(p.index.embed_waiting() for p in (one, other)))
        await put(one, *range(250, 400), words=40)
        while (await one.store.vectors.count_waiting(first.name)).count:
            await asyncio.gather(*(p.index.embed_waiting() for p in (one, other)))
        texts = [text for text in first.seen + second.seen if "failed" in text]
        assert len(texts) == len(set(texts)) == 400
        both = [s for s in first.slices + second.slices if len(s) > 1]
        assert max(map(len, both)) <= 32
        assert sum(max(s) - min(s) for s in both) / len(both) < 40  # of up to 200 letters
        for parts in (one, other):
            await parts.index.refresh()
            state = parts.index.state()
            assert (state["indexed"], state["pending"]) == (400, 0)
            assert "oldest_pending_seconds" not in state
        [[stored]] = await rows(one, "SELECT COUNT(*) FROM log_embeddings_64")
        assert stored == 400


async def test_what_waits_is_told_and_drains(settings: ServerSettings, tiny_model: Tiny) -> None:
    """Pending patterns and the age of the oldest are in the state and in answers."""
    embedder = Counting(tiny_model(64))
    async with working(settings, embedder) as parts:
        await put(parts, 99_999)
        await parts.catch_up()
        await put(parts, *range(600))
        await rows(parts, "UPDATE embedding_models SET added_at = added_at - INTERVAL 1 HOUR")
        await rows(parts, "UPDATE log_patterns SET added_at = added_at - INTERVAL 90 SECOND")
        assert await parts.index.embed_some()
        state = parts.index.state()
        assert (state["pending"], state["indexed"]) == (88, 513)
        assert 90 <= state["oldest_pending_seconds"] < 120
        page = await SIMILAR_LOGS.call({"text": "disk"}, await parts.deps())
        text = "\n".join(SIMILAR_LOGS.lines(page))
        assert "new patterns are not indexed yet, the oldest for 9" in text
        await parts.catch_up()
        assert parts.index.state() == {"model": embedder.name, "indexed": 601, "pending": 0}


async def test_a_failing_model_degrades_and_comes_back(
    settings: ServerSettings, tiny_model: Tiny
) -> None:
    """In the middle of a batch: words rank meanwhile, each part says so, tries get rarer."""
    embedder = Counting(tiny_model(64))
    async with working(settings, embedder) as parts:
        await put(parts, *range(20))
        await parts.catch_up()
        assert "degraded" not in parts.index.state()
        embedder.broken = True
        await put(parts, 77777)
        page = await similar(parts, "volume volume volume failed")
        assert page.patterns[0].pattern.startswith("volume volume")
        assert "CUDA error" in page.index["degraded"] and page.index["pending"] == 1
        [line] = [one for one in SIMILAR_LOGS.lines(page) if one.startswith("ranked by words only")]
        assert "CUDA error: out of memory" in line and "\n" not in line
        tries = embedder.tries
        for _ in range(10):
            await similar(parts)
        assert embedder.tries <= tries + 5  # of twenty: nobody waits for what has just failed
        with pytest.raises(EmbedderUnavailable, match="CUDA"):
            await parts.index.embed_some()
        embedder.broken = False

        async def mended() -> bool:
            try:
                await parts.index.embed_some()
            except EmbedderUnavailable:
                return False
            return "degraded" not in parts.index.state()

        await until(mended, "the model came back")
        assert parts.index.state()["pending"] == 0


async def test_a_closed_embedder_says_so(tiny_model: Tiny) -> None:
    """Who still holds it is told, and no failure goes unheard."""
    embedder = SteadyEmbedder(tiny_model(64))
    await embedder.embed(["one"])
    embedder.close()
    with pytest.raises(EmbedderUnavailable, match="closed"):
        await embedder.embed(["two"])


async def test_pauses_grow_up_to_a_bound(tiny_model: Tiny) -> None:
    """A model that stays broken is tried after twice the time each, and is asked for no more."""
    embedder = Counting(tiny_model(64), pause=0.05)
    embedder.broken = True
    clock = asyncio.get_running_loop().time
    began, moments = clock(), []
    while clock() - began < 2:
        before = embedder.tries
        with pytest.raises(EmbedderUnavailable):
            await embedder.embed(["x"])
        if embedder.tries > before:
            moments.append(clock())
        await asyncio.sleep(0.005)
    embedder.close()
    assert 4 <= len(moments) <= 7  # 0, 0.05, 0.15, 0.35, 0.75, 1.55


async def test_a_missing_folder_is_told_and_found_later(
    settings: ServerSettings, tiny_model: Tiny, tmp_path: Path, listening: Listening
) -> None:
    """/health and answers name the model; once the folder is there, meaning is back by itself."""
    folder = tmp_path / "not" / "there"
    embedder = SteadyEmbedder(str(folder), "cpu", pause=0.2)
    async with working(settings, embedder) as parts, listening(parts) as base:
        await put(parts, *range(5))
        async with httpx2.AsyncClient(base_url=base, timeout=60) as client:
            asked = {"text": "disk failed"}
            page = (await client.get("/similar/logs", params=asked)).json()
            assert page["patterns"] and str(folder) in page["index"]["degraded"]
            health = (await client.get("/health")).json()
            assert health["status"] == "degraded"
            assert str(folder) in health["parts"]["index"]["degraded"]
            assert health["parts"]["index"]["pending"] == 5
            await asyncio.to_thread(shutil.copytree, tiny_model(32), folder)
            worker = asyncio.create_task(parts.keep_embedding())

            async def well() -> bool:
                told = (await client.get("/health")).json()
                return bool(told["status"] == "ok" and told["parts"]["index"]["pending"] == 0)

            await until(well, "health was ok")
            worker.cancel()
            page = (await client.get("/similar/logs", params=asked)).json()
            assert "degraded" not in page["index"] and page["index"]["indexed"] == 5


async def test_the_terminal_degrades_as_well(
    settings: ServerSettings, environment: dict[str, str], tmp_path: Path, spawn: Any
) -> None:
    """`devmesh similar` without its model finds by words, says so, and ends well."""
    async with home(settings) as parts:
        await put(parts, *range(5))
    missing = str(tmp_path / "gone")
    devmesh = Path(sys.executable).with_name("devmesh")
    process = await spawn(
        devmesh, "similar", "disk failed",
        env=environment | {"DEVMESH_EMBEDDING_MODEL": missing},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == 0, err
    assert b"ranked by words only" in out and missing.encode() in out


@pytest.mark.parametrize("widths", [(64, 32), (384, 64)], ids=["new tables", "the first table"])
async def test_the_model_before_serves_until_the_new_one_is_ready(
    settings: ServerSettings, tiny_model: Tiny, widths: tuple[int, int]
) -> None:
    """No answer loses meaning while a model changes; then the old vectors go."""
    old_model, new_model = map(tiny_model, widths)
    async with working(settings, Counting(old_model)) as parts:
        await put(parts, *range(600))
        await parts.catch_up()
        before = await similar(parts)
    old, new = Counting(old_model), Counting(new_model)
    old_name, new_name = old.name, new.name
    async with working(settings, new, old) as parts:
        parts.store.vectors._unwanted_seconds = 0
        meanwhile = await similar(parts)
        assert meanwhile.index["model"] == old_name and "degraded" not in meanwhile.index
        assert [(p.pattern_id, p.score) for p in meanwhile.patterns] == [
            (p.pattern_id, p.score) for p in before.patterns
        ]
        assert await parts.index.embed_some()
        state = parts.index.state()
        assert (state["model"], state["next"]["model"]) == (old_name, new_name)
        assert state["next"]["pending"] == 600 - 512
        await put(parts, 99_999)
        page = await similar(parts)
        assert "takes over when it is ready" in "\n".join(SIMILAR_LOGS.lines(page))
        assert (page.index["model"], page.index["indexed"], page.index["pending"]) == (
            old_name, 601, 0,
        )  # fmt: skip
        assert not await parts.index.embed_some()
        assert parts.index.state() == {"model": new_name, "indexed": 601, "pending": 0}
        page = await similar(parts)
        assert "next" not in page.index and "degraded" not in page.index
        await parts.index.embed_some()
        assert [one.name for one in await parts.store.vectors.models()] == [new_name]
        tables = {w: "log_embeddings" if w == 384 else f"log_embeddings_{w}" for w in widths}
        counts = [(await rows(parts, f"SELECT COUNT(*) FROM {tables[w]}"))[0][0] for w in widths]
        assert counts == [0, 601]


async def test_a_model_that_cannot_follow_leaves_the_old_one_serving(
    settings: ServerSettings, tiny_model: Tiny
) -> None:
    """A new model that fails is told beside the old one, which goes on with what is new."""
    async with working(settings, Counting(tiny_model(64))) as parts:
        await put(parts, *range(30))
        await parts.catch_up()
    broken, old = Counting(tiny_model(32)), Counting(tiny_model(64))
    broken.broken = True
    async with working(settings, broken, old) as parts:
        await put(parts, 55_555)
        with pytest.raises(EmbedderUnavailable):
            await parts.index.embed_some()
        state = parts.index.state()
        assert (state["model"], state["indexed"], state["pending"]) == (old.name, 31, 0)
        assert "degraded" not in state and "CUDA" in state["next"]["degraded"]
        page = await similar(parts)
        assert page.patterns[0].cosine != page.patterns[0].score  # by meaning, not by words alone
        assert "takes over when it is ready: CUDA error" in "\n".join(SIMILAR_LOGS.lines(page))


async def test_an_old_model_that_is_gone_does_not_serve(
    settings: ServerSettings, tiny_model: Tiny, tmp_path: Path
) -> None:
    """When the model before cannot be loaded, the new one serves what it has embedded so far."""
    folder = tmp_path / "old"
    await asyncio.to_thread(shutil.copytree, tiny_model(64), folder)
    async with working(settings, Counting(str(folder))) as parts:
        await put(parts, *range(30))
        await parts.catch_up()
    await asyncio.to_thread(shutil.rmtree, folder)
    async with working(settings, Counting(tiny_model(32))) as parts:
        page = await similar(parts)
        assert page.patterns
        await parts.catch_up()
        page = await similar(parts)
        assert page.index == {"model": parts.embedder.name, "indexed": 30, "pending": 0}


async def test_a_model_of_another_width_under_the_same_name(
    settings: ServerSettings, tiny_model: Tiny, tmp_path: Path
) -> None:
    """A folder whose model was replaced by a wider one is embedded anew, never mixed."""
    folder = tmp_path / "model"
    for width in (64, 32):
        shutil.rmtree(folder, ignore_errors=True)
        await asyncio.to_thread(shutil.copytree, tiny_model(width), folder)
        async with working(settings, Counting(str(folder))) as parts:
            await put(parts, *range(width, width + 9))
            await parts.catch_up()
            page = await similar(parts)
            assert page.index["pending"] == 0, width
            [found] = await rows(
                parts, f"SELECT COUNT(*), MAX(LENGTH(embedding)) FROM log_embeddings_{width}"
            )
            assert found[1] == 4 * width


async def test_vectors_of_the_days_of_one_model_are_kept(settings: ServerSettings) -> None:
    """The migration keeps what was there: its model serves at once, and nothing is made again."""
    from sql.statements import migrations

    async with home(settings) as parts:
        await parts.store.pool.open()
        vector = np.zeros(768, dtype="<f4").tobytes().hex()
        async with parts.store.pool.connection() as connection:
            await connection.run("create_migrations")
            for name, steps in migrations():
                if name < "0013":
                    for step in steps:
                        await connection.execute(step)
                    await connection.run("mark_migration", name=name)
            await connection.execute(
                "ALTER TABLE log_embeddings MODIFY embedding VECTOR(768) NOT NULL"
            )
            await connection.execute(
                f"INSERT INTO log_embeddings (pattern_id, model, embedding) VALUES (1, 'm', x'{vector}')"
            )
        await parts.open()
        vectors: VectorStore = parts.store.vectors
        [model] = await vectors.models()
        assert (model.name, model.width, model.complete) == ("m", 768, True)
        assert {key: len(raw) for key, raw in (await vectors.of("m", [1])).items()} == {1: 3072}
        await vectors.want("narrow", 384)
        await vectors.put("narrow", [(1, bytes(4 * 384))])
        assert set(await vectors.of("narrow", [1])) == set(await vectors.of("m", [1])) == {1}
