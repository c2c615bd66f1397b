"""A GGUF base model as a transformers folder.

usage: python -m prompts.training.weights MODEL.gguf OUT
"""

import argparse
from pathlib import Path


def convert(gguf: Path, out: Path) -> None:
    """Write the weights, taken out of their quantisation, as bfloat16, and the tokenizer."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent,
        gguf_file=gguf.name,
        dtype=torch.float32,
        quantization_config=GgufConfig(dequantize=True),
    )
    model.to(torch.bfloat16).save_pretrained(out)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(out)


def main() -> None:
    """Convert as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gguf", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    convert(given.gguf, given.out)


if __name__ == "__main__":
    main()
