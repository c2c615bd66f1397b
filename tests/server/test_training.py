"""The training questions, and what is made of them."""

import json
import re
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.call_text import ORDER, call_text
from prompts.training.adapter import permuted
from prompts.training.grammar import table
from prompts.training.questions import changed_call, examples
from prompts.training.rows import rows
from server.eval_calls import Situation, read_cases
from server.llm_packaged import packaged_adapter
from tools.catalogue import TOOLS, tool_named
from tools.ports import Catalogue
from tools.timespan import parse_time

NOW = datetime(2027, 3, 10, 15, 0, tzinfo=UTC)
DEPS = Situation(NOW, Catalogue((), (), ())).deps()
DEV = Path(__file__).resolve().parents[2] / "prompts" / "training" / "dev.jsonl"
_PART = re.compile(r'(\w+)=("[^"]*"|\S+)')


def read(call: str) -> tuple[str, dict[str, Any]]:
    """A call's text as tool and arguments."""
    tool, _, rest = call.partition(" ")
    arguments: dict[str, Any] = {}
    for key, text in _PART.findall(rest):
        value = text.strip('"')
        if key == "labels":
            arguments[key] = json.loads(value.replace("'", '"'))
        else:
            arguments[key] = json.loads(text.lower()) if text[0] != '"' else value
    return tool, arguments


def test_the_same_seed_gives_the_same_questions() -> None:
    """And another seed others."""
    first, same, other = (list(islice(examples(seed), 200)) for seed in (1, 1, 2))
    assert first == same
    assert first != other


def test_every_training_call_is_one_that_its_tool_takes() -> None:
    """All eight kinds of answers come up, none of a tool that writes; times can be read."""
    seen = set()
    for example in islice(examples(3), 3_000):
        for call in (example.answer, *example.before):
            name, arguments = read(call)
            seen.add(name)
            if name == "none":
                continue
            tool_named(name).read(arguments, DEPS)
            assert call == call_text(name, arguments)
            for key in {"start_time", "end_time", "compare_to"} & set(arguments):
                parse_time(arguments[key], NOW, UTC)
            if arguments.get("new_only") or "compare_to" in arguments:
                assert "start_time" in arguments
        assert not re.search(r"\{\w+\}|\[[^]]*\||\n", example.question)
    assert seen == {"none", *(tool.name for tool in TOOLS if not tool.writes)}


def test_the_order_of_arguments_names_all_that_the_tools_take() -> None:
    """But for those that no question gives."""
    taken = {name for tool in TOOLS if not tool.writes for name in tool.takes.model_fields}
    assert taken - set(ORDER) == {"cursor", "offset", "fold"}
    assert set(ORDER) <= taken


def test_the_questions_to_judge_by_are_valid_and_their_names_new() -> None:
    """Their tools take their arguments; no name of theirs is in the training words."""
    for case in read_cases(DEV):
        if case["tool"]:
            for arguments in (case["args"], *case.get("alt", ())):
                tool_named(case["tool"]).read(arguments, DEPS)
    names = Situation.read(DEV.with_name("dev.catalog.json")).names
    known = {word for words in table("words")["names"].values() for word in words}
    assert not known & {*names.services, *names.hosts, *names.metrics}


@pytest.mark.parametrize(
    ("kind", "past", "new", "expected"),
    [
        ("same", ("query_logs", {"level": "WARN", "host": "a"}), {"host": "b"},
         ("query_logs", {"level": "WARN", "host": "b"})),
        ("filtered", ("query_logs", {"level": "WARN"}), {"min_level": "ERROR"},
         ("query_logs", {"min_level": "ERROR"})),
        ("count", ("query_logs", {"level": "WARN", "limit": 5}), {"group_by": "host"},
         ("log_stats", {"level": "WARN", "group_by": "host"})),
        ("rows", ("log_stats", {"interval": "1h", "service": "a"}), {},
         ("query_logs", {"service": "a"})),
        ("all_hosts", ("query_logs", {"host": "a", "limit": 5}), {}, ("query_logs", {"limit": 5})),
        ("all_hosts", ("query_logs", {"limit": 5}), {}, None),
        ("step", ("query_logs", {"limit": 5}), {"interval": "1h"}, None),
    ],
)  # fmt: skip
def test_a_follow_up_changes_a_part_of_the_call_before_it(
    kind: str,
    past: tuple[str, dict[str, Any]],
    new: dict[str, Any],
    expected: tuple[str, dict[str, Any]] | None,
) -> None:
    """What it names is replaced, what it does not name stays; nonsense is none."""
    assert changed_call(kind, past, new) == expected


class Letters:
    """A tokenizer of single characters."""

    def __call__(self, text: str, add_special_tokens: bool) -> Any:
        return type("Coded", (), {"input_ids": [ord(letter) for letter in text]})


def test_a_row_learns_its_answers_alone() -> None:
    """Each example starts right after the prefix, and nothing of the question is learnt."""
    row = next(rows(examples(5), cast(Any, Letters()), 2_000))
    assert len(row.ids) == len(row.positions) == len(row.owners) == len(row.learnt) <= 2_000
    head = row.owners.count(-1)
    expected = [one.answer for one in islice(examples(5), max(row.owners) + 1)]
    for owner, answer in enumerate(expected):
        places = [i for i, whose in enumerate(row.owners) if whose == owner]
        assert [row.positions[i] for i in places] == list(range(head, head + len(places)))
        assert "".join(chr(row.ids[i]) for i in places if row.learnt[i]) == f" {answer}\n"


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_head_rows_are_interleaved_as_llama_cpp_wants_them(
    heads: int, half: int, rank: int
) -> None:
    """Row k of a head's first half is followed by row k of its second half."""
    plain = np.arange(heads * 2 * half * rank, dtype=np.float32).reshape(-1, rank)
    turned = permuted(plain, heads)
    for head in range(heads):
        block, origin = turned[head * 2 * half :], plain[head * 2 * half :]
        for k in range(half):
            assert (block[2 * k] == origin[k]).all()
            assert (block[2 * k + 1] == origin[half + k]).all()


def test_the_packaged_adapter_is_small_enough_for_git() -> None:
    """Eight megabytes are the most."""
    adapter = packaged_adapter()
    assert adapter.read_bytes()[:4] == b"GGUF"
    assert adapter.stat().st_size < 8_000_000
