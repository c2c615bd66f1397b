"""The local language model: llama.cpp in process, choosing among texts under constraint."""

import asyncio
import hashlib
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Protocol

import numpy as np

from server.llm_packaged import NAME, PARAMETERS, packaged_adapter, packaged_model
from server.llm_session import CONTEXT, SEQUENCES, Row, Session
from server.llm_tree import Logs, Prefix, among, bundles, constrained_logs, forks
from server.llm_wording import Wording, alone, shown, trained
from tools.errors import ModelUnavailable

_LONG = re.compile(r'"([^"]{240,})"')
_ROOM = CONTEXT // 2
"""Tokens for the question, and as many for the texts to choose from."""

SENTENCES = 400
"""Tokens of a free answer: enough for four sentences that quote log lines."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """Which text, how sure (0 to 1, over all texts, priors included), and each one's log-odds.

    `logs` are the model's own log-probabilities, without the priors, when it may write nothing
    but one of the texts.
    """

    index: int
    confidence: float
    logs: list[float]


class Model(Protocol):
    """What chooses among texts."""

    @property
    def name(self) -> str:
        """As people read it."""

    async def weigh(self, prompt: str, texts: Sequence[str], priors: Sequence[float]) -> Weighed:
        """What the model thinks of each text as its answer to `prompt` (see prompts/asked.py)."""

    def close(self) -> None:
        """Let go of what it holds."""


def weighed(texts: Sequence[str], logs: Sequence[float], priors: Sequence[float]) -> Weighed:
    """The choice by log-probabilities and priors together. The same text twice counts once."""
    scores: dict[str, float] = {}
    for text, log, prior in zip(texts, logs, priors, strict=True):
        scores[text] = max(scores.get(text, -np.inf), log + prior)
    best = max(range(len(texts)), key=lambda i: logs[i] + priors[i])
    total = np.logaddexp.reduce(list(scores.values()))
    return Weighed(best, float(np.exp(scores[texts[best]] - total)), list(logs))


class LocalModel:
    """A GGUF model. Without a `path` it is the packaged one.

    The state after the part of the prompt that never changes is kept in `cache` too.
    """

    def __init__(self, path: Path | None, cache: Path) -> None:
        self._path = path
        self._cache = cache
        self._session: Session | None = None
        self._wording: Wording
        # llama.cpp's context is not thread safe: one thread loads it and runs it.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="llm")

    @property
    def name(self) -> str:
        """The file's name, or the packaged model's."""
        return self._path.name if self._path else NAME

    async def weigh(self, prompt: str, texts: Sequence[str], priors: Sequence[float]) -> Weighed:
        """What the model thinks of each text as its answer to `prompt` (see prompts/asked.py).

        The texts form a tree of tokens. All its forks are evaluated at once; what is not a fork
        says nothing about the choice, and a single text needs no model.

        Raises:
            ModelUnavailable: when the model cannot be loaded or fails.
        """
        if len(set(texts)) < 2:
            return weighed(texts, [0.0] * len(texts), priors)
        loop = asyncio.get_running_loop()
        logs = await loop.run_in_executor(self._thread, self._weigh, prompt, list(texts))
        return weighed(texts, logs, priors)

    async def parameters(self) -> float | None:
        """How many the model has. Raises ModelUnavailable."""
        if self._path is None:
            return PARAMETERS
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: self._loaded().parameters)

    async def complete(self, prompt: str) -> str:
        """What the model answers to a text, a few sentences at most. Raises ModelUnavailable."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._complete, prompt)

    def close(self) -> None:
        """Free the model and let the thread end, once the questions before have their answer."""
        self._thread.submit(self._free)
        self._thread.shutdown(wait=False)

    def _free(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _weigh(self, prompt: str, texts: list[str]) -> list[float]:
        try:
            session = self._loaded()
            wording = self._wording
            asked, texts = shortened(prompt, texts)
            question = [*session.tokens(asked), *wording.tail]
            branches = [[*session.tokens(f"{wording.lead}{text}"), *wording.end] for text in texts]
            if max(len(question) + len(wording.head), *map(len, branches)) > _ROOM:
                raise ModelUnavailable("the question is too long for the model", 0)
            first = session.read(question, len(wording.head))
            end = len(wording.head) + len(question)
            return constrained_logs(branches, _Tree(session, first, end, branches))
        except ModelUnavailable:
            raise
        except Exception as error:  # whatever llama.cpp may raise
            raise ModelUnavailable(f"{self.name} failed: {error}", 30) from error

    def _complete(self, prompt: str) -> str:
        try:
            session = self._loaded()
            asked = alone(session, prompt)
            if len(asked) > CONTEXT - SENTENCES:
                raise ModelUnavailable("the text is too long for the model", 0)
            try:
                return session.write(asked, SENTENCES)
            finally:
                self._read_head(session)
        except ModelUnavailable:
            raise
        except Exception as error:  # whatever llama.cpp may raise
            raise ModelUnavailable(f"{self.name} failed: {error}", 30) from error

    def _loaded(self) -> Session:
        if self._session is None:
            session = self._load()
            self._read_head(session)
            self._session = session
        return self._session

    def _load(self) -> Session:
        path = self._path or packaged_model()
        if not path.exists():
            raise ModelUnavailable(f"there is no model file {path}; see DEVMESH_MODEL", 0)
        if self._path:
            session = Session(path)
            self._wording = shown(session)
        else:
            session = Session(path, packaged_adapter())
            self._wording = trained(session)
        return session

    def _read_head(self, session: Session) -> None:
        """Bring the session to the end of the part that never changes."""
        head = self._wording.head
        file = self._cache / f"{self.name}-{self._key(head)}.state"
        if file.exists() and session.restore(file, head):
            return
        session.read(head, 0)
        self._cache.mkdir(parents=True, exist_ok=True)
        for old in self._cache.glob(f"{escape(self.name)}-*.state"):
            old.unlink(missing_ok=True)
        made = file.with_suffix(f".{os.getpid()}")
        session.save(made, head)
        made.replace(file)

    def _key(self, head: list[int]) -> str:
        """Names the state: another model, adapter, text or llama.cpp makes another one."""
        import llama_cpp

        path = self._path or packaged_model()
        used = [path] if self._path else [path, packaged_adapter()]
        marks = [(str(one), one.stat().st_size, one.stat().st_mtime_ns) for one in used]
        said = repr((marks, head, llama_cpp.__version__, CONTEXT))
        return hashlib.sha256(said.encode()).hexdigest()[:24]


class _Tree:
    """Log-probabilities at the forks of the branches, evaluated together when first asked for."""

    def __init__(self, session: Session, first: Row, end: int, branches: list[list[int]]) -> None:
        self._forks = forks(branches)
        self._rows: dict[Prefix, Row] = {(): first}
        for bundle in bundles(self._forks, _ROOM, SEQUENCES - 1):
            placed = [
                (twig.path[-1], end + len(twig.path) - 1, twig.ways, twig.wanted) for twig in bundle
            ]
            paths = [twig.path for twig in bundle if twig.wanted]
            self._rows.update(zip(paths, session.branch(placed, end), strict=True))

    def __call__(self, path: Prefix) -> Logs:
        return among(self._rows[path], self._forks[path])


def shortened(prompt: str, texts: Sequence[str]) -> tuple[str, list[str]]:
    """Prompt and texts with the middle of a very long value left out of both: a pasted trace of
    a hundred lines is told from the rest of the question by its ends.
    """
    plain = prompt.replace('"', "'")  # as values are written
    cut = list(texts)
    for value in {value for text in texts for value in _LONG.findall(text)}:
        short = f"{value[:140]} … {value[-60:]}"
        cut = [text.replace(value, short) for text in cut]
        place = plain.find(value)
        if place >= 0:
            prompt = prompt[:place] + short + prompt[place + len(value) :]
            plain = prompt.replace('"', "'")
    return prompt, cut
