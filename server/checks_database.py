"""Whether the database can be reached, is of our time and our schema, and keeps up with meaning."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from server.checks import Finding
from server.settings import ServerSettings
from sql.address import Address, nodes_from_urls
from sql.installation import find_installation
from sql.look import Look
from sql.private import PrivateServer
from tools.errors import StoreUnavailable

_OFF = timedelta(seconds=2)
_FAR_OFF = timedelta(minutes=1)
_BEHIND = timedelta(minutes=10).total_seconds()


def private_server(settings: ServerSettings) -> PrivateServer:
    """The private MariaDB of the state folder, whether it runs or not."""
    folder = settings.state_dir / "mariadb"
    return PrivateServer(folder, settings.mariadb_prefix, settings.mariadb_buffer_mib)


def addresses(settings: ServerSettings) -> Sequence[Address]:
    """Where the database is, by URL or by the private one's socket."""
    if settings.database_url is not None:
        return nodes_from_urls(settings.database_url.get_secret_value())
    private = private_server(settings)
    return (Address(user=private.user, unix_socket=str(private.socket)),)


def away(settings: ServerSettings, error: StoreUnavailable) -> Finding:
    """What an unreachable database means: a private one may just not have been started."""
    if settings.database_url is not None:
        mend = "export DEVMESH_DATABASE_URL=mysql://USER:PASSWORD@HOST/devmesh"
        return Finding("database", "fail", str(error), mend)
    private = private_server(settings)
    try:
        made, started = private.folder.exists(), private.socket.exists()
    except PermissionError:
        text = f"private, in {private.folder}, which another user keeps to himself"
        return Finding("database", "fail", text, 'sudo "$(command -v devmesh)" doctor')
    try:
        find_installation(settings.mariadb_prefix)
    except StoreUnavailable as missing:
        return Finding("database", "fail", str(missing), "make mariadb")
    if started:
        log = private.folder / "mariadb.log"
        return Finding("database", "fail", str(error), f"tail -n 50 {log}")
    text = f"private, in {private.folder}, {'stopped' if made else 'not made yet'}"
    return Finding("database", "warn", f"{text}; any command starts it", "devmesh up")


def reached(settings: ServerSettings, seen: Look) -> Finding:
    """Which server answers."""
    own = settings.database_url is None
    where = f"private, in {private_server(settings).folder}" if own else "by DEVMESH_DATABASE_URL"
    return Finding("database", "ok", f"{seen.version}, {where}")


def schema(seen: Look) -> Finding:
    """Whether the database is of this version."""
    if seen.foreign:
        text = f"made by a newer DevMesh: {', '.join(seen.foreign)} is not known here"
        return Finding("schema", "fail", text, "git pull && make setup")
    if not seen.there:
        return Finding("schema", "warn", "the database is not there yet", "devmesh migrate")
    if seen.pending:
        text = f"{len(seen.pending)} steps behind, from {seen.pending[0]} on"
        return Finding("schema", "warn", text, "devmesh migrate")
    return Finding("schema", "ok", "as this version needs it")


def clocks(seen: Look, now: datetime) -> Finding:
    """How far our clock and the database's are apart."""
    apart = abs(now - seen.clock)
    text = f"{apart.total_seconds():.1f} s between this machine's and the database's"
    if apart <= _OFF:
        return Finding("clocks", "ok", text)
    return Finding(
        "clocks", "fail" if apart > _FAR_OFF else "warn", text, "sudo timedatectl set-ntp true"
    )


def embedding_lag(seen: Look) -> Finding:
    """How many patterns wait for their vectors."""
    waiting = seen.waiting
    if waiting is None or not waiting.count:
        return Finding("vectors", "ok", "no pattern waits for its vector")
    text = f"{waiting.count} patterns wait, the oldest for {waiting.oldest_seconds:.0f} s"
    if waiting.oldest_seconds <= _BEHIND:
        return Finding("vectors", "ok", text)
    return Finding("vectors", "warn", f"{text}; they are found by their words alone", "devmesh up")
