"""A GGUF model in this process through llama.cpp's C interface: tokens in, logits out.

llama-cpp-python's own `Llama` evaluates one sequence at a time and keeps an array of scores for
every token of the vocabulary; several sequences that share a beginning need the interface below
it (llama.h). Not thread safe.
"""

import ctypes
import logging
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.errors import ModelUnavailable

_log = logging.getLogger(__name__)

CONTEXT = 4096
BATCH = 512
SEQUENCES = 64
_MOST_THREADS = 8
_MOST_BYTES = 64
"""Of a token's text."""

_PREFIX = 0
"""The sequence that holds the prompt; the others branch off from it."""

Row = npt.NDArray[np.float32]
Placed = tuple[int, int, Sequence[int], bool]
"""A token, its position, the sequences it belongs to, and whether its logits are wanted."""


class Session:
    """A loaded model with one context of `CONTEXT` tokens."""

    def __init__(self, path: Path, adapter: Path | None = None) -> None:
        """Raises ModelUnavailable for a file that is no model that llama.cpp can run so."""
        # Two spinning threads on shared cores decode seven times slower than waiting ones.
        os.putenv("OMP_WAIT_POLICY", "passive")
        import llama_cpp

        self._c: Any = llama_cpp
        _ready()
        how = llama_cpp.llama_model_default_params()
        how.n_gpu_layers = -1
        # Compiled by GCC up to 12, which cannot be seen from here, AMX's tiles are set up wrongly,
        # and the first batch ends the process: https://github.com/ggml-org/llama.cpp/issues/20824
        how.use_extra_bufts = b"AMX_INT8 = 1" not in llama_cpp.llama_print_system_info()
        self._model = llama_cpp.llama_model_load_from_file(os.fsencode(path), how)
        if not self._model:
            raise ModelUnavailable(f"llama.cpp cannot load {path}; see DEVMESH_MODEL", 0)
        if llama_cpp.llama_model_is_recurrent(self._model) or llama_cpp.llama_model_is_hybrid(
            self._model
        ):
            raise ModelUnavailable(f"{path.name} is a recurrent model, which cannot branch", 0)
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        self._words: int = llama_cpp.llama_vocab_n_tokens(self._vocab)
        self._context = llama_cpp.llama_init_from_model(self._model, self._settings())
        if not self._context:
            raise ModelUnavailable(f"no memory for a context of {path.name}", 30)
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._batch = llama_cpp.llama_batch_init(BATCH, 0, SEQUENCES)
        if adapter:
            self._adapt(adapter)

    def _settings(self) -> Any:
        threads = min(len(os.sched_getaffinity(0)), _MOST_THREADS)
        how = self._c.llama_context_default_params()
        how.n_ctx, how.n_batch, how.n_ubatch = CONTEXT, BATCH, BATCH
        how.n_seq_max, how.kv_unified = SEQUENCES, True
        how.n_threads = how.n_threads_batch = threads
        return how

    def _adapt(self, adapter: Path) -> None:
        loaded = self._c.llama_adapter_lora_init(self._model, os.fsencode(adapter))
        one = (self._c.llama_adapter_lora_p_ctypes * 1)(loaded)
        whole = (ctypes.c_float * 1)(1.0)
        if not loaded or self._c.llama_set_adapters_lora(self._context, one, 1, whole):
            raise ModelUnavailable(f"{adapter} does not fit the model", 0)

    @property
    def parameters(self) -> int:
        """How many the model has."""
        return int(self._c.llama_model_n_params(self._model))

    @property
    def begins(self) -> list[int]:
        """The token that a text must begin with, if the model wants one."""
        wanted = self._c.llama_vocab_get_add_bos(self._vocab)
        return [self._c.llama_vocab_bos(self._vocab)] if wanted else []

    @property
    def template(self) -> str | None:
        """The model's own chat template, in Jinja."""
        found = self._c.llama_model_chat_template(self._model, None)
        return found.decode("utf-8", "replace") if found else None

    @property
    def ends(self) -> int:
        """The token that ends a turn."""
        turn: int = self._c.llama_vocab_eot(self._vocab)
        return turn if turn >= 0 else int(self._c.llama_vocab_eos(self._vocab))

    def special(self, token: int) -> str:
        """A control token's text."""
        return str(self._c.llama_vocab_get_text(self._vocab, token).decode("utf-8", "replace"))

    def tokens(self, text: str, *, control: bool = False) -> list[int]:
        """The text's tokens. Only with `control` may it hold control tokens: never a person's."""
        raw = text.encode()
        room = (self._c.llama_token * (len(raw) + 8))()
        count = self._c.llama_tokenize(self._vocab, raw, len(raw), room, len(room), False, control)
        return list(room[:count])

    def read(self, tokens: Sequence[int], start: int) -> Row:
        """Logits after `tokens`, which replace what follows position `start` in the prompt."""
        self._c.llama_memory_seq_rm(self._memory, -1, start, -1)
        placed = [(token, start + i, (_PREFIX,), False) for i, token in enumerate(tokens)]
        placed[-1] = (*placed[-1][:3], True)
        return self._decode(placed)[0]

    def write(self, tokens: Sequence[int], most: int) -> str:
        """What the model most likely writes after `tokens`, at most `most` tokens of it."""
        written: list[int] = []
        row = self.read(tokens, 0)
        while len(written) < min(most, CONTEXT - len(tokens)):
            token = int(row.argmax())
            if self._c.llama_vocab_is_eog(self._vocab, token):
                break
            written.append(token)
            row = self.read([token], len(tokens) + len(written) - 1)
        return self._text(written)

    def _text(self, tokens: Sequence[int]) -> str:
        held = (self._c.llama_token * len(tokens))(*tokens)
        room = ctypes.create_string_buffer(_MOST_BYTES * (len(tokens) + 1))
        size = self._c.llama_detokenize(
            self._vocab, held, len(tokens), room, len(room), False, False
        )
        return room.raw[: max(size, 0)].decode("utf-8", "replace")

    def branch(self, placed: Sequence[Placed], end: int) -> list[Row]:
        """The wanted logits of a tree of tokens that grows from the prompt, which ends at `end`."""
        for sequence in {one for _, _, several, _ in placed for one in several}:
            self._c.llama_memory_seq_cp(self._memory, _PREFIX, sequence, 0, end)
        rows = self._decode(placed)
        for sequence in range(1, SEQUENCES):
            self._c.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return rows

    def _decode(self, placed: Sequence[Placed]) -> list[Row]:
        rows: list[Row] = []
        for begin in range(0, len(placed), BATCH):
            rows += self._decode_batch(placed[begin : begin + BATCH])
        return rows

    def _decode_batch(self, placed: Sequence[Placed]) -> list[Row]:
        batch = self._batch
        batch.n_tokens = len(placed)
        for i, (token, position, sequences, wanted) in enumerate(placed):
            batch.token[i], batch.pos[i], batch.logits[i] = token, position, wanted
            batch.n_seq_id[i] = len(sequences)
            for j, sequence in enumerate(sequences):
                batch.seq_id[i][j] = sequence
        failed = self._c.llama_decode(self._context, batch)
        if failed:
            raise ModelUnavailable(f"llama.cpp gave up with code {failed}", 30)
        return [self._row(i) for i, (*_, wanted) in enumerate(placed) if wanted]

    def _row(self, place: int) -> Row:
        raw = self._c.llama_get_logits_ith(self._context, place)
        row: Row = np.ctypeslib.as_array(raw, shape=(self._words,)).copy()
        return row

    def save(self, file: Path, tokens: Sequence[int]) -> None:
        """Write the state of the prompt, which is `tokens`."""
        held = (self._c.llama_token * len(tokens))(*tokens)
        self._c.llama_state_seq_save_file(
            self._context, os.fsencode(file), _PREFIX, held, len(tokens)
        )

    def restore(self, file: Path, tokens: Sequence[int]) -> bool:
        """Whether the file held the state of just these tokens, which is then the prompt's."""
        held = (self._c.llama_token * CONTEXT)()
        count = ctypes.c_size_t()
        done = self._c.llama_state_seq_load_file(
            self._context, os.fsencode(file), _PREFIX, held, CONTEXT, ctypes.byref(count)
        )
        return bool(done) and list(held[: count.value]) == list(tokens)

    def close(self) -> None:
        """Free model and context; the adapter goes with the model."""
        self._c.llama_batch_free(self._batch)
        self._c.llama_free(self._context)
        self._c.llama_model_free(self._model)


@cache
def _ready() -> object:
    """llama.cpp made ready, once a process; it keeps a bare pointer to what is returned."""
    import llama_cpp

    llama_cpp.llama_backend_init()
    ear: object = llama_cpp.llama_log_callback(_hear)
    llama_cpp.llama_log_set(ear, None)
    return ear


def _hear(level: int, text: bytes, data: object) -> None:
    """llama.cpp's own words, which would go straight to the terminal."""
    _log.debug("%s", text.decode("utf-8", "replace").rstrip())
