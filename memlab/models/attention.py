"""Causal self-attention over several heads."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from memlab.models.rotary import rotate
from memlab.preset.schema import Model


class Attention(nn.Module):
    """Each position reads the values of itself and of the positions before it."""

    def __init__(self, settings: Model, n_ctx: int) -> None:
        super().__init__()
        self.n_heads, self.n_ctx = settings.n_heads, n_ctx
        self.rotary = settings.positions == "rotary"
        self.dropout = settings.dropout
        self.qkv = nn.Linear(settings.d_model, 3 * settings.d_model, bias=settings.biases)
        self.out = nn.Linear(settings.d_model, settings.d_model, bias=settings.biases)

    def heads(
        self,
        x: Tensor,
        positions: Tensor,
        parts: slice = slice(0, 3),
        linear: Callable[..., Tensor] = F.linear,
    ) -> list[Tensor]:
        """Queries, keys and values of `x` (..., d_model) at `positions` (...).

        `parts` selects among the three, `linear` multiplies. Each result is (..., head, size).
        """
        d_model = x.shape[-1]
        rows = slice(parts.start * d_model, parts.stop * d_model)
        bias = None if self.qkv.bias is None else self.qkv.bias[rows]
        flat = linear(x, self.qkv.weight[rows], bias)
        split = [
            z.view(*z.shape[:-1], self.n_heads, -1) for z in torch.split(flat, d_model, dim=-1)
        ]
        if self.rotary:  # values, the last of the three, are not turned
            turned = 2 - parts.start
            split[:turned] = [rotate(z, positions, self.n_ctx) for z in split[:turned]]
        return split

    def forward(self, x: Tensor) -> Tensor:
        """(example, position, d_model) -> the same."""
        positions = torch.arange(x.shape[1], device=x.device)
        q, k, v = (z.transpose(1, 2) for z in self.heads(x, positions))
        dropout = self.dropout if self.training else 0.0
        y = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=True)
        out: Tensor = self.out(y.transpose(1, 2).flatten(2))
        return out
