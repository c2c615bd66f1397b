"""POST /ask: a question in plain words over HTTP, answered whole as JSON or step by step as SSE.

Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Request
from pydantic import Field, ValidationError
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from server.agent import Agent
from server.app import Home
from server.bodies import read_object
from server.callers import access_of
from server.calling import call_and_compose
from server.calls import Candidate
from server.meters import Meters
from server.patience import while_connected
from server.problems import from_error
from server.rest_docs import post
from server.rest_responses import BODIES, refusals
from server.rounds import Course
from server.settings import this_host
from server.steps import Answer, Done, Round, Step
from server.turns import Turns
from tools.catalogue import tool_named
from tools.errors import BadArguments, DevMeshError
from tools.ports import Caller, Deps
from tools.records import Strict
from tools.tool import problem, untitled

_log = logging.getLogger(__name__)

_WAITING, _RETRY_AFTER = 8, 5


class Turn(Strict):
    """An earlier question's call, as its answer gave it."""

    question: Annotated[str, Field(max_length=2_000)] = ""
    tool: Annotated[str, Field(max_length=100)]
    arguments: dict[str, Any] = Field(default_factory=dict)


class Ask(Strict):
    """A question, and the calls before it that it may point back at, oldest first."""

    question: Annotated[str, Field(min_length=1, max_length=2_000)]
    history: list[Turn] = Field(default_factory=list, max_length=20)


def add_ask(app: FastAPI, home: Home, meters: Meters) -> None:
    """Serve POST /ask; the agent stands in the application's state, its model loaded when needed.

    One question is answered at a time, since the model answers one at a time; a few may wait.
    """
    turns = Turns(_WAITING, _RETRY_AFTER)

    async def handler(request: Request) -> Response:
        asked = _read(read_object(await request.body(), request.headers.get("content-type", "")))
        caller = Caller(host=this_host(), rest=True, access=access_of(request))
        deps = await home.deps(caller)
        steps = _counted(_steps(request.app.state.agent, asked, deps), meters)
        if "text/event-stream" in request.headers.get("accept", ""):
            return _EventStream(steps, turns.turn())
        async with turns.turn():
            answer = await while_connected(request, _whole(steps))
        return Response(orjson.dumps(answer.as_json(), default=str), media_type="application/json")

    post(
        app,
        "/ask",
        handler,
        {"application/json": {"schema": _REQUEST, "example": _EXAMPLE}},
        name="ask",
        summary="Ask in plain words",
        description=(
            "Answers a question about the logs from facts that code computed, each with a citation "
            "#id. With Accept: text/event-stream the rounds come as server-sent events while they "
            "run: round, call, rows, answer, prose, done; or problem."
        ),
        responses={200: _OK, **refusals(404, *BODIES)},
    )


def _read(body: dict[str, Any]) -> Ask:
    try:
        asked = Ask.model_validate(body)
    except ValidationError as error:
        raise BadArguments(
            [problem(one, list(Ask.model_fields)) for one in error.errors()]
        ) from error
    if not asked.question.strip():
        raise BadArguments.one("question", "must say something", asked.question)
    return asked


async def _steps(agent: Agent, asked: Ask, deps: Deps) -> AsyncIterator[Step]:
    course = Course(asked.question.strip(), deps, await _past(asked, deps))
    async for step in agent.answer(course):
        yield step


async def _counted(steps: AsyncIterator[Step], meters: Meters) -> AsyncIterator[Step]:
    outcome = "abandoned"
    try:
        async for step in steps:
            if isinstance(step, Done):
                outcome = "answered"
            yield step
    except DevMeshError:
        outcome = "failed"
        raise
    finally:
        meters.questioned(outcome)


async def _past(asked: Ask, deps: Deps) -> list[Round]:
    """The latest call again: nothing is kept between requests, and `it` means what it found."""
    if not asked.history:
        return []
    turn = asked.history[-1]
    call = Candidate(tool_named(turn.tool), turn.arguments)
    page, facts = await call_and_compose(call, deps)
    return [Round(turn.question, call, page, facts)]


async def _whole(steps: AsyncIterator[Step]) -> Answer:
    async for step in steps:
        if isinstance(step, Done):
            return step.answer
    raise RuntimeError("an answer has an end")


class _EventStream(StreamingResponse):
    """Steps as server-sent events. What fails before the first is an ordinary problem document;
    later it is an event named problem.
    """

    def __init__(self, steps: AsyncIterator[Step], turn: AbstractAsyncContextManager[None]) -> None:
        super().__init__(iter(()), media_type="text/event-stream")
        self.headers["cache-control"] = "no-store"
        self._steps = steps
        self._turn = turn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for the turn, then send events until the end or until nobody listens."""
        async with self._turn:
            first = await anext(self._steps)
            self.body_iterator = self._events(first)
            await super().__call__(scope, receive, send)

    async def _events(self, first: Step) -> AsyncIterator[bytes]:
        yield await asyncio.to_thread(_event, *first.as_event())
        try:
            async for step in self._steps:
                yield await asyncio.to_thread(_event, *step.as_event())
        except DevMeshError as error:
            yield _event("problem", orjson.loads(bytes(from_error(error).body)))
        except Exception:  # the status is sent; the stream is the only place left to say it
            _log.exception("unexpected failure while answering")
            detail = "an unexpected failure; the server's log has it"
            yield _event("problem", {"status": 500, "code": "internal", "detail": detail})


def _event(name: str, said: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps(said, default=str))


_EXAMPLE = {"question": "which service had most errors today, and what are they similar to?"}
_REQUEST = {
    "type": "object",
    "additionalProperties": False,
    "required": ["question"],
    "properties": {
        "question": {"type": "string", "minLength": 1, "maxLength": 2_000},
        "history": {
            "type": "array",
            "maxItems": 20,
            "description": "tool and arguments of earlier answers, oldest first.",
            "items": untitled(Turn.model_json_schema()),
        },
    },
}
_ANSWER = {
    "question": "any CRITICAL events this week?",
    "tool": "query_logs",
    "arguments": {"level": "CRITICAL", "start_time": "1w"},
    "answer": "1 CRITICAL event, from 2026-11-13 12:00:00.000 until now UTC.\n"
    "2026-11-14 19:20:00.000 CRITICAL mdadm on nas01: “DegradedArray event detected” #974\n"
    "coverage: heard in this range: nas01 135 events",
    "citations": [974],
    "result": {"events": [], "total": 1, "complete": True},
}
_OK = {
    "description": "The answer, or its steps.",
    "content": {
        "application/json": {"schema": {"type": "object"}, "example": _ANSWER},
        "text/event-stream": {
            "schema": {"type": "string"},
            "example": 'event: round\ndata: {"round":1,"asked":"…"}\n\n',
        },
    },
}
