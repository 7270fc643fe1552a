"""The model's forward over any set of rows: who reads whom is the layout's business.

A row is one position that is computed. The last block is cut down to the rows that logits are
made from: only they need a query, an MLP and logits.
"""

from abc import ABC, abstractmethod

from torch import Tensor

from memlab.models.transformer import Transformer


class Layout(ABC):
    """Which rows there are, and how they attend to each other."""

    tokens: Tensor
    """(row,) the token at each row"""
    positions: Tensor
    """(row,) its position"""
    queries: Tensor
    """(query,) the rows that attend in the last block"""
    read: Tensor | None
    """(read,) the queries that logits are made from; None = all of them"""

    @abstractmethod
    def attend(self, q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
        """Attention in an inner block, all (row, head, size)."""

    @abstractmethod
    def attend_last(self, q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
        """Attention in the last block: q and the result are (query, head, size)."""


def walk(model: Transformer, layout: Layout) -> Tensor:
    """Logits (read, d_vocab)."""
    x = model.embed(layout.tokens, layout.positions)
    for i, block in enumerate(model.blocks):
        attention, h = block.attention, block.norm_1(x)
        dropout = attention.dropout if model.training else 0.0
        if i < len(model.blocks) - 1:
            q, k, v = attention.heads(h, layout.positions)
            y = layout.attend(q, k, v, dropout)
        else:
            k, v = attention.heads(h, layout.positions, slice(1, 3))
            rows = layout.queries
            (q,) = attention.heads(h[rows], layout.positions[rows], slice(0, 1))
            y = layout.attend_last(q, k, v, dropout)
            if layout.read is not None:
                y, rows = y[layout.read], rows[layout.read]
            x = x[rows]
        x = x + block.dropout(attention.out(y.flatten(1)))
        x = x + block.dropout(block.mlp(block.norm_2(x)))
    return model.logits(x)
