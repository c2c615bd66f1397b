"""The language models: local, of any family, and on a server; all choose among texts."""

import asyncio
import math
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.asked import asked
from prompts.call_text import call_text
from server.llm import LocalModel, shortened, weighed
from server.llm_packaged import packaged_model
from server.llm_remote import RemoteModel, letter_logs
from server.llm_session import Session
from server.llm_tree import among, bundles, constrained_logs, forks
from tools.errors import ModelUnavailable

Need = Callable[[bool, str], None]
BRANCHES = st.lists(
    st.lists(st.integers(0, 3), max_size=7).map(lambda body: [*body, 9]), min_size=1, max_size=12
)
QUESTION = "how many errors did teapot log per host since yesterday"
CALLS = [
    call_text("query_logs", {"service": "teapot", "level": "ERROR", "start_time": "yesterday"}),
    call_text(
        "log_stats",
        {"group_by": "host", "service": "teapot", "level": "ERROR", "start_time": "yesterday"},
    ),
    call_text("log_patterns", {"service": "teapot", "start_time": "yesterday"}),
    "none",
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the packaged model and its state."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
async def model(cache: Path) -> AsyncIterator[LocalModel]:
    """The packaged model."""
    packaged = LocalModel(None, cache)
    yield packaged
    packaged.close()


async def test_the_packaged_model_tells_a_count_from_a_list(model: LocalModel) -> None:
    """Rows, counts and talk are told apart without any prior."""
    counted = await model.weigh(asked(QUESTION), CALLS, [0.0] * 4)
    thanked = await model.weigh(asked("thanks a lot!"), CALLS, [0.0] * 4)
    assert (CALLS[counted.index], CALLS[thanked.index]) == (CALLS[1], "none")
    assert counted.confidence > 0.5
    assert math.isclose(sum(map(math.exp, counted.logs)), 1, abs_tol=1e-3)


async def test_a_strong_prior_outweighs_the_model_and_shows_in_the_confidence(
    model: LocalModel,
) -> None:
    """Priors are log-odds: they add to what the model thinks."""
    plain = await model.weigh(asked(QUESTION), CALLS, [0.0] * 4)
    pushed = await model.weigh(asked(QUESTION), CALLS, [0.0, 0.0, 60.0, 0.0])
    assert pushed.index == 2
    assert pushed.confidence > 0.99
    assert np.allclose(pushed.logs, plain.logs, atol=1e-3)


async def test_a_follow_up_keeps_what_it_does_not_change(model: LocalModel) -> None:
    """The call before is part of the question."""
    before = call_text("query_logs", {"service": "teapot", "level": "WARN", "start_time": "2h"})
    changes: list[dict[str, object]] = [
        {"host": "kitchen"},
        {"service": "teapot", "host": "kitchen", "level": "WARN", "start_time": "2h"},
    ]
    texts = [call_text("query_logs", change) for change in changes]
    found = await model.weigh(asked("and on kitchen?", [before]), texts, [0.0, 0.0])
    assert found.index == 1


async def test_a_new_process_goes_on_from_the_saved_state(cache: Path, model: LocalModel) -> None:
    """The state after the fixed part is kept on disk; the answers from it are the same."""
    first = await model.weigh(asked(QUESTION), CALLS, [0.0] * 4)
    states = {file: file.stat().st_mtime_ns for file in cache.glob("*.state")}
    assert len(states) == 1
    other = LocalModel(None, cache)
    again = await other.weigh(asked(QUESTION), CALLS, [0.0] * 4)
    other.close()
    assert np.allclose(again.logs, first.logs, atol=0.05)
    assert {file: file.stat().st_mtime_ns for file in cache.glob("*.state")} == states


async def test_a_damaged_state_is_made_anew(cache: Path, model: LocalModel) -> None:
    """A state that cannot be read costs time, not an answer."""
    first = await model.weigh(asked(QUESTION), CALLS, [0.0] * 4)
    (state,) = cache.glob("*.state")
    state.write_bytes(state.read_bytes()[:100])
    other = LocalModel(None, cache)
    again = await other.weigh(asked(QUESTION), CALLS, [0.0] * 4)
    other.close()
    assert again.index == first.index
    assert state.stat().st_size > 100


async def test_many_long_texts_are_weighed_together(model: LocalModel) -> None:
    """More forks than the context has sequences, and more tokens than a batch."""
    texts = [
        call_text("query_logs", {"contains": f"{word} " * 12, "host": f"rack{number}"})
        for number in range(30)
        for word in ("lease", "quota", "socket")
    ]
    found = await model.weigh(asked("lines on rack7"), texts, [0.0] * len(texts))
    assert 'host="rack7"' in texts[found.index]


async def test_a_pasted_trace_of_a_thousand_lines_is_no_trouble(model: LocalModel) -> None:
    """The middle of a long value is left out of question and texts alike."""
    trace = "panic: nil map " + "at frame.go:17 in worker " * 2_000 + "exit status 2"
    texts = [
        call_text("similar_logs", {"text": trace}),
        call_text("query_logs", {"contains": trace}),
    ]
    found = await model.weigh(asked(f"seen anything like this before: {trace}"), texts, [0.0, 0.0])
    assert found.index == 0
    with pytest.raises(ModelUnavailable, match="too long"):
        await model.weigh(asked("word " * 9_000), texts, [0.0, 0.0])


async def test_any_gguf_is_asked_by_example(cache: Path) -> None:
    """A model named by path gets the examples; without a chat template as plain text."""
    base = LocalModel(packaged_model(), cache)
    question = "show the last 12 lines of teapot"
    texts = [
        call_text("query_logs", {"service": "teapot", "limit": 12}),
        call_text("similar_logs", {"text": question}),
    ]
    found = await base.weigh(asked(question), texts, [0.0, 0.0])
    base.close()
    assert found.index == 0


async def test_a_model_writes_and_then_weighs_as_before(cache: Path) -> None:
    """What it wrote leaves no trace in the prompt that questions begin with."""
    file = packaged_model()
    written = LocalModel(file, cache)
    before = (await written.weigh(asked(QUESTION), CALLS, [0.0] * 4)).logs
    assert len((await written.complete("Name three colours.")).split()) > 1
    after = (await written.weigh(asked(QUESTION), CALLS, [0.0] * 4)).logs
    assert after == pytest.approx(before, abs=0.05)
    assert await written.parameters() == await LocalModel(None, cache).parameters()
    written.close()


async def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    """The error says which file and which setting."""
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF and then nothing")
    for path, why in ((broken, "cannot load"), (tmp_path / "absent.gguf", "no model file")):
        model = LocalModel(path, tmp_path)
        with pytest.raises(ModelUnavailable, match=f"{why}.*{path.name}.*DEVMESH_MODEL"):
            await model.weigh(asked(QUESTION), CALLS, [0.0] * 4)
        model.close()


def test_control_tokens_in_a_question_are_plain_text(cache: Path) -> None:
    """Whoever writes a question cannot end the model's turn."""
    session = Session(packaged_model())
    said = session.special(session.ends)
    assert session.ends in session.tokens(said, control=True)
    assert session.ends not in session.tokens(said)


@given(BRANCHES, st.integers(0, 2**32 - 1))
def test_constrained_probabilities_sum_to_one(branches: list[list[int]], seed: int) -> None:
    """Over different branches, whatever the model says at the forks."""
    distinct = [list(branch) for branch in dict.fromkeys(map(tuple, branches))]
    random = np.random.default_rng(seed)
    parting = forks(distinct)
    logs = constrained_logs(
        distinct, lambda path: among(random.normal(size=10).astype(np.float32), parting[path])
    )
    assert math.isclose(sum(map(math.exp, logs)), 1, rel_tol=1e-6)


@given(BRANCHES, st.integers(1, 9), st.integers(1, 4))
def test_every_fork_is_evaluated_once_after_all_that_leads_to_it(
    branches: list[list[int]], tokens: int, ways: int
) -> None:
    """Bundles keep to their limits, and each twig's sequences run through its ancestors too."""
    wanted = {path for path in forks(branches) if path}
    seen: list[tuple[int, ...]] = []
    for bundle in bundles(wanted, tokens, ways):
        placed: dict[tuple[int, ...], set[int]] = {}
        for twig in bundle:
            assert len(twig.path) == 1 or set(twig.ways) <= placed[twig.path[:-1]]
            placed[twig.path] = set(twig.ways)
        seen += [twig.path for twig in bundle if twig.wanted]
        used = {way for on in placed.values() for way in on}
        assert used == set(range(1, len(used) + 1))
        assert len(used) <= ways
        assert len(bundle) <= tokens or len(used) == 1
    assert set(seen) == wanted


def test_the_same_text_twice_counts_once() -> None:
    """Its better prior stands, and the confidence is not split between the two."""
    found = weighed(["a", "b", "a"], [math.log(0.5)] * 3, [0.0, 0.0, 1.0])
    assert found.index == 2
    assert math.isclose(found.confidence, math.e / (math.e + 1))


@given(st.text(min_size=300, max_size=900), st.text(max_size=40))
def test_a_short_question_and_its_values_stay_as_they_are(value: str, around: str) -> None:
    """Only values beyond a few hundred characters are cut, and in both places alike."""
    line = " ".join(value.split())
    text = call_text("similar_logs", {"text": line})
    prompt, (cut,) = shortened(f"Q: {around} {line}", [text])
    assert len(cut) <= len(text)
    assert (cut == text) == (len(line) < 240)
    assert shortened("Q: hello", ["none"]) == ("Q: hello", ["none"])
    assert len(prompt) <= len(around) + len(line) + 4


# A model on a server

_SERVER = Path(__file__).parents[1] / "bench" / "without_tiles.py"


@pytest.fixture(scope="module")
async def served(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """llama-cpp-python's own OpenAI-compatible server over the packaged base; its URL."""
    pytest.importorskip("starlette_context", reason="the server's extras are not installed")
    path = packaged_model()
    port = 18_431
    command = [sys.executable, str(_SERVER), "--model", str(path), "--port", str(port)]
    log = (tmp_path_factory.mktemp("served") / "log").open("wb")
    extra = ["--n_ctx", "2048", "--logits_all", "true", "--api_key", "s3cret", "--model_alias", "m"]
    process = await asyncio.create_subprocess_exec(*command, *extra, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}/v1"
    try:
        async with httpx2.AsyncClient(headers={"authorization": "Bearer s3cret"}) as client:
            for _ in range(300):
                await asyncio.sleep(0.2)
                try:
                    if (await client.get(f"{url}/models")).status_code == 200:
                        break
                except httpx2.TransportError:
                    assert process.returncode is None, Path(log.name).read_text()
        yield url
    finally:
        process.terminate()
        await process.wait()
        log.close()


async def test_a_model_on_a_real_server_weighs_the_letters(served: str) -> None:
    """Its token probabilities become log-probabilities of the texts."""
    found = await RemoteModel(served, "m", "s3cret").weigh(asked(QUESTION), CALLS, [0, 0, 30.0, 0])
    assert found.index == 2
    assert len(found.logs) == 4
    assert len(set(found.logs)) > 1


async def test_a_model_on_a_real_server_writes(served: str) -> None:
    """Its answer comes as text; how many parameters it has nobody says."""
    remote = RemoteModel(served, "m", "s3cret")
    assert len((await remote.complete("Name three colours.")).split()) > 1
    assert await remote.parameters() is None


async def test_a_wrong_token_is_told_from_an_absent_server(served: str) -> None:
    """The error says what to mend."""
    with pytest.raises(ModelUnavailable, match="refuses DEVMESH_LLM_TOKEN"):
        await RemoteModel(served, "m", "wrong").weigh(asked(QUESTION), CALLS, [0.0] * 4)
    away = RemoteModel("http://127.0.0.1:9/v1", "m")
    with pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1:9/v1 is away"):
        await away.weigh(asked(QUESTION), CALLS, [0.0] * 4)


def _answer(content: str, top: dict[str, float] | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = {"message": {"content": content}}
    if top:
        told = [{"token": token, "logprob": log} for token, log in top.items()]
        answer["logprobs"] = {"content": [{"token": content, "top_logprobs": told}]}
    return answer


@pytest.mark.parametrize(
    ("answer", "best"),
    [
        (_answer("B", {"B": -0.1, " A": -3.0, "The": -5.0}), 1),
        (_answer("The", {"The": -0.1, "C)": -2.0}), 2),
        (_answer("C) log_patterns"), 2),
        (_answer("**A**"), 0),
    ],
)
def test_the_letter_is_found_however_the_model_writes_it(answer: dict[str, Any], best: int) -> None:
    """By its probability where the server tells it, else by its name."""
    logs = letter_logs(answer, 3)
    assert logs is not None
    assert max(range(3), key=lambda i: logs[i]) == best


def test_an_answer_without_a_letter_is_none() -> None:
    """So that nobody's guess becomes a call."""
    assert letter_logs(_answer("I cannot know"), 3) is None
    assert letter_logs({"message": None}, 3) is None


SHAPES = st.recursive(
    st.none() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["message", "content", "logprobs", "top_logprobs", "token", "logprob"]),
            inner,
        )
    ),
)


@given(st.dictionaries(st.sampled_from(["message", "logprobs"]), SHAPES))
def test_no_answer_breaks_the_reading(answer: dict[str, Any]) -> None:
    """Servers answer all sorts of things; what can be read is one number a text."""
    logs = letter_logs(answer, 4)
    assert logs is None or (len(logs) == 4 and all(map(math.isfinite, logs)))
