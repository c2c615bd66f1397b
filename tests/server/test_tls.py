"""TLS with certificates made by openssl: real handshakes, and clear words for bad files."""

import asyncio
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr
from sse_starlette.sse import AppStatus

from server import checks_server
from server.own_address import own_shipping
from server.serve import serve
from server.settings import ServerSettings
from server.tls import server_context
from shipper.send import connect
from shipper.settings import ShipperSettings
from tools.errors import BadArguments

BIN = Path(sys.executable).parent


def openssl(*words: str | Path) -> None:
    """Run openssl quietly."""
    subprocess.run(["openssl", *words], check=True, capture_output=True)


class Authority:
    """A private authority, and a server's certificate and key from it."""

    def __init__(self, folder: Path, names: str = "DNS:localhost,IP:127.0.0.1") -> None:
        self.ca, key = folder / "ca.pem", folder / "ca.key"
        self.cert, self.key = folder / "server.pem", folder / "server.key"
        request, extra = folder / "server.csr", folder / "extra"
        new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        openssl(*new, "-x509", "-subj", "/CN=test ca", "-keyout", key, "-out", self.ca)
        openssl(*new, "-subj", "/CN=devmesh", "-keyout", self.key, "-out", request)
        extra.write_text(f"subjectAltName={names}\n")
        sign = ("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", key, "-CAcreateserial")
        openssl(*sign, "-extfile", extra, "-out", self.cert)


@pytest.fixture
def authority(tmp_path: Path, need: Callable[[bool, str], None]) -> Authority:
    """One whose certificate names this machine."""
    need(shutil.which("openssl") is not None, "openssl")
    return Authority(tmp_path)


@pytest.fixture
def secure(
    settings: ServerSettings, authority: Authority, tiny_model: Callable[[int], str]
) -> ServerSettings:
    """Settings with TLS, on a port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    given = {"port": port, "token": SecretStr("sesame"), "embedding_model": tiny_model(32)}
    files = {"tls_cert": authority.cert, "tls_key": authority.key}
    return settings.model_copy(update=given | files)


@asynccontextmanager
async def running(settings: ServerSettings) -> AsyncIterator[str]:
    """The server of those settings, from when it listens to its clean stop; its address."""
    task = asyncio.create_task(serve(settings))
    while True:
        if task.done():
            task.result()
        with suppress(ConnectionError):
            _, writer = await asyncio.open_connection("127.0.0.1", settings.port)
            writer.close()
            break
        await asyncio.sleep(0.05)
    try:
        yield f"https://localhost:{settings.port}"
    finally:
        os.kill(os.getpid(), signal.SIGTERM)  # which the server has its own handler for
        await task
        AppStatus.should_exit = False  # or all later servers' event streams end at once


async def test_a_shipper_speaks_tls_with_a_private_authority(
    secure: ServerSettings, authority: Authority
) -> None:
    """Who trusts the authority is served; who does not, turns away."""
    async with running(secure) as base:
        shipping = ShipperSettings(server_url=base, token=secure.token, tls_ca=authority.ca)
        async with connect(base, shipping.bearer_token, shipping.trust) as client:
            body = [{"message": "over TLS"}]
            assert (await client.post("/ingest/logs", json=body)).json()["accepted"] == 1
            answer = await client.get("/query/logs", headers={"authorization": "Bearer no"})
            assert f'resource_metadata="{base}/' in answer.headers["www-authenticate"]
        async with connect(base, None, ShipperSettings(server_url=base).trust) as stranger:
            with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await stranger.get("/health")


async def test_no_caller_passes_for_another_address(secure: ServerSettings) -> None:
    """What X-Forwarded-For says is believed of nobody: neither counts nor the audit go by it."""
    async with running(secure) as base:
        async with connect(base, "sesame", own_shipping(secure, "sesame").trust) as client:
            said = {"x-forwarded-for": "192.0.2.7"}
            assert (await client.get("/query/logs", headers=said)).status_code == 200
    [line] = (secure.state_dir / "audit.jsonl").read_text().splitlines()
    assert json.loads(line)["address"] == "127.0.0.1"


async def test_our_own_shipper_knows_our_certificate_by_itself(
    secure: ServerSettings, tmp_path: Path
) -> None:
    """`devmesh up` ships to itself whoever signed its certificate, whatever names stand in it."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    made = Authority(elsewhere, "DNS:logs.example")
    named = secure.model_copy(update={"tls_cert": made.cert, "tls_key": made.key})
    shipping, other = own_shipping(named, "sesame"), own_shipping(secure, "sesame")
    assert shipping.server_url == f"https://127.0.0.1:{named.port}"
    async with running(named):
        async with connect(shipping.server_url, shipping.bearer_token, shipping.trust) as client:
            body = [{"message": "our own"}]
            assert (await client.post("/ingest/logs", json=body)).json()["accepted"] == 1
        async with connect(shipping.server_url, None, other.trust) as stranger:
            with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await stranger.get("/health")


async def test_devmesh_ship_sends_over_tls(
    secure: ServerSettings, authority: Authority, tmp_path: Path
) -> None:
    """With DEVMESH_SERVER_URL and DEVMESH_TLS_CA alone."""
    file = tmp_path / "app.log"
    file.write_text("first line\nsecond line\n")
    async with running(secure) as base:
        environment = {
            "PATH": os.environ["PATH"],
            "DEVMESH_STATE_DIR": str(tmp_path / "ships"),
            "DEVMESH_CONFIG": "/nonexistent",
            "DEVMESH_SERVER_URL": base,
            "DEVMESH_TLS_CA": str(authority.ca),
            "DEVMESH_TOKEN": "sesame",
        }
        words = ("ship", "--file", str(file), "--once")
        ship = await asyncio.create_subprocess_exec(BIN / "devmesh", *words, env=environment)
        assert await ship.wait() == 0
        trust = ssl.create_default_context(cafile=authority.ca)
        async with connect(base, "sesame", trust) as client:
            assert (await client.get("/query/logs")).json()["total"] == 2


def test_no_old_tls_is_spoken(authority: Authority) -> None:
    """TLS 1.0 and 1.1 are not offered; RFC 8996."""
    context = server_context(authority.cert, authority.key)
    assert context is not None and context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_without_files_there_is_no_tls() -> None:
    """Plain HTTP, for this machine alone or behind a proxy."""
    assert server_context(None, None) is None


def test_files_that_will_not_do_are_told_by_their_setting(
    authority: Authority, tmp_path: Path
) -> None:
    """Missing, none at all, of another pair, or locked: which setting, which file, which rule."""
    other = tmp_path / "other"
    other.mkdir()
    foreign, locked, text = Authority(other).key, tmp_path / "locked.key", tmp_path / "text"
    text.write_text("no PEM")
    openssl("ec", "-in", authority.key, "-aes256", "-passout", "pass:x", "-out", locked)
    cert, key, gone = authority.cert, authority.key, tmp_path / "gone"
    for files, said in (
        ((cert, None), "DEVMESH_TLS_KEY: must be set where DEVMESH_TLS_CERT is"),
        ((None, key), "DEVMESH_TLS_CERT: must be set where DEVMESH_TLS_KEY is"),
        ((gone, key), "DEVMESH_TLS_CERT: cannot be read: No such file"),
        ((cert, gone), "DEVMESH_TLS_KEY: cannot be read: No such file"),
        ((tmp_path, key), "DEVMESH_TLS_CERT: cannot be read: Is a directory"),
        ((text, key), "DEVMESH_TLS_CERT: must be a certificate in PEM"),
        ((cert, text), "DEVMESH_TLS_KEY: must be a private key in PEM, without a passphrase"),
        ((cert, locked), "DEVMESH_TLS_KEY: must be a private key in PEM, without a passphrase"),
        ((cert, foreign), "DEVMESH_TLS_KEY: must be the key of the certificate"),
    ):
        with pytest.raises(BadArguments) as caught:
            server_context(*files)
        assert said in str(caught.value)
    for file in (gone, text):
        with pytest.raises(BadArguments, match="DEVMESH_TLS_CA: must be a readable file"):
            _ = ShipperSettings(tls_ca=file).trust


def test_our_own_shipper_needs_no_tls_where_there_is_none(settings: ServerSettings) -> None:
    """Over plain HTTP nothing is to be trusted."""
    shipping = own_shipping(settings, "sesame")
    assert shipping.server_url.startswith("http://") and shipping.trust is True


async def test_the_doctor_asks_over_tls(secure: ServerSettings) -> None:
    """A server that shows its own certificate is found in order."""
    async with running(secure):
        [found] = await checks_server.server(secure)
    assert (found.state, "https://" in found.text) == ("ok", True)
