"""Who may come in: Host, Origin, token and size, on every route alike."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st
from pydantic import SecretStr

from server.app import Home
from server.guards import MAX_BODY, Guards
from server.http_app import book_for
from server.serve import check_exposure
from server.settings import ServerSettings
from tools.errors import BadArguments

Serving = Callable[[ServerSettings], AbstractAsyncContextManager[httpx2.AsyncClient]]

ROUTES = [
    ("GET", "/health"),
    ("GET", "/info"),
    ("POST", "/ingest/logs"),
    ("GET", "/query/logs"),
    ("POST", "/ingest/metrics"),
    ("GET", "/query/metrics"),
    ("GET", "/similar/logs"),
    ("POST", "/similar/logs"),
    ("POST", "/ingest/heartbeat"),
    ("POST", "/ask"),
    ("GET", "/docs"),
    ("GET", "/docs/static/swagger-ui.css"),
    ("GET", "/openapi.json"),
    ("POST", "/mcp"),
    ("GET", "/mcp"),
    ("GET", "/nowhere"),
    ("POST", "/v1/logs"),
    ("GET", "/metrics"),
    ("GET", "/.well-known/oauth-protected-resource"),
    ("GET", "/.well-known/oauth-protected-resource/mcp"),
]
OPEN = {
    "/health",
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/mcp",
}


@pytest.fixture
async def locked(settings: ServerSettings, serving: Serving) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an app that asks for the token `sesame`."""
    async with serving(settings.model_copy(update={"token": SecretStr("sesame")})) as client:
        yield client


async def test_a_foreign_host_is_refused_on_every_route(client: httpx2.AsyncClient) -> None:
    """A name that is not ours, as DNS rebinding brings it, gets 421 everywhere."""
    for method, path in ROUTES:
        for host in ("evil.example", "127.0.0.1.evil.example", "evil.example:8000", "[::2]", ""):
            answer = await client.request(method, path, headers={"host": host})
            assert answer.status_code == 421, (path, host)
            assert answer.json()["code"] == "unknown_host"


async def test_a_foreign_origin_is_refused_on_every_route(client: httpx2.AsyncClient) -> None:
    """A page of another site cannot reach any route, reading or writing."""
    for method, path in ROUTES:
        for origin in (
            "http://evil.example",
            "null",
            "",
            "http://localhost.evil.example",
            "file://",
            "http://[",
            "http://[::1].evil.example",
            "http://localhost:x@evil.example",
        ):
            answer = await client.request(method, path, headers={"origin": origin})
            assert answer.status_code == 403, (path, origin)
            assert answer.json()["code"] == "foreign_origin"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1", "[::1]:80"])
async def test_our_own_names_are_let_in(client: httpx2.AsyncClient, host: str) -> None:
    """The loopback names are ours, with or without a port, as Host and as Origin."""
    headers = {"host": host, "origin": f"http://{host}"}
    assert (await client.get("/health", headers=headers)).status_code == 200


async def test_a_host_that_is_allowed_is_let_in(settings: ServerSettings, serving: Serving) -> None:
    """DEVMESH_ALLOWED_HOSTS adds names, for Host and Origin alike."""
    allowed = settings.model_copy(update={"allowed_hosts": ("Logs.Example",)})
    async with serving(allowed) as client:
        headers = {"host": "logs.example:8000", "origin": "https://logs.example"}
        assert (await client.get("/health", headers=headers)).status_code == 200
        assert (await client.get("/health", headers={"host": "example"})).status_code == 421


async def test_every_route_but_health_asks_for_the_token(locked: httpx2.AsyncClient) -> None:
    """Without the token, or with another, every route answers 401 and says how to send it."""
    wrong = [
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": "Bearer sesame2"},
        {"authorization": "Basic sesame"},
        {"authorization": "sesame"},
    ]
    for method, path in ROUTES:
        if path in OPEN:
            continue
        for headers in wrong:
            answer = await locked.request(method, path, headers=headers)
            assert answer.status_code == 401, (path, headers)
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.json()["code"] == "unauthorized"
            assert "sesame" not in answer.text
    for path in OPEN:
        assert (await locked.get(path)).status_code == 200


async def test_pages_of_other_sites_get_no_leave_to_read(client: httpx2.AsyncClient) -> None:
    """CORS stays closed: no answer, to a preflight or a request, allows an origin."""
    for method, path in ROUTES:
        ask = {"origin": "http://localhost:3000", "access-control-request-method": method}
        for sent in ("OPTIONS", method):
            async with client.stream(sent, path, headers=ask) as answer:
                named = [name for name in answer.headers if name.startswith("access-control-")]
                assert named == [], (sent, path)


async def test_websockets_are_turned_away(settings: ServerSettings) -> None:
    """Nothing here speaks WebSocket, so none gets past the guards' checks."""
    sent: list[dict[str, str]] = []

    async def app(scope: object, receive: object, send: object) -> None:
        raise AssertionError("the guards let it through")

    async def send(message: Any) -> None:
        sent.append(message)

    parts = Home(settings)
    guards = Guards(app, book_for(parts))
    await guards({"type": "websocket", "path": "/mcp", "headers": []}, None, send)  # type: ignore[arg-type]
    assert [message["type"] for message in sent] == ["websocket.close"]
    await parts.close()


async def test_the_right_token_opens_every_route(locked: httpx2.AsyncClient) -> None:
    """With the token no route answers 401."""
    for method, path in ROUTES:
        for kind in ("Bearer", "bearer"):
            headers = {"authorization": f"{kind} sesame"}
            # GET /mcp is a stream that stays open: its status is all that is read.
            async with locked.stream(method, path, headers=headers) as answer:
                assert answer.status_code not in {401, 403, 421}, path


async def test_a_token_of_odd_bytes_is_merely_wrong(locked: httpx2.AsyncClient) -> None:
    """Bytes beyond ASCII in Authorization are a wrong token, not a failure."""
    headers = [(b"authorization", b"Bearer \xff\xfe\xe9")]
    assert (await locked.get("/info", headers=headers)).status_code == 401


@pytest.mark.parametrize(
    "path", ["/ingest/logs", "/ingest/heartbeat", "/similar/logs", "/mcp", "/nowhere"]
)
async def test_a_body_that_says_it_is_too_large_is_not_read(
    client: httpx2.AsyncClient, path: str
) -> None:
    """A Content-Length over the limit is refused before a byte of the body is sent."""
    with socket.create_connection((client.base_url.host, client.base_url.port or 80)) as raw:
        raw.setblocking(False)
        loop = asyncio.get_running_loop()
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {MAX_BODY + 1}\r\n\r\n"
        await loop.sock_sendall(raw, head.encode())
        answer = await loop.sock_recv(raw, 4096)
    assert b" 413 " in answer.splitlines()[0]


async def _chunks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * 2**20


@pytest.mark.parametrize("path", ["/ingest/logs", "/ingest/heartbeat", "/similar/logs", "/mcp"])
async def test_a_body_without_a_length_is_counted(client: httpx2.AsyncClient, path: str) -> None:
    """A chunked body is cut off at the limit with 413."""
    headers = {
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
    }
    answer = await client.post(path, content=_chunks(MAX_BODY // 2**20 + 2), headers=headers)
    assert answer.status_code == 413, answer.text


async def test_a_body_at_the_limit_is_taken(client: httpx2.AsyncClient) -> None:
    """A body of exactly the limit is read."""
    body = b'[{"message": "x"}]'
    headers = {"content-type": "application/json"}
    answer = await client.post("/ingest/logs", content=body.rjust(MAX_BODY), headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "logs.example", "fe80::1"])
def test_listening_to_others_without_a_token_is_refused(
    settings: ServerSettings, host: str
) -> None:
    """An address that other machines reach needs a token."""
    exposed = settings.model_copy(update={"host": host})
    with pytest.raises(BadArguments, match="DEVMESH_TOKEN"):
        check_exposure(exposed)
    check_exposure(exposed.model_copy(update={"token": SecretStr("sesame")}))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_listening_to_this_machine_needs_no_token(settings: ServerSettings, host: str) -> None:
    """The loopback addresses are open without a token."""
    check_exposure(settings.model_copy(update={"host": host}))


def test_an_empty_token_locks_nobody_out_or_in(settings: ServerSettings) -> None:
    """A token that is set but empty is no token: it does not open an exposed address."""
    exposed = settings.model_copy(update={"host": "0.0.0.0", "token": SecretStr("")})
    with pytest.raises(BadArguments):
        check_exposure(exposed)


@rules(max_examples=100, deadline=None)
@given(st.text(max_size=40))
def test_settings_never_show_the_token(token: str) -> None:
    """However it is printed, the token is masked."""
    shown = ServerSettings(token=SecretStr(f"secret-{token}"))
    assert "secret-" not in repr(shown)
    assert "secret-" not in str(shown)
