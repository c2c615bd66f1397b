"""Low-rank adaptation (Hu et al. 2021, arXiv:2106.09685) of a transformers model's projections."""

import math
from dataclasses import dataclass
from typing import Any

RANK = 16
ALPHA = 32.0
PROJECTIONS = {
    "q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "o_proj": "attn_output",
    "gate_proj": "ffn_gate", "up_proj": "ffn_up", "down_proj": "ffn_down",
}  # fmt: skip
"""The projections of a block, and llama.cpp's names of them."""


@dataclass(frozen=True, slots=True)
class Update:
    """What is added to a frozen layer: `scale * b(a(x))`, in float32, of shapes (RANK, in) and
    (out, RANK).
    """

    a: Any
    b: Any
    scale: float = ALPHA / RANK

    def __call__(self, layer: object, inputs: tuple[Any, ...], output: Any) -> Any:
        """The layer's output with the update, as a forward hook of torch."""
        x = inputs[0]
        return output + self.scale * (x @ self.a.to(x.dtype).T @ self.b.to(x.dtype).T)


def adapt(model: Any) -> dict[str, Update]:
    """Freeze the model and hook an update into each projection; the updates by GGUF names."""
    import torch

    model.requires_grad_(False)
    updates = {}
    for number, block in enumerate(model.model.layers):
        for part in (block.self_attn, block.mlp):
            for name, layer in part.named_children():
                if name in PROJECTIONS:
                    a = torch.empty(RANK, layer.in_features)
                    torch.nn.init.kaiming_uniform_(a, a=math.sqrt(5))
                    b = torch.zeros(layer.out_features, RANK)
                    update = Update(a.requires_grad_(), b.requires_grad_())
                    layer.register_forward_hook(update)
                    updates[f"blk.{number}.{PROJECTIONS[name]}.weight"] = update
    return updates
