"""Train the adapter: `python -m prompts.training.train MODEL_DIR OUT --minutes 25`.

MODEL_DIR is a transformers folder of the base model (see weights.py). A checkpoint is written every
few minutes and at the end, with the learning curve beside it.
"""

import argparse
import json
import math
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from prompts.training.lora import adapt
from prompts.training.questions import examples
from prompts.training.rows import Row, rows

_SEEN_FOR_VOCABULARY = 20_000
_WARM_UP = 20
_SAVE_EVERY = 180.0


@dataclass(frozen=True, slots=True)
class Course:
    """How to train: the highest learning rate, tokens a step, the questions' seed, minutes."""

    rate: float = 1e-3
    size: int = 512
    seed: int = 1000
    minutes: float = 25.0


class Trainer:
    """One run over generated examples, for a given time."""

    def __init__(self, folder: Path, out: Path, course: Course) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        torch.manual_seed(course.seed)
        self._torch: Any = torch
        self._out, self._course = out, course
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self._model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
        self._updates = adapt(self._model)
        self._parameters = [
            matrix for update in self._updates.values() for matrix in (update.a, update.b)
        ]
        self._curve: list[dict[str, float]] = []
        self._choose_words()

    def _choose_words(self) -> None:
        """The tokens that answers use: a softmax over them alone is far cheaper than over all."""
        torch, seed = self._torch, self._course.seed + 1
        answers = [f" {one.answer}\n" for one in islice(examples(seed), _SEEN_FOR_VOCABULARY)]
        coded = self._tokenizer(answers, add_special_tokens=False).input_ids
        words = torch.tensor(sorted({token for ids in coded for token in ids}))
        self._places = torch.full((self._model.config.vocab_size,), -1)
        self._places[words] = torch.arange(len(words))
        self._head = self._model.get_output_embeddings().weight[words].detach()

    def resume(self, file: Path) -> None:
        """Go on from a checkpoint."""
        saved = self._torch.load(file, weights_only=True)
        for name, update in self._updates.items():
            update.a.data.copy_(saved[f"{name}.a"])
            update.b.data.copy_(saved[f"{name}.b"])

    def loss(self, row: Row) -> Any:
        """Mean cross-entropy of the answers' tokens."""
        torch = self._torch
        owners = torch.tensor(row.owners)
        sees = (owners[None, :] == -1) | (owners[None, :] == owners[:, None])
        hidden = self._model.model(
            input_ids=torch.tensor([row.ids]),
            position_ids=torch.tensor([row.positions]),
            attention_mask=sees.tril()[None, None],
            use_cache=False,
        ).last_hidden_state[0]
        learnt = torch.tensor(row.learnt[1:]).nonzero()[:, 0]
        targets = self._places[torch.tensor(row.ids)[learnt + 1]]
        known = targets >= 0
        logits = hidden[learnt[known]] @ self._head.T
        return torch.nn.functional.cross_entropy(logits.float(), targets[known])

    def run(self) -> None:
        """Train, the rate falling to nothing at the end of the time."""
        course = self._course
        optimizer = self._torch.optim.AdamW(self._parameters, lr=course.rate, weight_decay=0.0)
        began = saved = time.monotonic()
        for step, row in enumerate(rows(examples(course.seed), self._tokenizer, course.size)):
            spent = (time.monotonic() - began) / (60 * course.minutes)
            if spent >= 1:
                break
            rate = course.rate * min(1, (step + 1) / _WARM_UP)
            optimizer.param_groups[0]["lr"] = rate * (0.5 + 0.5 * math.cos(math.pi * spent))
            loss = self.loss(row)
            loss.backward()
            self._torch.nn.utils.clip_grad_norm_(self._parameters, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            self._note(step, row, time.monotonic() - began, loss.item())
            if time.monotonic() - saved > _SAVE_EVERY:
                self.save()
                saved = time.monotonic()
        self.save()

    def _note(self, step: int, row: Row, seconds: float, loss: float) -> None:
        seen = max(row.owners) + 1 + (self._curve[-1]["examples"] if self._curve else 0)
        self._curve.append(
            {"step": step, "examples": seen, "seconds": round(seconds), "loss": round(loss, 4)}
        )
        if step % 10 == 0:
            print(self._curve[-1], flush=True)  # noqa: T201  a program for a terminal

    def save(self) -> None:
        """Write the checkpoint and the learning curve."""
        tensors: dict[str, Any] = {}
        for name, update in self._updates.items():
            tensors |= {f"{name}.a": update.a.detach(), f"{name}.b": update.b.detach()}
        self._out.mkdir(parents=True, exist_ok=True)
        self._torch.save(tensors, self._out / "adapter.new")
        (self._out / "adapter.new").replace(self._out / "adapter.pt")
        (self._out / "curve.json").write_text(json.dumps(self._curve))


def main() -> None:
    """Train as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--resume", type=Path, help="a checkpoint")
    parser.add_argument("--threads", type=int, default=2)
    for name in ("rate", "size", "seed", "minutes"):
        default = getattr(Course(), name)
        parser.add_argument(f"--{name}", type=type(default), default=default)
    given = parser.parse_args()
    import torch

    torch.set_num_threads(given.threads)
    course = Course(given.rate, given.size, given.seed, given.minutes)
    trainer = Trainer(given.model, given.out, course)
    if given.resume:
        trainer.resume(given.resume)
    trainer.run()


if __name__ == "__main__":
    main()
