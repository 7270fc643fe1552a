"""Multi-head self-attention."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from memlab.models.layout import AttentionPattern
from memlab.models.linear import Linear, linear
from memlab.models.rotary import rotate
from memlab.preset.schema import Model


class Attention(nn.Module):
    """Multi-head attention of rows, with the pattern of a layout."""

    def __init__(self, settings: Model, n_ctx: int) -> None:
        super().__init__()
        self.n_heads, self.n_ctx = settings.n_heads, n_ctx
        self.rotary = settings.positions == "rotary"
        self.dropout = settings.dropout
        self.qkv = Linear(settings.d_model, 3 * settings.d_model, bias=settings.biases)
        self.out = Linear(settings.d_model, settings.d_model, bias=settings.biases)

    def _heads(self, x: Tensor, positions: Tensor, parts: slice) -> list[Tensor]:
        """Queries, keys and values, or only some of these three, each (..., head, size).

        Args:
            x: (..., d_model).
            positions: (...) positions of `x`, for rotary embeddings.
            parts: slice of (query, key, value) to compute.
        """
        d_model = x.shape[-1]
        rows = slice(parts.start * d_model, parts.stop * d_model)
        bias = None if self.qkv.bias is None else self.qkv.bias[rows]
        flat = linear(x, self.qkv.weight[rows], bias)  # (..., parts * d_model)
        split = [
            z.view(*z.shape[:-1], self.n_heads, -1) for z in torch.split(flat, d_model, dim=-1)
        ]
        if self.rotary:  # queries and keys are rotated, values are not
            n_rotated = 2 - parts.start
            split[:n_rotated] = [rotate(z, positions, self.n_ctx) for z in split[:n_rotated]]
        return split

    def forward(self, x: Tensor, pattern: AttentionPattern) -> Tensor:
        """(row, d_model) -> (output, d_model)."""
        positions, rows = pattern.positions, pattern.queries
        if rows is None:
            q, k, v = self._heads(x, positions, slice(0, 3))
        else:
            (q,) = self._heads(F.embedding(rows, x), positions[rows], slice(0, 1))
            k, v = self._heads(x, positions, slice(1, 3))
        y = pattern.attend(q, k, v, self.dropout if self.training else 0.0)
        out: Tensor = self.out(y.flatten(-2))
        return out
