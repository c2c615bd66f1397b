"""Rate limits: a bucket for each token or address, told by 429 with Retry-After."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st
from pydantic import SecretStr

from server.rate_limit import Buckets, Rate, network_of
from server.settings import ServerSettings
from shipper.batches import Batch, Item
from shipper.deadletters import DeadLetters
from shipper.patience import Patience
from shipper.send import Sender, connect
from tools.errors import BadArguments

Serving = Callable[[ServerSettings], AbstractAsyncContextManager[httpx2.AsyncClient]]
ACCEPT = {"accept": "application/json, text/event-stream"}


@rules(max_examples=200, deadline=None)
@given(
    st.integers(1, 10),
    st.sampled_from([1, 60, 3600]),
    st.lists(st.sampled_from([0.0, 0.01, 0.3, 40.0]), min_size=20, max_size=100),
)
def test_no_caller_gets_more_than_its_rate(amount: int, seconds: int, pauses: list[float]) -> None:
    """However its requests fall: at most a full bucket and what has flowed in since."""
    buckets, now, taken = Buckets(Rate(amount, seconds)), 0.0, 0
    for pause in pauses:
        now += pause
        taken += buckets.take("x", now) == 0
        assert taken <= amount + now * amount / seconds + 1e-5


@rules(max_examples=200, deadline=None)
@given(st.integers(1, 50), st.sampled_from([1, 60, 3600]), st.integers(1, 200))
def test_who_waits_as_long_as_told_may_go_on(amount: int, seconds: int, count: int) -> None:
    """Retry-After is never too short, and never longer than one request needs."""
    buckets, now = Buckets(Rate(amount, seconds)), 0.0
    for _ in range(count):
        wait = buckets.take("x", now)
        assert wait <= seconds / amount + 1
        if wait:
            now += wait
            assert buckets.take("x", now) == 0


def test_callers_do_not_share_a_bucket() -> None:
    """One that is at its limit leaves the others theirs."""
    buckets = Buckets(Rate(2, 60))
    assert [buckets.take("a", 0.0) for _ in range(3)] == [0, 0, 30]
    assert buckets.take("b", 0.0) == 0


def test_the_table_of_buckets_is_bounded() -> None:
    """A flood of addresses costs no more memory than the table has room for."""
    buckets = Buckets(Rate(1, 60), most=100)
    for number in range(5_000):
        buckets.take(f"10.0.{number // 250}.{number % 250}", 0.0)
    assert len(buckets) == 100


def test_an_ipv6_customer_is_one_caller() -> None:
    """A /64 is one caller: its addresses are as many as one cares to make up."""
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1")
    assert network_of("2001:db8::1") != network_of("2001:db8:0:1::1")
    assert network_of("192.0.2.1") == network_of("::ffff:192.0.2.1") == "192.0.2.1"
    assert network_of("") == ""


@pytest.mark.parametrize("text", ["", "600", "0/m", "-1/m", "600/y", "1.5/s", "600/min", "6e2/m"])
def test_a_rate_that_is_none_is_told(text: str) -> None:
    """By the setting's name, what was given and what is allowed."""
    with pytest.raises(BadArguments, match="DEVMESH_RATE_LIMIT: must be a number and s, m, h or d"):
        ServerSettings(rate_limit=text)


async def test_calls_over_the_limit_are_told_when_to_come_back(
    settings: ServerSettings, serving: Serving
) -> None:
    """REST, MCP and strangers alike; what is sent to us has a limit of its own."""
    limited = settings.model_copy(
        update={
            "rate_limit": "6/m",
            "ingest_rate_limit": "2/m",
            "token": SecretStr("sesame"),
        }
    )
    known = {"authorization": "Bearer sesame"}
    async with serving(limited) as client:
        for _ in range(3):
            assert (await client.get("/query/logs", headers=known)).status_code == 200
            assert (await client.post("/mcp", headers=known | ACCEPT)).status_code == 400
        for method, path in (("GET", "/query/logs"), ("POST", "/mcp"), ("GET", "/health")):
            answer = await client.request(method, path, headers=known)
            assert answer.status_code == 429, path
            assert answer.json()["code"] == "rate_limited"
            assert "more than 6 calls a minute" in answer.json()["detail"]
            assert 1 <= int(answer.headers["retry-after"]) <= 10
        event = [{"message": "x"}]
        statuses = [
            (await client.post("/ingest/logs", json=event, headers=known)).status_code
            for _ in range(3)
        ]
        assert statuses == [200, 200, 429]
        strangers = [(await client.get("/query/logs")).status_code for _ in range(8)]
        assert strangers == [401] * 6 + [429] * 2


async def test_a_shipper_that_is_slowed_down_loses_nothing(
    settings: ServerSettings, serving: Serving, tmp_path: Path
) -> None:
    """It waits as long as it is told, and every event arrives once."""
    limited = settings.model_copy(update={"ingest_rate_limit": "2/s"})
    async with serving(limited) as client:
        dead = DeadLetters(tmp_path / "dead.ndjson")
        patience = Patience(asyncio.Event())
        async with connect(str(client.base_url), None) as sending:
            sender = Sender(sending, dead, patience, lambda: 0.0)
            for number in range(5):
                body = b'{"message": "number %d", "uid": "n%d"}' % (number, number)
                await sender.send(Batch([Item(str(number), 0, body)]))
        assert sender.sent == 5 and sender.retried > 0 and sender.dead == 0
        assert (await client.get("/query/logs")).json()["total"] == 5
