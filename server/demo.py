"""`devmesh demo`: real entries all the way to three answers, then everything is stopped.

The machine's own journal is shipped when it is readable and has entries, else the recorded
sample, its times moved so that it ends now.
"""

import asyncio
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import as_file, files

import uvicorn

from server.app import Home, home
from server.asking import agent_for, embed_waiting
from server.http_app import http_app
from server.serve import Server
from server.settings import ServerSettings
from server.show import Screen
from shipper.errand import Errand
from shipper.errors import ShipperError
from shipper.run import Shipper
from shipper.settings import ShipperSettings
from tools.errors import DevMeshError
from tools.ports import Filter

QUESTIONS = (
    "Show me all logs for service nginx in the last 1 hour",
    "Show me all ERROR logs across all services in the last day",
    "Find logs similar to this error: connection refused by upstream",
)
RECORDED = (
    "no readable journal with entries here: shipping the recorded sample, moved in time so that it "
    "ends now; times inside its messages stay as recorded"
)
_ROWS = 12
_POLL = 0.3


async def run_demo(settings: ServerSettings) -> None:
    """Run the demo in a state folder of its own, made anew each time."""
    screen = Screen()
    folder = settings.state_dir / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    settings = settings.model_copy(
        update={"state_dir": folder, "host": "127.0.0.1", "port": _free_port()}
    )
    async with home(settings) as parts:
        screen.say(f"starting a private MariaDB and the server on port {settings.port}", "bold")
        async with _server(parts):
            await _ship(parts, screen)
            await embed_waiting(parts, screen)
            await _ask(parts, screen)
    screen.say("")
    screen.say("everything is stopped; the data stays for questions of your own:", "bold")
    question = "what did sshd log in the last 2 hours?"
    screen.say(f'  DEVMESH_STATE_DIR={folder} {sys.argv[0]} ask "{question}"')


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def _server(parts: Home) -> AsyncIterator[None]:
    config = uvicorn.Config(
        http_app(parts), port=parts.settings.port, log_config=None, access_log=False
    )
    server = Server(config)
    server.stops = ()  # Ctrl-C ends the demo, and the server with it
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            if task.done():
                task.result()
            await asyncio.sleep(0.05)
        yield
    finally:
        server.should_exit = True
        await task


async def _ship(parts: Home, screen: Screen) -> None:
    """The own journal if there is one, else the sample; a bar counts the rows that arrive."""
    if await _shipped(
        parts, screen, Errand(journal=True, follow=False), "shipping this machine's journal"
    ):
        return
    screen.say(RECORDED)
    with as_file(files("shipper.sample") / "journal.export.zst") as sample:
        errand = Errand(export=str(sample), shift_to_now=True)
        if not await _shipped(parts, screen, errand, "shipping the sample"):
            raise DevMeshError("the recorded sample could not be shipped")


async def _shipped(parts: Home, screen: Screen, errand: Errand, task: str) -> int:
    """How many rows an errand brought; 0 when there was nothing to ship or no right to."""
    settings = parts.settings
    shipping = ShipperSettings(
        server_url=f"http://127.0.0.1:{settings.port}",
        token=settings.token,
        token_file=settings.token_file,
        state_dir=settings.state_dir,
    )
    running = asyncio.create_task(Shipper(shipping, asyncio.Event()).run(errand))
    with screen.progress(task) as report:
        while not running.done():
            await asyncio.wait({running}, timeout=_POLL)
            report(await _rows(parts), None)
    try:
        running.result()
    except* ShipperError as errors:
        screen.say("; ".join(str(error) for error in errors.exceptions), "dim")
    return await _rows(parts)


async def _rows(parts: Home) -> int:
    deps = await parts.deps()
    return await deps.store.count_events(Filter()) or 0


async def _ask(parts: Home, screen: Screen) -> None:
    async with agent_for(parts.settings) as agent:
        deps = await parts.deps()
        for question in QUESTIONS:
            screen.say("")
            screen.say(f"? {question}", "bold")
            screen.answer(await agent.ask(question, deps), _ROWS)
