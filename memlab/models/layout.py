"""Layouts: the rows that a forward pass computes and the rows to which each attends.

The model is implemented once, for rows, and engines differ only in their layouts. A row is a position of
an example, or of several examples that share it. The input rows of a block can differ from its output
rows, so that a layout can share rows before a block and drop rows after it.
"""

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor


class AttentionPattern(ABC):
    """The attention of one block: its queries, the rows to which they attend, its output rows."""

    positions: Tensor
    """(row,) position of each input row of the block"""
    queries: Tensor | None = None
    """(query,) rows that have a query; None = all rows"""
    outputs: Tensor | None = None
    """(output,) row of the residual stream to which each output is added; None = all, in order"""

    @abstractmethod
    def attend(self, q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
        """Queries (query, head, size), keys and values (row, head, size) -> (output, head, size)."""

    def keep(self, x: Tensor) -> Tensor:
        """Rows of the residual stream (row, d_model) -> those of the outputs (output, d_model)."""
        return x if self.outputs is None else F.embedding(self.outputs, x)


class Layout(ABC):
    """The rows of a forward pass."""

    tokens: Tensor
    """(row,) token of each embedded row"""
    positions: Tensor
    """(row,) position of each embedded row"""

    @abstractmethod
    def attention_pattern(self, block: int, n_blocks: int, n_heads: int) -> AttentionPattern:
        """The pattern of block `block` (from 0) of `n_blocks`; logits are computed from the outputs
        of the last block.
        """


class Causal(AttentionPattern):
    """Causal attention; the row axis is (example, position)."""

    def __init__(self, positions: Tensor) -> None:
        self.positions = positions

    def attend(self, q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
        """(example, position, head, size) three times -> the same shape."""
        q, k, v = (z.transpose(1, 2) for z in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=True)
        return y.transpose(1, 2)


class EveryPosition(Layout):
    """The standard layout: `tokens` (example, position), all rows in all blocks."""

    def __init__(self, tokens: Tensor) -> None:
        self.tokens = tokens
        self.positions = torch.arange(tokens.shape[1], device=tokens.device)

    def attention_pattern(self, block: int, n_blocks: int, n_heads: int) -> Causal:
        """The same in every block."""
        return Causal(self.positions)
