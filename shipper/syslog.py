"""Receiving syslog: all sockets and the spool they fill."""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path

from shipper.lock import alone
from shipper.settings import ShipperSettings
from shipper.spool import Spool
from shipper.spool_source import SpoolSource, ToJson
from shipper.syslog_listen import Address
from shipper.syslog_mapping import SyslogRules, to_json
from shipper.syslog_tcp import TcpReceiver
from shipper.syslog_udp import UdpReceiver

COUNT_DROPS_EVERY = 1.0
SAY_EVERY = 30.0
LAST_DATAGRAMS = 100_000
"""At most so many are still taken at the end: a flood would have none."""

log = logging.getLogger(__name__)


class SyslogSource(SpoolSource):
    """Syslog being received, as a source."""

    def __init__(self, spool: Spool, to_json: ToJson, tcp: TcpReceiver) -> None:
        super().__init__("syslog", spool, to_json, socket.gethostname())
        self._tcp = tcp

    def counts(self) -> dict[str, int]:
        """Its numbers for the status, since the start of the process."""
        return {
            "received": self._spool.received,
            "dropped": self._spool.dropped,
            "spool bytes": self._spool.used,
            "refused": self._tcp.refused,
            "bad frames": self._tcp.bad_frames,
        }


@contextlib.asynccontextmanager
async def syslog_source(
    addresses: Sequence[str], folder: Path, settings: ShipperSettings, clock: Callable[[], float]
) -> AsyncIterator[SyslogSource]:
    """Receive at the addresses into the spool in `folder`, while the body runs.

    At the end what has arrived is taken and made durable. Raises CannotListen, and ShipperError
    when another process uses the spool.
    """
    rules = SyslogRules(
        settings.ship_redact, settings.timezone, settings.ship_syslog_host == "sender"
    )
    places = [Address.parse(address) for address in addresses]
    with alone(folder / "lock"), contextlib.ExitStack() as sockets:
        spool = await asyncio.to_thread(Spool, folder, settings.ship_syslog_spool_bytes, clock)
        tcp = TcpReceiver(spool, settings.ship_syslog_connections)
        listening = [(place, sockets.enter_context(place.listen())) for place in places]
        udp = [UdpReceiver(one, spool) for place, one in listening if place.scheme == "udp"]
        streams = [one for place, one in listening if place.scheme == "tcp"]
        work = [*map(tcp.accept, streams), *(receiver.receive() for receiver in udp)]
        async with asyncio.TaskGroup() as group:
            group.create_task(spool.keep_writing())
            tasks = [group.create_task(one) for one in (*work, watch(spool, udp))]
            try:
                yield SyslogSource(spool, partial(to_json, rules=rules), tcp)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
                for receiver in udp:
                    receiver.take(LAST_DATAGRAMS)
                await tcp.close(streams)
                await spool.close()


async def watch(spool: Spool, udp: Sequence[UdpReceiver]) -> None:
    """Count what the kernel drops also while nothing is read, and say when messages are lost."""
    said, quiet_until = 0, 0.0
    while True:
        await asyncio.sleep(COUNT_DROPS_EVERY)
        for receiver in udp:
            receiver.count_drops()
        if spool.dropped > said and time.monotonic() > quiet_until:
            why = "the spool is full" if spool.full else "they came faster than they were taken"
            log.error("%d datagrams were dropped: %s", spool.dropped - said, why)
            said, quiet_until = spool.dropped, time.monotonic() + SAY_EVERY
