"""`devmesh serve` and `devmesh up`: the server's process, from start to a clean stop."""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import uvicorn

from server.app import home
from server.http_app import http_app
from server.settings import ServerSettings
from shipper.errand import Errand
from shipper.errors import ShipperError
from shipper.notify import Notifier
from shipper.run import Shipper
from shipper.settings import ShipperSettings
from tools.errors import BadArguments

_log = logging.getLogger(__name__)

_STOP_SECONDS = 5


class Server(uvicorn.Server):
    """uvicorn without its signal handling, which ends the process by the signal's default action:
    a database of ours would be left running. `stops` are the signals that ask it to stop;
    `notifier` is told when it listens, and when it stops.
    """

    stops: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM)
    notifier = Notifier()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self.started:
            self.notifier.tell("READY=1")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let open requests end, at most for the time that the configuration gives them."""
        self.notifier.tell("STOPPING=1")
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ask for a stop on `stops`; a second SIGINT does not wait for open requests."""
        loop = asyncio.get_running_loop()
        for number in self.stops:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in self.stops:
                loop.remove_signal_handler(number)


async def serve(settings: ServerSettings, errand: Errand | None = None) -> None:
    """Serve until SIGINT or SIGTERM; with an errand, ship into our own server meanwhile.

    Raises:
        BadArguments: for an address others can reach without a token to keep them out.
    """
    check_exposure(settings)
    notifier = Notifier(settings.notify_socket, settings.watchdog_usec)
    async with notifier.watched(), home(settings, background=True) as parts:
        server = Server(
            uvicorn.Config(
                http_app(parts),
                host=settings.host,
                port=settings.port,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=_STOP_SECONDS,
            )
        )
        server.notifier = notifier
        async with _shipping(settings, errand):
            await server.serve()


def check_exposure(settings: ServerSettings) -> None:
    """Refuse to listen beyond this machine without a token."""
    if not settings.loopback_only and not settings.bearer_token:
        rule = (
            "an address that other machines reach needs DEVMESH_TOKEN or DEVMESH_TOKEN_FILE "
            "to be set"
        )
        raise BadArguments.one("DEVMESH_HOST", rule, settings.host)


@asynccontextmanager
async def _shipping(settings: ServerSettings, errand: Errand | None) -> AsyncIterator[None]:
    if errand is None:
        yield
        return
    stop = asyncio.Event()
    task = asyncio.create_task(_ship(settings, errand, stop))
    try:
        yield
    finally:
        stop.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(task), _STOP_SECONDS)
        task.cancel()


async def _ship(settings: ServerSettings, errand: Errand, stop: asyncio.Event) -> None:
    # The shipper retries until we answer, so there is no need to wait for our own start.
    shipping = ShipperSettings(
        server_url=f"http://{_reachable(settings.host)}:{settings.port}",
        token=settings.token,
        token_file=settings.token_file,
        state_dir=settings.state_dir,
    )
    try:
        await Shipper(shipping, stop).run(errand)
    except* ShipperError as errors:
        for error in errors.exceptions:
            _log.error("not shipping: %s", error)
    except* Exception:
        _log.exception("shipping has ended; what the journal holds is shipped after a restart")


def _reachable(host: str) -> str:
    if host in {"0.0.0.0", "::"}:  # noqa: S104
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
