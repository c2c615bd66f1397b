"""Tokens: what they open, at which door, until when; and what of them can be found out."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from pydantic import SecretStr

from server.app import Home
from server.own_address import own_shipping
from server.serve import check_exposure
from server.settings import ServerSettings
from server.token_book import FRESH_SECONDS, TokenBook
from server.token_secrets import hash_of, new_token
from sql.private import PrivateServer
from sql.tokens import StoredToken
from tools.access import INGEST, READ, SCOPES, Access
from tools.catalogue import TOOLS
from tools.errors import BadArguments, Forbidden, NotFound, StoreUnavailable
from tools.ports import Caller

Serving = Callable[[ServerSettings], AbstractAsyncContextManager[httpx2.AsyncClient]]
Listening = Callable[[Home], AbstractAsyncContextManager[str]]
BIN = Path(sys.executable).parent

READING = [
    ("GET", "/info"),
    ("GET", "/query/logs"),
    ("GET", "/query/metrics?name=x"),
    ("GET", "/stats/logs"),
    ("GET", "/patterns/logs"),
    ("GET", "/context/logs/1"),
    ("GET", "/similar/logs?text=x"),
    ("POST", "/similar/logs"),
    ("POST", "/ask"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("GET", "/metrics"),
    ("GET", "/nowhere"),
]
WRITING = [
    ("POST", "/ingest/logs"),
    ("POST", "/ingest/metrics"),
    ("POST", "/ingest/heartbeat"),
    ("POST", "/v1/logs"),
    ("POST", "/v1/metrics"),
]


async def make(home: Home, name: str, *scopes: str, ends: datetime | None = None) -> str:
    """A token of that name in the store."""
    token = new_token()
    await home.open()
    await home.tokens.add(
        StoredToken(name, hash_of(token), frozenset(scopes), datetime.now(UTC), ends)
    )
    return token


def bearer(token: str) -> dict[str, str]:
    """The header with which a token is sent."""
    return {"authorization": f"Bearer {token}"}


@pytest.fixture
async def listening_at(home: Home, listening: Listening) -> AsyncIterator[str]:
    """The address of the running app over `home`."""
    async with listening(home) as base:
        yield base


@pytest.fixture
async def caller(listening_at: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of it."""
    async with httpx2.AsyncClient(base_url=listening_at, timeout=60) as client:
        yield client


async def _statuses(
    client: httpx2.AsyncClient, routes: Iterable[tuple[str, str]], headers: dict[str, str]
) -> dict[str, tuple[int, str]]:
    """What each route answers: its status and challenge."""
    answers = {}
    for method, path in routes:
        answer = await client.request(method, path, headers=headers)
        challenge = answer.headers.get("www-authenticate", "")
        answers[f"{method} {path}"] = (answer.status_code, challenge)
    return answers


async def test_a_token_opens_what_its_scope_names_and_nothing_else(
    home: Home, caller: httpx2.AsyncClient
) -> None:
    """403 insufficient_scope names the scope that is lacking, on every route."""
    tokens = {READ: await make(home, "reads", READ), INGEST: await make(home, "sends", INGEST)}
    both = await make(home, "both", READ, INGEST)
    for scope, opened, shut in ((READ, READING, WRITING), (INGEST, WRITING, READING)):
        [other] = SCOPES - {scope}
        for status, _ in (await _statuses(caller, opened, bearer(tokens[scope]))).values():
            assert status not in {401, 403}
        for path, (status, said) in (await _statuses(caller, shut, bearer(tokens[scope]))).items():
            assert status == 403, path
            assert 'error="insufficient_scope"' in said and f'scope="{other}"' in said, path
    for status, _ in (await _statuses(caller, [*READING, *WRITING], bearer(both))).values():
        assert status not in {401, 403}


async def test_one_token_in_the_store_shuts_every_route_to_strangers(
    home: Home, caller: httpx2.AsyncClient
) -> None:
    """Until there is a token all is open; then everything but health and the metadata asks."""
    assert (await caller.get("/query/logs")).status_code == 200
    await make(home, "first", READ)
    await asyncio.sleep(FRESH_SECONDS + 0.2)
    wrong: tuple[dict[str, str], ...] = (
        {},
        bearer("wrong"),
        bearer(new_token()),
        {"authorization": "Basic eDp5"},
    )
    for headers in wrong:
        found = await _statuses(caller, [*READING, *WRITING, ("POST", "/mcp")], headers)
        for path, (status, said) in found.items():
            assert status == 401, (path, headers)
            assert said.startswith('Bearer realm="devmesh"'), path
            # RFC 6750, section 3.1: no error code for a request that brought no token.
            assert ('error="invalid_token"' in said) == headers.get("authorization", "").startswith(
                "Bearer"
            ), path
    assert (await caller.get("/health")).status_code == 200


async def test_a_challenge_leads_to_the_metadata(home: Home, caller: httpx2.AsyncClient) -> None:
    """RFC 9728: where WWW-Authenticate points, the resource names itself and its scopes."""
    await make(home, "first", READ)
    for path in ("/query/logs", "/mcp"):
        answer = await caller.post(path)
        said = answer.headers["www-authenticate"]
        place = said.partition('resource_metadata="')[2].rstrip('"')
        told = (await caller.get(place)).json()
        base = str(caller.base_url).rstrip("/")
        assert told["resource"] == base + ("/mcp" if path == "/mcp" else "")
        assert told["scopes_supported"] == ["ingest", "read"]
        assert told["bearer_methods_supported"] == ["header"]
        assert "authorization_servers" not in told
        well_known = f"{base}/.well-known/oauth-protected-resource"
        assert place == well_known + ("/mcp" if path == "/mcp" else "")


async def test_a_challenge_repeats_nothing_odd_of_the_host(
    home: Home, caller: httpx2.AsyncClient
) -> None:
    """A Host is a name of ours and a port, or it is none: only such a one gets into our headers."""
    await make(home, "first", READ)
    answer = await caller.get("/info", headers={"host": "localhost:80"})
    assert (
        'resource_metadata="http://localhost:80/.well-known' in answer.headers["www-authenticate"]
    )
    for odd in ('localhost:80", realm="evil', "localhost:x@evil", "[::1]evil"):
        answer = await caller.get("/info", headers={"host": odd})
        assert answer.status_code == 421
        assert "evil" not in str(answer.headers)


async def test_health_tells_strangers_no_details(home: Home, caller: httpx2.AsyncClient) -> None:
    """Whether it is well is for all, what is how for those with a token."""
    token = await make(home, "first", READ)
    assert (await caller.get("/health")).json() == {"status": "ok"}
    assert (await caller.get("/health", headers=bearer("wrong"))).json() == {"status": "ok"}
    assert "database" in (await caller.get("/health", headers=bearer(token))).json()["parts"]


async def test_a_revoked_token_is_refused_within_seconds(
    home: Home, settings: ServerSettings, listening: Listening
) -> None:
    """In every process: also in one that has just let it in."""
    keep, token = await make(home, "keep", READ), await make(home, "gone", READ)
    other = Home(settings)
    async with listening(home) as here, listening(other) as there:
        async with httpx2.AsyncClient(timeout=60) as client:
            for base in (here, there):
                answer = await client.get(f"{base}/query/logs", headers=bearer(token))
                assert answer.status_code == 200
            await other.tokens.revoke("gone")
            await asyncio.sleep(FRESH_SECONDS + 0.2)
            for base in (here, there):
                answer = await client.get(f"{base}/query/logs", headers=bearer(token))
                assert answer.status_code == 401
                answer = await client.get(f"{base}/query/logs", headers=bearer(keep))
                assert answer.status_code == 200
    await other.close()


async def test_a_token_ends_at_its_time(home: Home) -> None:
    """One that has expired opens nothing, and does not open the server to all either."""
    clock = [datetime.now(UTC)]
    book = TokenBook(home, lambda: clock[0])
    token = await make(home, "brief", READ, ends=clock[0] + timedelta(hours=1))
    found = await book.holder(token)
    assert found and found.token == "brief" and found.scopes == {READ}
    clock[0] += timedelta(hours=1)
    assert await book.holder(token) is None
    assert await book.holder(None) is None
    await book.close()


async def test_the_settings_token_may_do_all_beside_those_of_the_store(
    home: Home, settings: ServerSettings
) -> None:
    """DEVMESH_TOKEN and a token of the store open the same server, each with its scopes."""
    token = await make(home, "reads", READ)
    book = TokenBook(home, home.now, "sesame")
    assert (await book.holder("sesame")) is not None
    assert (await book.holder("sesame")).scopes == SCOPES  # type: ignore[union-attr]
    assert (await book.holder(token)).scopes == {READ}  # type: ignore[union-attr]
    assert await book.holder("sesam") is None
    assert await book.holder(None) is None
    await book.close()


async def test_no_request_asks_the_database_for_tokens(home: Home) -> None:
    """Many requests of a moment are one look into the store."""
    asked = []

    class Counted:
        tokens = home.tokens

        async def open(self) -> None:
            asked.append(1)
            await home.open()

    token = await make(home, "reads", READ)
    book = TokenBook(Counted(), home.now)
    found = await asyncio.gather(*(book.holder(token) for _ in range(500)))
    assert all(found)
    assert len(asked) == 1
    await book.close()


async def test_tokens_outlive_a_store_that_is_briefly_away(
    mariadb_prefix: Path, tmp_path: Path, settings: ServerSettings
) -> None:
    """What was read is believed for minutes, not for ever; before the first look nobody gets in."""
    server = PrivateServer(tmp_path / "own", mariadb_prefix, 32)
    await server.join()
    url = SecretStr(f"mysql://{server.user}@localhost/x?unix_socket={server.socket}")
    parts = Home(settings.model_copy(update={"database_url": url}))
    token = await make(parts, "reads", READ)
    book, late = TokenBook(parts, parts.now), TokenBook(parts, parts.now)
    brief = TokenBook(parts, parts.now, stale=1)
    assert await book.holder(token) and await brief.holder(token)
    os.kill(int((server.folder / "mariadb.pid").read_text()), signal.SIGKILL)
    await asyncio.sleep(FRESH_SECONDS + 0.2)
    assert await book.holder(token)
    assert await book.holder("wrong") is None
    for blind in (brief, late):
        for given in (token, None):
            with pytest.raises(StoreUnavailable):
                await blind.holder(given)
    for one in (book, brief, late):
        await one.close()
    await parts.close()
    await server.leave()


async def test_use_is_remembered(home: Home) -> None:
    """`last used` is kept with the token, though no request waits for it."""
    token = await make(home, "reads", READ)
    book = TokenBook(home, home.now)
    assert await book.holder(token)
    await asyncio.sleep(FRESH_SECONDS + 0.2)
    assert await book.holder(token)
    await book.close()
    [kept] = await home.tokens.all()
    assert kept.last_used_at is not None and kept.last_used_at >= kept.made_at


async def test_the_store_keeps_no_token(home: Home) -> None:
    """What is stored is a SHA-256: not the token, nor anything it could be made of."""
    token = await make(home, "reads", READ, INGEST)
    async with home.store.pool.connection() as connection:
        [row] = await connection.execute("SELECT * FROM tokens")
    assert token[8:20] not in str(row)
    assert hash_of(token) in row
    [kept] = await home.tokens.all()
    assert kept.scopes == SCOPES


async def test_names_are_given_once_and_revoked_by_name(home: Home) -> None:
    """A second token of a name is refused; what is not there cannot be revoked."""
    await make(home, "one", READ)
    with pytest.raises(BadArguments, match="is the name of a token already"):
        await make(home, "one", INGEST)
    await home.tokens.revoke("one")
    with pytest.raises(NotFound, match="no token is named 'one'; there are: none"):
        await home.tokens.revoke("one")


async def test_a_server_that_others_reach_is_never_open_to_all(home: Home) -> None:
    """Should its last token be revoked while it runs, it lets nobody in."""
    book = TokenBook(home, home.now, always=True)
    await home.open()
    assert await book.holder(None) is None
    assert await book.holder("anything") is None
    await book.close()


async def test_a_token_of_the_store_allows_listening_to_others(
    home: Home, settings: ServerSettings
) -> None:
    """check_exposure counts it as it counts DEVMESH_TOKEN."""
    exposed = settings.model_copy(update={"host": "0.0.0.0"})
    book = TokenBook(home, home.now)
    assert not await book.any_stored()
    with pytest.raises(BadArguments, match="devmesh token new"):
        check_exposure(exposed, await book.any_stored())
    await make(home, "first", READ)
    fresh = TokenBook(home, home.now)
    check_exposure(exposed, await fresh.any_stored())
    await book.close()
    await fresh.close()


async def test_our_own_shipper_has_a_token_that_only_sends(
    home: Home, settings: ServerSettings
) -> None:
    """`devmesh up` ships into a locked server by a token of this process alone."""
    book = TokenBook(home, home.now, "sesame")
    shipping = own_shipping(settings, book.own_token())
    found = await book.holder(shipping.bearer_token)
    assert found and found.scopes == {INGEST}
    assert await TokenBook(home, home.now, "sesame").holder(shipping.bearer_token) is None
    await book.close()


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
async def test_a_tool_itself_refuses_who_may_not(home: Home, tool: Any) -> None:
    """Whatever door forgets to ask: the one way into a tool asks too, before anything else."""
    other = SCOPES - {tool.scope}
    deps = home.unopened(Caller(access=Access(scopes=other)))
    with pytest.raises(Forbidden, match=f"scope {tool.scope}"):
        await tool.call({"no such": "argument"}, deps)


def _initialize(version: str) -> dict[str, Any]:
    who = {"name": "t", "version": "1"}
    said = {"protocolVersion": version, "capabilities": {}, "clientInfo": who}
    return {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": said}


def _call(tool: str, **arguments: Any) -> dict[str, Any]:
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params}


async def test_mcp_over_http_asks_for_the_scope_of_each_message(
    home: Home, caller: httpx2.AsyncClient
) -> None:
    """As its authorization says: 403 with insufficient_scope where a token lacks it."""
    reads, sends = await make(home, "reads", READ), await make(home, "sends", INGEST)
    accept = {"accept": "application/json, text/event-stream"}
    ingest = _call("ingest_logs", events=[{"message": "x"}])
    query, page = _call("query_logs"), {"uri": "devmesh://logs/1"}
    read = {"jsonrpc": "2.0", "id": 2, "method": "resources/read", "params": page}
    for token, body, status, scope in (
        (reads, _initialize("2025-11-25"), 200, ""),
        (sends, _initialize("2025-11-25"), 200, ""),
        (reads, query, 200, ""),
        (sends, ingest, 200, ""),
        (reads, ingest, 403, INGEST),
        (sends, query, 403, READ),
        (sends, read, 403, READ),
        (reads, [query, ingest], 403, INGEST),
    ):
        answer = await caller.post("/mcp", json=body, headers=bearer(token) | accept)
        assert answer.status_code == status, (body, answer.text)
        said = answer.headers.get("www-authenticate", "")
        assert (f'scope="{scope}"' in said) == bool(scope)
        assert ("oauth-protected-resource/mcp" in said) == bool(scope)
    assert await home.store.count_events(_all()) == 1


async def test_mcp_tells_of_a_store_that_is_away_and_not_of_scopes(
    settings: ServerSettings, serving: Serving
) -> None:
    """Where no token may be needed nobody is told to show one: prompts are given, the rest waits."""
    away = settings.model_copy(update={"database_url": SecretStr("mysql://root@127.0.0.1:1/x")})
    headers = {"accept": "application/json, text/event-stream"}
    prompt = {"name": "morning_digest", "arguments": {}}
    async with serving(away) as client:
        for method, params, words in (
            ("resources/read", {"uri": "devmesh://hosts"}, "store_unavailable"),
            ("tools/call", {"name": "log_stats", "arguments": {}}, "store_unavailable"),
            ("prompts/get", prompt, "messages"),
        ):
            body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            answer = await client.post("/mcp", json=body, headers=headers)
            assert answer.status_code == 200, answer.text
            assert words in answer.text


def _all() -> Any:
    from tools.ports import Filter

    return Filter()


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_mcp_clients_of_both_eras_call_with_a_token(
    home: Home, listening_at: str, mode: str
) -> None:
    """The SDK's client reads by a reading token and cannot write; the audit knows by which."""
    token = await make(home, "reads", READ)
    async with httpx2.AsyncClient(headers=bearer(token), timeout=60) as http:
        transport = streamable_http_client(f"{listening_at}/mcp", http_client=http)
        async with Client(transport, mode=mode) as client:
            page = await client.call_tool("query_logs", {})
            assert not page.is_error
            with pytest.raises(Exception):  # noqa: B017  what the SDK makes of 403 is its own
                await client.call_tool("ingest_logs", {"events": [{"message": "x"}]})
    assert await home.store.count_events(_all()) == 0
    noted = home.settings.state_dir / "audit.jsonl"
    async with asyncio.timeout(10):
        while not noted.exists() or "query_logs" not in noted.read_text():
            await asyncio.sleep(0.02)
    line = json.loads(noted.read_text().splitlines()[0])
    assert (line["door"], line["token"], line["tool"]) == ("mcp-http", "reads", "query_logs")


async def _devmesh(environment: dict[str, str], *words: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        BIN / "devmesh",
        *words,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_tokens_are_made_listed_and_revoked_at_the_terminal(
    environment: dict[str, str], home: Home
) -> None:
    """The token is printed once, alone on standard output, and never listed."""
    words = ("--scope", "read", "--scope", "ingest", "--expires", "90d")
    status, out, err = await _devmesh(environment, "token", "new", "grafana", *words)
    assert status == 0, err
    token = out.strip()
    assert token.startswith("devmesh_") and len(token) > 45
    book = TokenBook(home, home.now)
    found = await book.holder(token)
    assert found and found.scopes == SCOPES
    _, listed, _ = await _devmesh(environment, "token", "list", "--json")
    [told] = json.loads(listed)["tokens"]
    assert (told["name"], told["scopes"]) == ("grafana", ["ingest", "read"])
    assert told["expires_at"] and token not in listed and hash_of(token).hex() not in listed
    _, shown, _ = await _devmesh(environment, "token", "list")
    assert shown.startswith("grafana ") and "last used never" in shown and token not in shown
    status, _, err = await _devmesh(environment, "token", "revoke", "grafana")
    assert status == 0
    assert err.startswith("grafana is revoked\nno token is left: ")
    assert await home.tokens.all() == []
    await book.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("new", "x", "--scope", "write"), "--scope: must be read or ingest, not 'write'"),
        (("new", "No Name", "--scope", "read"), "NAME: must be 1 to 64 of"),
        (("new", "x", "--scope", "read", "--expires", "soon"), "--expires: must be a width"),
        (("revoke", "nobody"), "no token is named 'nobody'; there are: none"),
    ],
)
async def test_a_slip_at_the_terminal_is_told(
    environment: dict[str, str], words: tuple[str, ...], said: str
) -> None:
    """With the value, the rule and status 2; nothing is made."""
    status, out, err = await _devmesh(environment, "token", *words)
    assert (status, out) == (2, "")
    assert said in err
