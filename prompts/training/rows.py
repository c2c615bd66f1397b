"""Training rows: one fixed prefix, then examples that see it and themselves but not each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from prompts.asked import asked
from prompts.prompt import prompt
from prompts.training.questions import Example


@dataclass(frozen=True, slots=True)
class Row:
    """Token ids, their positions, whose they are (-1: the prefix's), and which are learnt."""

    ids: list[int]
    positions: list[int]
    owners: list[int]
    learnt: list[bool]


def prefix(tokenizer: Any) -> list[int]:
    """The ids of the fixed prefix, begun as llama.cpp begins it."""
    ids: list[int] = tokenizer(prompt("model") + "\n", add_special_tokens=False).input_ids
    # transformers loses the GGUF's add_bos_token; of the two bases only Gemma sets it.
    begun = "Gemma" in type(tokenizer).__name__
    return [tokenizer.bos_token_id, *ids] if begun else ids


def rows(examples: Iterator[Example], tokenizer: Any, size: int) -> Iterator[Row]:
    """Rows of at most `size` tokens, without end as the examples are."""
    head = prefix(tokenizer)
    row = _fresh(head)
    owner = 0
    for example in examples:
        question = tokenizer(
            asked(example.question, example.before) + "\nA:", add_special_tokens=False
        ).input_ids
        answer = tokenizer(f" {example.answer}\n", add_special_tokens=False).input_ids
        if len(row.ids) + len(question) + len(answer) > size:
            yield row
            row, owner = _fresh(head), 0
        count = len(question) + len(answer)
        row.ids.extend([*question, *answer])
        row.positions.extend(range(len(head), len(head) + count))
        row.owners.extend([owner] * count)
        row.learnt.extend([False] * len(question) + [True] * len(answer))
        owner += 1


def _fresh(head: list[int]) -> Row:
    return Row(list(head), list(range(len(head))), [-1] * len(head), [False] * len(head))
