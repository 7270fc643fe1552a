"""The model's forward over any set of rows: who reads whom is the layout's business.

A row is one place that is computed. A block may read other rows than it makes, so that a layout
can share rows before it and drop rows after it.
"""

from abc import ABC, abstractmethod

import torch.nn.functional as F
from torch import Tensor

from memlab.models.transformer import Transformer
from memlab.training.engines.cost import RowCounts
from memlab.training.engines.linear import linear
from memlab.training.engines.mlp import mlp


class AttentionPattern(ABC):
    """How one block reads its rows."""

    queries: Tensor | None = None
    """(query,) the rows that make a query; None = all"""
    outputs: Tensor | None = None
    """(output,) the row that each output is added to; None = all, in order"""

    @abstractmethod
    def attend(self, q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
        """Queries (query, head, size), keys and values (row, head, size) -> (output, head, size)."""


class Layout(ABC):
    """Which rows there are, and how they attend to each other."""

    tokens: Tensor
    """(row,) the token at each row that is embedded"""
    positions: Tensor
    """(row,) its position"""

    @property
    @abstractmethod
    def row_counts(self) -> RowCounts:
        """How many rows are computed."""

    @abstractmethod
    def attention_pattern(self, n_heads: int, *, first: bool, last: bool) -> AttentionPattern:
        """How a block reads; the outputs of the last become logits."""


def forward(model: Transformer, layout: Layout) -> Tensor:
    """Logits (output of the last block, d_vocab)."""
    positions = layout.positions
    x = model.embed(layout.tokens, positions)
    n_heads, final = model.settings.n_heads, model.settings.n_layers - 1
    for i, block in enumerate(model.blocks):
        attention_pattern = layout.attention_pattern(n_heads, first=i == 0, last=i == final)
        attention, h = block.attention, block.norm_1(x)
        if attention_pattern.queries is None:
            q, k, v = attention.heads(h, positions, linear=linear)
        else:
            rows = attention_pattern.queries
            (q,) = attention.heads(F.embedding(rows, h), positions[rows], slice(0, 1), linear)
            k, v = attention.heads(h, positions, slice(1, 3), linear)
        y = attention_pattern.attend(q, k, v, attention.dropout if model.training else 0.0)
        if attention_pattern.outputs is not None:
            x, positions = (
                F.embedding(attention_pattern.outputs, x),
                positions[attention_pattern.outputs],
            )
        x = x + block.dropout(linear(y.flatten(1), attention.out.weight, attention.out.bias))
        x = x + block.dropout(mlp(block.mlp, block.norm_2(x)))
    return model.logits(x, linear)
