"""`make bench-agent`: the same model and questions, understood by DevMesh and by two common ways:
llama-cpp-python's own function calling (chatml-function-calling), and examples in the prompt with
a grammar made from the tools' JSON schemas.

usage: agent.py [--limit N] [--model GGUF] [--file QUESTIONS --catalog CATALOG]
"""

import argparse
import asyncio
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import llama_cpp
import orjson
from without_tiles import leave_tiles

from prompts.asked import asked
from prompts.prompt import prompt
from server.agent import Agent
from server.asking import agent_for
from server.calls import Candidate
from server.eval_calls import Situation, evaluate_calls, read_cases
from server.llm_packaged import packaged_model
from server.llm_wording import turns
from server.settings import ServerSettings
from tools.catalogue import TOOLS, tool_named
from tools.errors import DevMeshError
from tools.ingest_logs import INGEST_LOGS
from tools.ports import Deps
from tools.timespan import parse_time
from tools.tool import AnyTool

DEV = Path(__file__).resolve().parents[2] / "prompts" / "training"
WRONG = Candidate(INGEST_LOGS, {})
"""What no question means: the place of an answer that is no valid call."""
ASKED = [tool for tool in TOOLS if not tool.writes]
MOST_TOKENS = 200
_LENGTHS = {"minLength", "maxLength"}


class Peer(ABC):
    """A way to make a call of a question with `llama-cpp-python` alone."""

    def __init__(self, llama: Any) -> None:
        self.llama = llama

    async def understand(self, question: str, deps: Deps, past: Any = None) -> Candidate | None:
        """The call; `WRONG` when the model writes none that the tool would take."""
        before = list(past if isinstance(past, Sequence) else [past] if past else [])
        said = await asyncio.to_thread(
            self.say, asked(question, [one.text for one in before]), deps
        )
        if said is None:
            return None
        try:
            tool = tool_named(str(said["tool"]))
            arguments = {key: value for key, value in said["args"].items() if value is not None}
            tool.read(arguments, deps)
            for name in {"start_time", "end_time", "compare_to"} & set(arguments):
                parse_time(arguments[name], deps.now(), deps.zone)
        except (DevMeshError, LookupError, TypeError, AttributeError):
            return WRONG
        return Candidate(tool, arguments)

    @abstractmethod
    def say(self, question: str, deps: Deps) -> dict[str, Any] | None:
        """The tool and its arguments, None for no call."""


class FunctionCalling(Peer):
    """The chat format `chatml-function-calling`, told which names there are."""

    def say(self, question: str, deps: Deps) -> dict[str, Any] | None:
        """The first tool call of the answer."""
        handle = llama_cpp.llama_chat_format.get_chat_completion_handler("chatml-function-calling")
        answer = handle(
            llama=self.llama,
            messages=[{"role": "user", "content": f"{instructions(deps)}\n\n{question}"}],
            tools=[{"type": "function", "function": definition(tool)} for tool in ASKED],
            tool_choice="auto",
            temperature=0,
            max_tokens=MOST_TOKENS,
        )
        calls = answer["choices"][0]["message"].get("tool_calls")
        if not calls:
            return None
        return called(calls[0]["function"]["name"], calls[0]["function"]["arguments"])


class SchemaGrammar(Peer):
    """Examples in the prompt, and a grammar that lets only calls of the tools' schemas through."""

    def __init__(self, llama: Any) -> None:
        super().__init__(llama)
        either = [
            *map(schema, ASKED),
            {"type": "object", "properties": {"tool": {"const": "none"}}, "required": ["tool"]},
        ]
        self.grammar = llama_cpp.LlamaGrammar.from_json_schema(
            orjson.dumps({"oneOf": either}).decode(), verbose=False
        )

    def say(self, question: str, deps: Deps) -> dict[str, Any] | None:
        """The JSON object that the model writes."""
        self.llama.reset()
        answer = self.llama.create_completion(
            self.prompt(question, deps),
            grammar=self.grammar,
            temperature=0,
            max_tokens=MOST_TOKENS,
        )
        try:
            said: dict[str, Any] = orjson.loads(answer["choices"][0]["text"])
        except orjson.JSONDecodeError:
            return {"tool": "unfinished", "args": {}}
        return None if said["tool"] == "none" else said

    def prompt(self, question: str, deps: Deps) -> str:
        """The examples as questions and JSON objects, and the question."""
        shown = [instructions(deps), ""]
        chat = turns()
        for user, assistant in zip(chat[:-1:2], chat[1::2], strict=True):
            lines = user["content"].splitlines()
            shown += [*[line for line in lines if line.startswith(("Q:", "Before:"))]]
            shown += [f"A: {as_json(assistant['content'])}", ""]
        return "\n".join([*shown, question, "A:"])


def instructions(deps: Deps) -> str:
    """What the tools are for, the moment, and the names that exist."""
    names = asyncio.run(deps.store.catalogue())
    known = f"services {names.services}, hosts {names.hosts}, metrics {names.metrics}"
    return f"{prompt('tools')}\nIt is {deps.now():%A %Y-%m-%dT%H:%M:%SZ}. There are {known}."


def definition(tool: AnyTool) -> dict[str, Any]:
    """The tool as OpenAI's API describes functions."""
    return {"name": tool.name, "description": tool.purpose, "parameters": tool.schema()}


def schema(tool: AnyTool) -> dict[str, Any]:
    """A call of the tool."""
    properties = {"tool": {"const": tool.name}, "args": unbounded(tool.schema())}
    return {"type": "object", "properties": properties, "required": ["tool", "args"]}


def unbounded(part: Any) -> Any:
    """A schema without lengths of strings: llama.cpp unrolls them and then finds its grammar too
    large.
    """
    if isinstance(part, list):
        return [unbounded(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {key: unbounded(value) for key, value in part.items() if key not in _LENGTHS}


def called(name: str, arguments: str) -> dict[str, Any]:
    """A call whose arguments are JSON text."""
    try:
        return {"tool": name, "args": orjson.loads(arguments)}
    except orjson.JSONDecodeError:
        return {"tool": "unfinished", "args": {}}


def as_json(call: str) -> str:
    """A call in our own writing as JSON."""
    tool, _, rest = call.partition(" ")
    if tool == "none":
        return '{"tool": "none"}'
    values = (part.split("=", 1) for part in _parts(rest))
    return orjson.dumps(
        {"tool": tool, "args": {key: _value(text) for key, text in values}}
    ).decode()


def _parts(rest: str) -> Iterator[str]:
    part = ""
    for word in rest.split(" "):
        part = f"{part} {word}" if part else word
        if part.count('"') in {0, 2}:
            yield part
            part = ""


def _value(text: str) -> object:
    return text.strip('"') if text.startswith('"') else orjson.loads(text.lower())


async def measure(name: str, agent: object, questions: Path, situation: Situation) -> None:
    """One line of the table."""
    found = await evaluate_calls(cast(Agent, agent), questions, situation)
    print(
        f"{name:42} {found['tool']:6.1f} {found['full']:6.1f}"
        f" {found['ms_median']:9.0f} {found['ms_p95']:9.0f}",
        flush=True,
    )


async def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, help="so many questions, spread over the file")
    parser.add_argument("--model", type=Path, help="a GGUF file; default: the packaged model")
    parser.add_argument("--file", type=Path, default=DEV / "dev.jsonl")
    parser.add_argument("--catalog", type=Path, default=DEV / "dev.catalog.json")
    given = parser.parse_args()
    cases = read_cases(given.file)
    step = max(1, len(cases) // (given.limit or len(cases)))
    with tempfile.TemporaryDirectory() as folder:
        questions = Path(folder) / "questions.jsonl"
        questions.write_bytes(b"\n".join(map(orjson.dumps, cases[::step])))
        settings = ServerSettings(model=given.model)
        situation = Situation.read(given.catalog)
        print(f"{len(cases[::step])} questions of {given.file.name}")
        print(f"{'':42} {'tool %':>6} {'full %':>6} {'ms median':>9} {'ms p95':>9}")
        async with agent_for(settings) as agent:
            await agent.understand("how many errors today", situation.deps())
            await measure("DevMesh", agent, questions, situation)
        path = given.model or packaged_model()
        leave_tiles()
        llama = llama_cpp.Llama(str(path), n_ctx=8192, verbose=False)
        await measure("examples + JSON schema grammar", SchemaGrammar(llama), questions, situation)
        await measure("chatml-function-calling", FunctionCalling(llama), questions, situation)


if __name__ == "__main__":
    asyncio.run(main())
