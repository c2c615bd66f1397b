"""POST /ask over a real server: answers with citations, steps as they come, refusals, a full queue."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import orjson
import pytest

from server.turns import Turns
from tools.errors import Busy

Known = Callable[[], list[dict[str, Any]]]
EVENTS = {"accept": "text/event-stream"}


@pytest.fixture
async def filled(client: httpx2.AsyncClient, known_events: Known) -> httpx2.AsyncClient:
    """A client of a server that holds the 300 known events."""
    await client.post("/ingest/logs", json=known_events())
    return client


def events_of(text: str) -> list[tuple[str, dict[str, Any]]]:
    """The server-sent events of a stream."""
    found = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), orjson.loads(data.removeprefix("data: "))))
    return found


async def test_a_question_is_answered_with_rows_and_citations(filled: httpx2.AsyncClient) -> None:
    """The call, every row, and ids that lead to the rows they cite."""
    answer = await filled.post("/ask", json={"question": "errors of billing in the last day"})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["tool"] == "query_logs"
    assert body["arguments"] == {"service": "billing", "level": "ERROR", "start_time": "1d"}
    assert len(body["result"]["events"]) == body["result"]["total"] == 60
    assert body["answer"].startswith("60 ERROR events of billing, from ")
    assert body["citations"]
    for key in body["citations"]:
        context = (
            await filled.get(f"/context/logs/{key}", params={"before": 0, "after": 0})
        ).json()
        assert context["events"][0]["service"] == "billing"


async def test_steps_come_as_server_sent_events(filled: httpx2.AsyncClient) -> None:
    """Two rounds, each with its call, rows and part of the answer, then the whole."""
    question = "which service has most errors, and what are they similar to?"
    answer = await filled.post("/ask", json={"question": question}, headers=EVENTS)
    assert answer.headers["content-type"].startswith("text/event-stream")
    steps = events_of(answer.text)
    one = ["round", "call", "rows", "answer"]
    assert [name for name, _ in steps] == [*one * 3, "done"]
    assert [said["tool"] for name, said in steps if name == "call"] == [
        "log_stats", "log_patterns", "similar_logs",
    ]  # fmt: skip
    assert len(steps[-1][1]["rounds"]) == 3


async def test_history_is_what_a_follow_up_changes_or_points_at(filled: httpx2.AsyncClient) -> None:
    """The tool and arguments of the answer before are enough; nothing is kept on the server."""
    first = (
        await filled.post("/ask", json={"question": "how many errors of nginx today and yesterday"})
    ).json()
    history = [{key: first[key] for key in ("question", "tool", "arguments")}]
    then = await filled.post("/ask", json={"question": "and of billing?", "history": history})
    assert then.json()["tool"] == "log_stats"
    assert then.json()["arguments"] == first["arguments"] | {"service": "billing"}
    alike = await filled.post(
        "/ask", json={"question": "what are they similar to?", "history": history}
    )
    assert alike.json()["arguments"]["text"].startswith("connect() failed")


@pytest.mark.parametrize(
    ("body", "status", "code", "said"),
    [
        ({}, 422, "bad_arguments", "question: is required"),
        ({"question": "  "}, 422, "bad_arguments", "must say something"),
        ({"question": "x" * 2001}, 422, "bad_arguments", "question"),
        ({"question": "errors", "rows": 3}, 422, "bad_arguments", "unknown name"),
        ({"question": "and?", "history": [{"tool": "drop"}]}, 404, "not_found", "no tool named"),
        ({"question": "and?", "history": [{"tool": "ingest_logs", "arguments": {"events": []}}]},
         422, "bad_arguments", "tools that read"),
        ({"question": "thanks!"}, 404, "not_found", "asks nothing"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("headers", [{}, EVENTS])
async def test_what_cannot_be_answered_is_a_problem_document(
    client: httpx2.AsyncClient,
    body: dict[str, Any],
    status: int,
    code: str,
    said: str,
    headers: dict[str, str],
) -> None:
    """The same whether JSON or events were asked for: status, code and a reason."""
    answer = await client.post("/ask", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert said in answer.json()["detail"]


async def test_questions_take_turns_and_too_many_are_refused(filled: httpx2.AsyncClient) -> None:
    """Of twelve at once nine are answered, the others told to come again; then there is room."""
    body = {"question": "errors of nginx"}
    answers = await asyncio.gather(*(filled.post("/ask", json=body) for _ in range(12)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] * 9 + [503] * 3
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert refused.json()["code"] == "busy" and int(refused.headers["retry-after"]) > 0
    assert (await filled.post("/ask", json=body)).status_code == 200


async def test_who_leaves_the_queue_makes_room() -> None:
    """A cancelled waiter counts no longer: another may wait in its place."""
    turns = Turns(1, 5)
    async with turns.turn():
        waiting = asyncio.create_task(_a_turn(turns))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            async with turns.turn():
                pass
        waiting.cancel()
        await asyncio.wait({waiting})
        last = asyncio.create_task(_a_turn(turns))
        await asyncio.sleep(0)
        assert not last.done()
    await last


async def _a_turn(turns: Turns) -> None:
    async with turns.turn():
        pass


async def test_openapi_shows_how_to_ask(client: httpx2.AsyncClient) -> None:
    """The schema has an example of the question, of the answer and of the stream."""
    schema = (await client.get("/openapi.json")).json()["paths"]["/ask"]["post"]
    assert schema["requestBody"]["content"]["application/json"]["example"]["question"]
    assert set(schema["responses"]["200"]["content"]) == {"application/json", "text/event-stream"}
