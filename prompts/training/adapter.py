"""A checkpoint as an adapter of llama.cpp.

usage: python -m prompts.training.adapter CHECKPOINT MODEL_DIR OUT

The names and the head permutation are those of llama.cpp's convert_lora_to_gguf.py. `lora_a` is
kept in 8 bits (Q8_0) and `lora_b`, whose rows are shorter than a block of that, in 16.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from prompts.training.lora import ALPHA

Matrix = npt.NDArray[np.float32]


def permuted(rows: Matrix, heads: int) -> Matrix:
    """Rows of a llama model's attn_q or attn_k, each head's halves interleaved as GGUF has them."""
    shape = (heads, 2, len(rows) // heads // 2, *rows.shape[1:])
    return np.ascontiguousarray(rows.reshape(shape).swapaxes(1, 2).reshape(rows.shape))


def write_adapter(checkpoint: Path, model: Path, out: Path) -> None:
    """Write the GGUF file. Needs the packages gguf and torch."""
    import gguf
    import torch

    config = json.loads((model / "config.json").read_text())
    architecture = {"llama": "llama", "gemma3_text": "gemma3"}[config["model_type"]]
    writer = gguf.GGUFWriter(out, architecture)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, ALPHA)
    for name, tensor in torch.load(checkpoint, weights_only=True).items():
        layer, _, part = name.rpartition(".")
        matrix: Matrix = tensor.float().numpy()
        if (
            part == "b"
            and architecture == "llama"
            and layer.endswith(("attn_q.weight", "attn_k.weight"))
        ):
            kind = "num_attention_heads" if "attn_q" in layer else "num_key_value_heads"
            matrix = permuted(matrix, config[kind])
        _add(writer, f"{layer}.lora_{part}", matrix)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add(writer: Any, name: str, matrix: Matrix) -> None:
    import gguf

    if matrix.shape[-1] % 32:
        writer.add_tensor(name, matrix.astype(np.float16))
        return
    kind = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor(name, gguf.quants.quantize(matrix, kind), raw_dtype=kind)


def main() -> None:
    """Convert as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("checkpoint", "model", "out"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args()
    write_adapter(given.checkpoint, given.model, given.out)


if __name__ == "__main__":
    main()
