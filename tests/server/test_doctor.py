"""`devmesh doctor`: each check well and broken, with real databases, ports, files and users."""

import asyncio
import grp
import json
import os
import socket
import stat
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from server import checks_database, checks_machine
from server.app import Home, utc_now
from server.checks import Finding
from server.checks_models import embedder, model
from server.checks_server import server
from server.checks_shipping import shipping
from server.clients.known import CLIENTS
from server.llm_packaged import packaged_model
from server.probes import probed
from server.settings import ServerSettings
from shipper.checkpoint import Checkpoint
from shipper.reader import Journal, Place
from shipper.status import Status, write_status
from sql.look import Look, look
from sql.pool import Address, Pool
from sql.store import MariaStore
from sql.vectors import Waiting
from tools.errors import StoreUnavailable

DEVMESH = str(Path(sys.executable).with_name("devmesh"))
JOURNAL_REMOTE = Path("/lib/systemd/systemd-journal-remote")
MODEL = "all-MiniLM-L6-v2 (texts 2)"
NOBODY = 65534
Serving = Callable[[ServerSettings], AbstractAsyncContextManager[httpx2.AsyncClient]]
Need = Callable[[bool, str], None]


def as_nobody(check: Callable[[], Finding]) -> Finding:
    """What a check finds as the user `nobody`, in no group besides."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of threads: the child runs the check and nothing else
        child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        try:
            told = json.dumps(asdict(check())).encode()
        except BaseException as error:
            told = repr(error).encode()
        os.write(writing, told)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return Finding(**json.loads(told))


@pytest.fixture
def journals(need: Need, tmp_path: Path) -> Path:
    """A folder with a machine's journal that belongs to root and the group adm."""
    need(os.geteuid() == 0, "root")
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | stat.S_IXOTH | stat.S_IXGRP)
    place = tmp_path / "journal" / "m1"
    place.mkdir(parents=True)
    file = place / "system.journal"
    file.touch()
    file.chmod(0o640)
    os.chown(file, 0, grp.getgrnam("adm").gr_gid)
    return place.parent


def test_who_may_not_read_the_journal_is_told_the_group(journals: Path) -> None:
    """root may; another user is given the line that adds him to the file's own group."""
    assert checks_machine.journal("m1", [journals]).state == "ok"
    found = as_nobody(lambda: checks_machine.journal("m1", [journals]))
    assert found.state == "fail"
    assert "may not be read by nobody" in found.text
    assert found.mend.startswith("sudo usermod -aG adm nobody")
    (journals / "m1" / "system.journal").chmod(0o644)
    assert as_nobody(lambda: checks_machine.journal("m1", [journals])).state == "ok"


def test_a_machine_without_a_journal_is_told_so(tmp_path: Path) -> None:
    """A container may have none: that is no failure."""
    found = checks_machine.journal("m1", [tmp_path / "a", tmp_path / "b"])
    assert found.state == "warn" and str(tmp_path / "b") in found.text and found.mend


def test_a_folder_that_is_not_ours_is_told(settings: ServerSettings, journals: Path) -> None:
    """The state folder must be this user's to write; it need not exist yet."""
    assert checks_machine.disk(settings).state == "ok"
    deeper = settings.model_copy(update={"state_dir": journals / "not" / "yet"})
    assert checks_machine.disk(deeper).state == "ok"
    found = as_nobody(lambda: checks_machine.disk(deeper))
    assert found.state == "fail" and found.mend.startswith("sudo chown")


@pytest.mark.parametrize(("kept", "state"), [(True, "ok"), (False, "warn"), (None, "ok")])
def test_the_clock_is_kept_or_not(settings: ServerSettings, kept: bool | None, state: str) -> None:
    """The kernel says; the zone of times without one is told as well."""
    found = checks_machine.clock(settings, lambda: kept)
    assert found.state == state and "UTC" in found.text
    assert bool(found.mend) == (state != "ok")


def test_the_kernel_tells_of_its_clock_or_does_not() -> None:
    """adjtimex(2), as adjtimex's own program reads it."""
    assert checks_machine.synchronised() in {True, False, None}


@pytest.mark.parametrize(
    ("text", "state", "said"),
    [
        (None, "ok", "no MCP client"),
        ("{}", "ok", "no MCP client"),
        ('{"mcpServers": {"devmesh": {"command": "/bin/sh"}}}', "ok", "starts /bin/sh"),
        ('{"mcpServers": {"devmesh": {"url": "http://nas:8000/mcp"}}}', "ok", "nas:8000"),
        ('{"mcpServers": {"devmesh": {"command": "/gone/devmesh"}}}', "fail", "/gone/devmesh"),
        ('{"mcpServers": {"devmesh": {"command": "/etc/passwd"}}}', "fail", "no program"),
        ('{"mcpServers": ', "warn", "cannot read"),
        ('{"mcpServers": {"devmesh": []}}', "ok", "no MCP client"),
        ('{"mcpServers": []}', "ok", "no MCP client"),
        ("[]", "ok", "no MCP client"),
    ],
)
def test_what_a_client_starts_is_there(
    tmp_path: Path, text: str | None, state: str, said: str
) -> None:
    """As the client's file names it."""
    path = tmp_path / "config.json"
    if text is not None:
        path.write_text(text)
    client = replace(CLIENTS["claude"], file=lambda: path)
    [found] = checks_machine.clients([("claude", client)])
    assert found.state == state and said in found.text
    assert found.mend == ("" if state == "ok" else "devmesh mcp config claude --write")


def shipped(folder: Path, **given: Any) -> Status:
    """A shipper's last word, of now and from this process."""
    plain: dict[str, Any] = {"source": "file-1", "host": "h", "pid": os.getpid()}
    plain |= {"updated": utc_now().timestamp(), "lag_seconds": 1.0, "hours_left": 100.0}
    status = Status(**(plain | given))
    write_status(folder / "shipper" / f"{status.source}.status.json", status)
    return status


@pytest.mark.parametrize(
    ("given", "state", "said"),
    [
        ({}, "ok", "1 s behind"),
        ({"updated": 1.0}, "warn", "gone or hangs"),
        ({"pid": 2**22 - 3}, "warn", "gone or hangs"),
        ({"pid": 2**22 - 3, "trouble": "401 Unauthorized"}, "warn", "its last word: 401"),
        ({"pid": 2**22 - 3, "updated": 1.0, "finished": True}, "ok", "finished"),
        ({"trouble": "401 Unauthorized"}, "fail", "401"),
        ({"lag_seconds": 9_000.0}, "warn", "9000 s behind"),
        ({"lag_seconds": 9_000.0, "hours_left": 2.0}, "fail", "in 2.0 hours the journal drops"),
    ],
)
async def test_how_shipping_goes(
    settings: ServerSettings, given: dict[str, Any], state: str, said: str
) -> None:
    """By the shipper's own last word."""
    shipped(settings.state_dir, **given)
    [found] = await shipping(settings, utc_now().timestamp())
    assert found.state == state and said in found.text
    assert bool(found.mend) == (state != "ok")


async def test_a_shipper_never_run_or_damaged_is_told(settings: ServerSettings) -> None:
    """No status, a damaged one, a damaged position: each with what to do."""
    [found] = await shipping(settings, 0.0)
    assert found.state == "warn" and "nothing has been shipped" in found.text
    shipped(settings.state_dir)
    folder = settings.state_dir / "shipper"
    (folder / "file-1.position.json").write_text('{"version": 1')
    [found] = await shipping(settings, utc_now().timestamp())
    assert found.state == "fail" and "damaged" in found.text and found.mend.startswith("mv ")
    (folder / "file-1.status.json").write_text("{")
    [found] = await shipping(settings, 0.0)
    assert found.state == "warn" and found.mend.startswith("rm ")


async def test_a_position_that_the_journal_has_dropped_is_told(
    settings: ServerSettings, need: Need, tmp_path: Path
) -> None:
    """A cursor is looked for in a real journal, in a process of its own."""
    need(JOURNAL_REMOTE.exists(), "systemd-journal-remote")
    source = tmp_path / "in.export"
    entries = [
        f"__REALTIME_TIMESTAMP={1_795_000_000_000_000 + n}\n__MONOTONIC_TIMESTAMP={n + 1}\n"
        f"_BOOT_ID={'2' * 32}\n_MACHINE_ID={'1' * 32}\nMESSAGE=n={n}\n\n"
        for n in range(3)
    ]
    source.write_text("".join(entries))
    (tmp_path / "j").mkdir()
    command = [str(JOURNAL_REMOTE), "-o", str(tmp_path / "j" / "out.journal"), str(source)]
    await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
    journal = Journal(Place(str(tmp_path / "j")))
    journal.seek_head()
    assert journal.advance()
    cursor = journal.cursor()
    journal.close()
    assert (await probed("journal", cursor, str(tmp_path / "j"))).ok
    gone = await probed("journal", cursor.replace(";i=1;", ";i=0;"), str(tmp_path / "j"))
    assert not gone.ok or gone.text == "the position is in the journal"
    none = await probed("journal", "no cursor", str(tmp_path / "j"))
    assert not none.ok and "ValueError" in none.text
    shipped(settings.state_dir, source="journal")
    Checkpoint(settings.state_dir / "shipper" / "journal.position.json").save(cursor, 1, None)
    _, found = await shipping(settings, utc_now().timestamp())
    assert found.state == "warn" and "journal" in found.text


async def test_our_own_server_is_known_from_a_stranger(
    settings: ServerSettings, serving: Serving
) -> None:
    """It answers, the port is free, or somebody else has it."""
    async with serving(settings) as client:
        here = settings.model_copy(update={"port": client.base_url.port})
        [found] = await server(here)
        assert found.state == "ok", found
    [found] = await server(here)
    assert found.state == "warn" and "is free" in found.text and found.mend == "devmesh up"

    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(hello, "127.0.0.1", here.port):
        [found] = await server(here)
    assert found.state == "fail" and "another program" in found.text
    assert found.mend == f"DEVMESH_PORT={here.port + 1} devmesh up"


async def test_a_port_that_nobody_may_take_is_told(settings: ServerSettings) -> None:
    """Held by one that does not even answer."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: refused, and not to be had
        here = settings.model_copy(update={"port": held.getsockname()[1]})
        [found] = await server(here)
    assert found.state == "fail" and found.mend.startswith("ss -ltnp")


async def test_a_look_changes_nothing(database: Address, private: Any) -> None:
    """A database that is not there is not made, and one without tables stays without."""
    seen = await look([database], MODEL)
    assert (seen.there, seen.condition) == (False, None)
    assert not (await look([database], MODEL)).there
    pool = Pool(database)
    await pool.open()
    await pool.close()
    empty = await look([database], MODEL)
    assert empty.there and empty.pending and empty.condition is None
    assert (await look([database], MODEL)).pending == empty.pending
    assert [checks_database.schema(one).mend for one in (seen, empty)] == ["devmesh migrate"] * 2


async def test_a_schema_of_another_version_is_told(database: Address, store: MariaStore) -> None:
    """Ours is ok; an older one is migrated by a command, a newer one needs a newer DevMesh."""
    seen = await look([database], MODEL)
    assert checks_database.schema(seen).state == "ok"
    assert seen.condition is not None and seen.waiting == Waiting(0, 0.0)
    async with store.pool.connection() as connection:
        await connection.run("mark_migration", name="9999_of_tomorrow.sql")
    newer = checks_database.schema(await look([database], MODEL))
    assert newer.state == "fail" and "9999_of_tomorrow" in newer.text and newer.mend


async def test_an_account_that_is_refused_and_a_silent_server_are_told(
    database: Address, settings: ServerSettings
) -> None:
    """Neither hangs; each address that was tried says why."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    quiet = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with quiet:
        port = quiet.sockets[0].getsockname()[1]
        stranger = replace(database, user="stranger", password="hush")
        with pytest.raises(StoreUnavailable) as told:
            await look([Address(host="127.0.0.1", port=port), stranger], MODEL, 0.5)
    assert f"127.0.0.1:{port}: no answer within 0.5 s" in str(told.value)
    found = checks_database.away(settings, told.value)
    assert found.state == "fail" and "DEVMESH_DATABASE_URL" in found.mend
    assert "hush" not in found.text


def test_a_private_database_that_is_stopped_stays_so(tmp_path: Path, mariadb_prefix: Path) -> None:
    """Not made, stopped, or without a program: told, and nothing is started."""
    own = ServerSettings(state_dir=tmp_path, mariadb_prefix=mariadb_prefix)
    away = StoreUnavailable("no socket")
    assert "not made yet" in checks_database.away(own, away).text
    (tmp_path / "mariadb").mkdir()
    assert "stopped" in checks_database.away(own, away).text
    (tmp_path / "mariadb" / "mariadb.sock").touch()
    assert checks_database.away(own, away).state == "fail"


def test_a_database_of_another_user_is_told(journals: Path) -> None:
    """Its folder may not even be looked into: that is said, and how to look as root."""
    closed = journals / "of-root"
    (closed / "mariadb").mkdir(parents=True)
    closed.chmod(0o700)
    own = ServerSettings(state_dir=closed)
    found = as_nobody(lambda: checks_database.away(own, StoreUnavailable("no socket")))
    assert found.state == "fail" and "another user" in found.text
    assert found.mend.startswith("sudo ")


@pytest.mark.parametrize(("seconds", "state"), [(0.5, "ok"), (20.0, "warn"), (4000.0, "fail")])
def test_clocks_apart_are_told(seconds: float, state: str) -> None:
    """A little is usual; a minute puts answers out of order."""
    now = utc_now()
    seen = Look("11.8", now - timedelta(seconds=seconds), True)
    found = checks_database.clocks(seen, now)
    assert found.state == state and bool(found.mend) == (state != "ok")


@pytest.mark.parametrize(
    ("waiting", "state"),
    [(None, "ok"), (Waiting(0, 0.0), "ok"), (Waiting(9, 5.0), "ok"), (Waiting(9, 5000.0), "warn")],
)
def test_patterns_that_wait_for_their_vectors_are_told(waiting: Any, state: str) -> None:
    """A few that just came are usual."""
    found = checks_database.embedding_lag(Look("11.8", utc_now(), True, waiting=waiting))
    assert found.state == state and bool(found.mend) == (state != "ok")


async def test_a_model_that_is_none_is_told(settings: ServerSettings, tmp_path: Path) -> None:
    """The packaged one is there; a missing file, a text file and a dead server are not models."""
    assert [one.state for one in await model(settings)] == ["ok"]
    named = settings.model_copy(update={"model": packaged_model()})
    assert [one.state for one in await model(named)] == ["ok"]
    text = tmp_path / "model.gguf"
    text.write_text("not this")
    for file, said in ((tmp_path / "none.gguf", "No such file"), (text, "is no GGUF")):
        [found] = await model(settings.model_copy(update={"model": file}))
        assert found.state == "fail" and said in found.text and found.mend == "unset DEVMESH_MODEL"
    [found] = await model(settings.model_copy(update={"llm_url": "http://127.0.0.1:1/v1"}))
    assert found.state == "fail" and found.mend == "unset DEVMESH_LLM_URL"


async def test_what_hangs_is_given_up_on(settings: ServerSettings) -> None:
    """A probe that takes too long is killed; one that fails says its last words."""
    slow = await probed("embedder", seconds=0.01)
    assert (slow.ok, slow.text) == (False, "no answer within 0 s")
    assert not (await probed("nothing")).ok


async def test_an_embedder_that_loads_is_ok(settings: ServerSettings) -> None:
    """The packaged one, loaded for real."""
    [found] = await embedder(settings)
    assert found.state == "ok" and "384 numbers" in found.text


def run(environment: dict[str, str], *words: str) -> tuple[int, dict[str, Finding], str]:
    """The doctor's exit status, its findings by name, and all it said."""
    done = subprocess.run(
        [DEVMESH, "doctor", "--json", *words],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = [Finding(**one) for one in json.loads(done.stdout)["checks"]]
    return done.returncode, {one.name: one for one in found}, done.stdout + done.stderr


async def test_the_whole_of_it_where_all_is_broken(
    environment: dict[str, str], settings: ServerSettings
) -> None:
    """Every trouble at once: each is told with a line that mends it, none hides another."""
    async with await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0) as stranger:
        port = stranger.sockets[0].getsockname()[1]
        broken = environment | {
            "DEVMESH_DATABASE_URL": "mysql://root:hush@127.0.0.1:1/x",
            "DEVMESH_MODEL": "/nowhere/model.gguf",
            "DEVMESH_EMBEDDING_MODEL": "/nowhere/embedder",
            "DEVMESH_PORT": str(port),
            "DEVMESH_RETENTON": "7d",
            "HF_HUB_OFFLINE": "1",
        }
        status, found, said = await asyncio.to_thread(run, broken)
    assert status == 1
    for name in ("database", "model", "embedder", "server"):
        assert found[name].state == "fail" and found[name].mend, found[name]
    assert found["settings"].mend == "unset DEVMESH_RETENTON"
    assert "hush" not in said
    assert all("\n" not in one.mend for one in found.values())


async def test_the_whole_of_it_where_all_is_well(
    home: Home, environment: dict[str, str], settings: ServerSettings, serving: Serving
) -> None:
    """With a server on it, nothing fails; a database behind is not brought up to date."""
    async with serving(settings) as client:
        here = environment | {"DEVMESH_PORT": str(client.base_url.port)}
        status, found, _ = await asyncio.to_thread(run, here)
        assert found["schema"].mend == "devmesh migrate"
        await home.open()
        status, found, said = await asyncio.to_thread(run, here)
    assert status == 0, said
    well = (
        "database",
        "schema",
        "clocks",
        "rights",
        "server",
        "embedder",
        "model",
        "vectors",
        "disk",
    )
    assert {found[name].state for name in well} == {"ok"}, found


def test_secrets_are_not_told() -> None:
    """A password in an address that is refused is not repeated."""
    wrong = ServerSettings(database_url=SecretStr("mysql://me:hush@h:port/x"))
    with pytest.raises(Exception) as refused:
        checks_database.addresses(wrong)
    assert "hush" not in str(refused.value)
