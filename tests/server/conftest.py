"""The real HTTP app on a free port, the real model, and child processes for the server's tests."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from server.agent import Agent
from server.app import Home
from server.app import home as opened
from server.http_app import http_app
from server.llm import LocalModel
from server.settings import ServerSettings


@pytest.fixture(scope="session")
def need() -> Callable[[bool, str], None]:
    """Skips at a desk where something is missing; in CI that is a failure."""

    def check(present: bool, what: str) -> None:
        if present:
            return
        if os.environ.get("CI"):
            pytest.fail(f"{what} is missing, and CI must have it")
        pytest.skip(f"{what} is missing")

    return check


@asynccontextmanager
async def _listening(parts: Home) -> AsyncIterator[str]:
    """The app of `parts` on a free port of this machine, in this loop."""
    place = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(http_app(parts), log_config=None, access_log=False, lifespan="on")
    config.timeout_graceful_shutdown = 5
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[place]))
    try:
        while not server.started:
            if task.done():
                task.result()
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{place.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        place.close()


@pytest.fixture(scope="session")
def listening() -> Callable[[Home], AbstractAsyncContextManager[str]]:
    """`async with listening(parts) as base`: the real app over parts made by the test."""
    return _listening


Serving = Callable[[ServerSettings], AbstractAsyncContextManager[httpx2.AsyncClient]]


@pytest.fixture(scope="session")
def serving() -> Serving:
    """`async with serving(settings) as client`: the real app over real parts."""

    @asynccontextmanager
    async def run(settings: ServerSettings) -> AsyncIterator[httpx2.AsyncClient]:
        async with opened(settings) as parts, _listening(parts) as base:
            async with httpx2.AsyncClient(base_url=base, timeout=60) as client:
                yield client

    return run


@pytest.fixture
async def client(settings: ServerSettings, serving: Serving) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the running app on an empty database."""
    async with serving(settings) as client:
        yield client


def _event(number: int) -> dict[str, Any]:
    """One of the 300 events: every service, host and level in known numbers, a minute apart."""
    service, message = _LINES[number % len(_LINES)]
    return {
        "timestamp": (datetime.now(UTC) - timedelta(minutes=number + 1)).isoformat(),
        "service": service,
        "host": ("alpha", "beta", "gamma")[number % 3],
        "level": "ERROR" if "refused" in message or "failed" in message else "INFO",
        "message": message.format(number),
        "uid": f"known-{number}",
    }


_LINES = (
    ("nginx", "connect() failed (111: Connection refused) while connecting to upstream, req {}"),
    ("nginx", "GET /orders/{} 200 12ms"),
    ("sshd", "Accepted publickey for deploy from 10.0.0.7 port {} ssh2"),
    ("cron", "(root) CMD (run-parts /etc/cron.hourly) job {}"),
    ("billing", "payment {} failed: card declined"),
)


@pytest.fixture(scope="session")
def known_events() -> Callable[[], list[dict[str, Any]]]:
    """Makes 300 events of the last five hours, of 4 services, 3 hosts and 2 levels."""
    return lambda: [_event(number) for number in range(300)]


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], str]:
    """The folder of a real model of a width, with random weights."""
    made: dict[int, Path] = {}

    def folder(width: int) -> str:
        if width not in made:
            made[width] = _make_tiny_model(tmp_path_factory.mktemp("tiny") / f"w{width}", width)
        return str(made[width])

    return folder


_TINY_WORDS = (
    "connect connection refused failed upstream payment card declined disk full user logged in "
    "timed out request web billing nginx kernel alpha beta pattern number"
)


def _make_tiny_model(folder: Path, width: int) -> Path:
    """A BERT of two layers with random weights and words of one letter or a few; its folder."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizer

    torch.manual_seed(width)
    folder.mkdir(parents=True)
    letters = [chr(code) for code in range(33, 127)]
    pieces = [f"##{letter}" for letter in letters]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = dict.fromkeys([*special, *letters, *pieces, *_TINY_WORDS.split()])
    numbers = {piece: number for number, piece in enumerate(vocabulary)}
    bert = folder / "bert"
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=width,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=2 * width,
        max_position_embeddings=128,
    )
    BertModel(config).save_pretrained(bert)
    BertTokenizer(vocab=numbers).save_pretrained(bert)
    made = folder / "model"
    transformer = Transformer(str(bert), max_seq_length=64)
    SentenceTransformer(modules=[transformer, Pooling(width)], device="cpu").save(str(made))
    return made


@pytest.fixture(scope="session")
async def agent(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Agent]:
    """The agent over the packaged model, loaded once."""
    model = LocalModel(None, tmp_path_factory.mktemp("models"))
    yield Agent(model)
    model.close()


@pytest.fixture
def environment(settings: ServerSettings) -> dict[str, str]:
    """What a child process needs to work on the test's database."""
    assert settings.database_url is not None
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(settings.state_dir),
        "DEVMESH_STATE_DIR": str(settings.state_dir),
        "DEVMESH_CONFIG": "/nonexistent",
        "DEVMESH_DATABASE_URL": settings.database_url.get_secret_value(),
    }
