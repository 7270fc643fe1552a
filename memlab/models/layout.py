"""Which rows a forward pass computes, and what they attend to: the only difference between engines.

The model is written once, over rows. A row is one position of one example, or several that share
it. The input rows of a block may differ from its output rows, so that a layout can share rows
before a block and drop rows after it.
"""

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor


class AttentionPattern(ABC):
    """What the queries of one block attend to."""

    positions: Tensor
    """(row,) the position of each input row of the block"""
    queries: Tensor | None = None
    """(query,) the rows that have a query; None = all"""
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
        """The pattern of block `block` of `n_blocks`; the outputs of the last become logits."""


class Causal(AttentionPattern):
    """Every position attends to those up to its own: rows are (example, position)."""

    def __init__(self, positions: Tensor) -> None:
        self.positions = positions

    def attend(self, q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
        """(example, position, head, size) three times -> the same."""
        q, k, v = (z.transpose(1, 2) for z in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=True)
        return y.transpose(1, 2)


class EveryPosition(Layout):
    """The standard layout: `tokens` (example, position), every row in every block."""

    def __init__(self, tokens: Tensor) -> None:
        self.tokens = tokens
        self.positions = torch.arange(tokens.shape[1], device=tokens.device)

    def attention_pattern(self, block: int, n_blocks: int, n_heads: int) -> Causal:
        """The same in every block."""
        return Causal(self.positions)
