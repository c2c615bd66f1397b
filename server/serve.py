"""`devmesh serve` and `devmesh up`: the server's process, from start to a clean stop."""

import asyncio
import errno
import gc
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import uvicorn

from server.app import home
from server.http_app import book_for, http_app
from server.own_address import own_address, own_shipping
from server.settings import ServerSettings
from server.tls import server_context
from server.token_book import TokenBook
from shipper.errand import Errand
from shipper.errors import ShipperError
from shipper.notify import Notifier
from shipper.run import Shipper
from shipper.settings import ShipperSettings
from tools.errors import BadArguments, DevMeshError

_log = logging.getLogger(__name__)

_STOP_SECONDS = 5
_GARBAGE = 100_000
"""New objects before the collector looks for cycles: a few batches' worth, which are then gone by
themselves. With Python's 700 they grow old, and the million objects of torch are gone through with
them time and again; that took a sixth of an ingest's time.
"""
READY = 'ready: %s/docs in a browser, devmesh ask "…" in another terminal; Ctrl-C stops'


class Server(uvicorn.Server):
    """uvicorn without its signal handling, which ends the process by the signal's default action:
    a database of ours would be left running. `stops` are the signals that ask it to stop;
    `notifier` is told when it listens, and when it stops; `ready` is called when it listens.
    """

    stops: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM)
    notifier = Notifier()
    ready: Callable[[], None] = staticmethod(lambda: None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self.started:
            self.notifier.tell("READY=1")
            self.ready()

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
        BadArguments: for an address others can reach without a token to keep them out, and for
            a certificate that is none.
        DevMeshError: for an address that cannot be listened at.
    """
    gc.set_threshold(_GARBAGE)
    tls = server_context(settings.tls_cert, settings.tls_key)
    await check_free(settings.host, settings.port)
    notifier = Notifier(settings.notify_socket, settings.watchdog_usec)
    async with notifier.watched(), home(settings, background=True) as parts:
        book = book_for(parts)
        needs_one = not settings.loopback_only and settings.bearer_token is None
        check_exposure(settings, stored=needs_one and await book.any_stored())
        server = Server(
            uvicorn.Config(
                http_app(parts, book),
                host=settings.host,
                port=settings.port,
                log_config=None,
                access_log=False,
                proxy_headers=False,  # any caller of this machine could pass for another address
                timeout_graceful_shutdown=_STOP_SECONDS,
                ssl_context_factory=(lambda config, default: tls) if tls else None,
            )
        )
        server.notifier = notifier
        server.ready = lambda: _log.info(READY, own_address(settings))
        async with _shipping(settings, book, errand):
            await server.serve()


async def check_free(host: str, port: int) -> None:
    """Refuse an address that is taken before anything is started: uvicorn would end the process.

    Raises:
        DevMeshError: saying what to do about it.
    """
    loop = asyncio.get_running_loop()
    try:
        probe = await loop.create_server(asyncio.Protocol, host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            text = f"port {port} is in use by another program, or by DevMesh itself"
            raise DevMeshError(f"{text}; set DEVMESH_PORT to a free one") from error
        text = f"cannot listen at {host}, port {port}: {error.strerror or error}"
        raise DevMeshError(f"{text}; set DEVMESH_HOST and DEVMESH_PORT") from error
    probe.close()
    await probe.wait_closed()


def check_exposure(settings: ServerSettings, stored: bool = False) -> None:
    """Refuse to listen beyond this machine without a token, be it `stored` or in the settings."""
    if settings.loopback_only:
        return
    if not stored and not settings.bearer_token:
        rule = (
            "an address that other machines reach needs a token: make one with devmesh token new, "
            "or set DEVMESH_TOKEN or DEVMESH_TOKEN_FILE"
        )
        raise BadArguments.one("DEVMESH_HOST", rule, settings.host)
    if settings.tls_cert is None:
        _log.warning("tokens and logs cross the network unencrypted: set DEVMESH_TLS_CERT")


@asynccontextmanager
async def _shipping(
    settings: ServerSettings, book: TokenBook, errand: Errand | None
) -> AsyncIterator[None]:
    if errand is None:
        yield
        return
    stop = asyncio.Event()
    task = asyncio.create_task(_ship(own_shipping(settings, book.own_token()), errand, stop))
    try:
        yield
    finally:
        stop.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(task), _STOP_SECONDS)
        task.cancel()


async def _ship(shipping: ShipperSettings, errand: Errand, stop: asyncio.Event) -> None:
    # The shipper retries until we answer, so there is no need to wait for our own start.
    try:
        await Shipper(shipping, stop).run(errand)
    except* ShipperError as errors:
        for error in errors.exceptions:
            _log.error("not shipping: %s", error)
    except* Exception:
        _log.exception("shipping has ended; what the journal holds is shipped after a restart")
