"""Which rows a forward pass computes, and who attends to whom: all that engines differ in.

The model is written once, over rows. A row is one position of one example, or several that share
it. A block may read other rows than it makes, so that a layout shares rows before a block and
drops rows after it.
"""

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor


class AttentionPattern(ABC):
    """How one block reads its rows."""

    positions: Tensor
    """(row,) the position of each row that the block reads"""
    queries: Tensor | None = None
    """(query,) the rows that make a query; None = all"""
    outputs: Tensor | None = None
    """(output,) the row that each output is added to; None = all, in order"""

    @abstractmethod
    def attend(self, q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
        """Queries (query, head, size), keys and values (row, head, size) -> (output, head, size)."""

    def keep(self, x: Tensor) -> Tensor:
        """The rows (row, d_model) of the residual stream that the block's outputs are added to."""
        return x if self.outputs is None else F.embedding(self.outputs, x)


class Layout(ABC):
    """All rows of a forward pass."""

    tokens: Tensor
    """(row,) the token at each row that is embedded"""
    positions: Tensor
    """(row,) its position"""

    @abstractmethod
    def attention_pattern(self, block: int, n_blocks: int, n_heads: int) -> AttentionPattern:
        """How block `block` of `n_blocks` reads; the outputs of the last become logits."""


class Causal(AttentionPattern):
    """Every position of every example reads those up to its own: rows are (example, position)."""

    def __init__(self, positions: Tensor) -> None:
        self.positions = positions

    def attend(self, q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
        """(example, position, head, size) three times -> the same."""
        q, k, v = (z.transpose(1, 2) for z in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=True)
        return y.transpose(1, 2)


class EveryPosition(Layout):
    """The textbook's layout: `tokens` (example, position), every row in every block."""

    def __init__(self, tokens: Tensor) -> None:
        self.tokens = tokens
        self.positions = torch.arange(tokens.shape[1], device=tokens.device)

    def attention_pattern(self, block: int, n_blocks: int, n_heads: int) -> Causal:
        """The same in every block."""
        return Causal(self.positions)
