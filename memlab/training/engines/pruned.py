"""The pruned engine: computes each example separately, but only what the loss depends on.

Positions after the last loss position are not computed, and in the last block only loss positions have
a query, an MLP and logits.
"""

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from memlab.models.layout import AttentionPattern, Layout
from memlab.models.transformer import Transformer
from memlab.preset.size import RowCounts
from memlab.training.engines.engine import BatchPlan, Engine, Integers, Sequences


class DensePattern(AttentionPattern):
    """Each position attends to the positions of its example up to itself.

    Rows are (example, position), flattened.

    Args:
        positions: (row,) the same for every example.
        n_examples: number of examples.
        mask: (query, position) true where a query of an example attends; None = causal.
        read: (output,) the queries, flattened over examples, whose results are used; None = all.
    """

    def __init__(
        self,
        positions: Tensor,
        n_examples: int,
        mask: Tensor | None = None,
        read: Tensor | None = None,
    ) -> None:
        self.positions, self.n_examples, self.mask, self.read = positions, n_examples, mask, read

    def _by_head(self, z: Tensor) -> Tensor:
        """(row, head, size) -> (example, head, position, size)."""
        return z.view(self.n_examples, -1, *z.shape[1:]).transpose(1, 2)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
        """Dense attention within each example."""
        q, k, v = map(self._by_head, (q, k, v))
        # (example, head, query, size)
        y = F.scaled_dot_product_attention(
            q, k, v, attn_mask=self.mask, dropout_p=dropout, is_causal=self.mask is None
        )
        y = y.transpose(1, 2).flatten(0, 1)  # (query, head, size)
        if self.read is None:
            return y
        return F.embedding(self.read, y.flatten(1)).view(-1, *y.shape[1:])


class PrunedLayout(Layout):
    """Rows are (example, position), flattened, up to the last position with loss in any example."""

    def __init__(self, batch: Sequences) -> None:
        has_loss = batch.targets >= 0  # (example, position)
        columns = np.flatnonzero(has_loss.any(0))  # positions with loss in any example
        n_examples, length = len(batch), int(columns[-1]) + 1
        position = np.arange(length)
        # Every example has the same queries, so that attention is dense. Queries without loss in their
        # own example are dropped after the attention.
        queries = (length * np.arange(n_examples)[:, None] + columns).ravel()  # (query,) rows
        read = np.flatnonzero(has_loss[:, columns])  # (output,) queries with loss
        self.tokens = batch.put(batch.tokens[:, :length].ravel())
        self.positions = batch.put(np.tile(position, n_examples))
        self._inner = DensePattern(self.positions, n_examples)
        self._last = DensePattern(
            self.positions,
            n_examples,
            mask=batch.put(position <= columns[:, None]),
            read=None if len(read) == len(queries) else batch.put(read),
        )
        self._last.queries = batch.put(queries)
        self._last.outputs = batch.put(queries[read])

    @property
    def row_counts(self) -> RowCounts:
        """All rows in inner blocks; only queries and outputs in the last block."""
        rows, examples = len(self.tokens), self._inner.n_examples
        assert self._last.queries is not None and self._last.outputs is not None
        queries, outputs = len(self._last.queries), len(self._last.outputs)
        reads = rows * (rows // examples + 1) // 2  # causal: position t attends to t + 1 rows
        return RowCounts(rows, rows, queries, outputs, reads, dense=examples)

    def attention_pattern(self, block: int, n_blocks: int, n_heads: int) -> DensePattern:
        """The queries of the last block are the positions with loss in any example."""
        return self._last if block == n_blocks - 1 else self._inner


class PrunedPlan(BatchPlan):
    """A batch without the rows on which its loss does not depend."""

    rows = None

    def __init__(self, batch: Sequences) -> None:
        super().__init__(batch)
        self.layout = PrunedLayout(batch)

    @property
    def row_counts(self) -> RowCounts:
        return self.layout.row_counts

    def logits(self, model: Transformer) -> Tensor:
        """(target, d_vocab)."""
        return model.logits(model.residual(self.layout))


class Pruned(Engine):
    """Computes only what the loss depends on, once per example; supports dropout."""

    def batch(self, index: Integers | None = None) -> PrunedPlan:
        return PrunedPlan(self.sequences.take(index))
