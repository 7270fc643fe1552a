"""The pruned form: every example by itself, but only what its loss reads.

Positions after the last loss position are never made, and in the last block only loss positions
get a query, an MLP and logits.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from memlab.engine.forms.form import Form, Plan, Sequences
from memlab.engine.forms.walk import Layout, walk
from memlab.models.transformer import Transformer


class Dense(Layout):
    """Rows are (example, position), flattened; all examples have the same positions."""

    def __init__(self, batch: Sequences) -> None:
        has_loss = batch.targets >= 0
        columns = has_loss.any(0).nonzero().squeeze(1)
        n_examples, length = len(batch), int(columns[-1]) + 1
        example, position = (torch.arange(n, device=columns.device) for n in (n_examples, length))
        self.tokens = batch.tokens[:, :length].flatten()
        self.positions = position.repeat(n_examples)
        self.queries = (example.unsqueeze(1) * length + columns).flatten()
        read = has_loss[:, columns].flatten()
        self.read = None if bool(read.all()) else read.nonzero().squeeze(1)
        self.n_examples = n_examples
        self.mask = position <= columns.unsqueeze(1)

    def _by_head(self, z: Tensor) -> Tensor:
        """(row, head, size) -> (example, head, position, size)."""
        return z.view(self.n_examples, -1, *z.shape[1:]).transpose(1, 2)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
        """Causal attention within each example."""
        q, k, v = map(self._by_head, (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=True)
        return y.transpose(1, 2).flatten(0, 1)

    def attend_last(self, q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
        """The same for the loss positions only."""
        q, k, v = map(self._by_head, (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=self.mask, dropout_p=dropout)
        return y.transpose(1, 2).flatten(0, 1)


class PrunedPlan(Plan):
    """A batch without what its loss does not read."""

    rows = None

    def __init__(self, batch: Sequences) -> None:
        super().__init__(batch)
        self.layout = Dense(batch)

    def logits(self, model: Transformer) -> Tensor:
        """(target, d_vocab)."""
        return walk(model, self.layout)


class Pruned(Form):
    """Computes what the loss reads, once per example; the form for dropout."""

    def batch(self, index: Tensor | None = None) -> PrunedPlan:
        """The examples with ids `index` (example,), or all of them."""
        return PrunedPlan(self.sequences.take(index))
