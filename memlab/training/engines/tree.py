"""The tree engine: computes every distinct prefix once, and only what the loss depends on.

With causal attention the hidden state at a position depends only on the tokens up to it, so examples
with a common prefix share the states of that prefix. A batch is a prefix tree whose nodes are the
distinct prefixes. In addition, nodes on which no loss depends are not computed, the last block computes
only nodes with loss, and the first block computes queries, keys and values once per distinct
(token, position).
"""

import numpy as np
import torch
from torch import Tensor

from memlab.models.layout import AttentionPattern, Layout
from memlab.models.transformer import Transformer
from memlab.preset.size import RowCounts
from memlab.training.engines.edges import Edges, Graph, attend
from memlab.training.engines.engine import BatchPlan, Engine, Integers, Sequences
from memlab.training.engines.prefixes import Prefixes


class PathAttention(AttentionPattern):
    """Each output attends to the nodes on the path from the root to its node."""

    def __init__(
        self, edges: Edges, positions: Tensor, queries: Tensor | None, outputs: Tensor | None
    ) -> None:
        self.edges, self.positions = edges, positions
        self.queries, self.outputs = queries, outputs

    def attend(self, q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
        assert dropout == 0.0, "dropout makes equal prefixes differ"
        return attend(q, k, v, self.edges)


class TreeLayout(Layout):
    """The nodes of one batch. The embedded rows are its distinct (token, position) pairs.

    The prefix tree of the data set is built once (`Prefixes`). A batch uses some of its nodes and
    renumbers them from 0, so that tensors have only the rows of the batch.
    """

    def __init__(self, prefixes: Prefixes, index: Integers | None, device: torch.device) -> None:
        every = slice(None) if index is None else index
        # both (example, depth), with node numbers of the whole data set
        node, has_loss = prefixes.node[every], prefixes.has_loss[every]
        # `chosen` (node,): nodes of the batch; `local`: table from data set node to batch node
        chosen, local = _renumber(node, len(prefixes.token))
        node_of = local[node]  # (example, depth), meaningless where not alive
        alive = node < len(prefixes.token)  # (example, depth) false after the last loss position
        self._depth = prefixes.depth[chosen]  # (node,)

        # Encode each distinct (token, position) as one integer, and find that of each node.
        n_tokens = int(prefixes.token.max()) + 1
        pair_of_depth = self._depth * n_tokens + prefixes.token[chosen]  # (node,)
        pair, local_pair = _renumber(pair_of_depth, node.shape[1] * n_tokens)  # (pair,)
        self._pair_of_node = local_pair[pair_of_depth]  # (node,)

        # All examples through a node share the path from the root to it; take any of them.
        example = np.empty_like(chosen)  # (node,)
        example[node_of[alive]] = alive.nonzero()[0]
        self._path = node_of[example]  # (node, depth), valid up to the node's own depth

        loss_node = node_of[has_loss]  # (target,) in the order of (example, depth)
        self._loss_nodes, local_loss = _renumber(loss_node, len(chosen))  # (loss node,)
        self._device = device
        self.tokens, self.positions = self._put(pair % n_tokens), self._put(pair // n_tokens)
        self.rows = self._put(local_loss[loss_node])  # (target,) row of the logits
        self._patterns: dict[tuple[int, bool, bool], PathAttention] = {}

    @property
    def row_counts(self) -> RowCounts:
        """Distinct pairs are embedded, inner blocks compute nodes, the last block loss nodes."""
        nodes, losses = len(self._path), len(self._loss_nodes)
        return RowCounts(len(self.tokens), nodes, losses, losses, int((self._depth + 1).sum()))

    def attention_pattern(self, block: int, n_blocks: int, n_heads: int) -> PathAttention:
        """Built on first use, since a plan can be used with models of different numbers of heads."""
        key = (n_heads, block == 0, block == n_blocks - 1)
        if key not in self._patterns:
            self._patterns[key] = self._pattern(*key)
        return self._patterns[key]

    def _pattern(self, n_heads: int, first: bool, last: bool) -> PathAttention:
        """In the first block, keys are (token, position) pairs; in the last, queries are loss nodes."""
        nodes = self._loss_nodes if last else np.arange(len(self._path))  # (output,)
        depth, path = self._depth[nodes], self._path[nodes]  # (output,), (output, depth)
        # One edge from each output to each node on its path, including its own node.
        keys = path[np.arange(path.shape[1]) <= depth[:, None]]  # (edge,) sorted by output
        pairs = self._pair_of_node[nodes] if first else None
        n_keys = len(self.tokens) if first else len(self._path)
        graph = Graph(
            # Nodes are sorted by depth, so outputs with the same number of edges are consecutive.
            degrees=[(n, t + 1) for t, n in enumerate(np.bincount(depth).tolist()) if n],
            output=np.arange(len(nodes)).repeat(depth + 1),
            key=self._pair_of_node[keys] if first else keys,
            n_keys=n_keys,
            query_of_output=pairs,
            n_queries=n_keys if first else len(nodes),
        )
        queries = self._put(nodes) if last and not first else None
        outputs = queries if pairs is None else self._put(pairs)
        positions = self.positions if first else self._put(self._depth)
        return PathAttention(Edges(graph, n_heads, self._device), positions, queries, outputs)

    def _put(self, ids: Integers) -> Tensor:
        return torch.from_numpy(ids).to(self._device)


def _renumber(ids: Integers, n: int) -> tuple[Integers, Integers]:
    """The distinct `ids` below `n`, ascending, and a table from id to index among these."""
    present = np.zeros(n + 1, np.bool_)
    present[ids] = True
    present[n] = False
    return np.flatnonzero(present), present.cumsum() - 1


class TreePlan(BatchPlan):
    """A batch as a prefix tree."""

    def __init__(self, batch: Sequences, layout: TreeLayout) -> None:
        super().__init__(batch)
        self.layout = layout

    @property
    def rows(self) -> Tensor:
        """(target,) index of the loss node of each target."""
        return self.layout.rows

    @property
    def row_counts(self) -> RowCounts:
        return self.layout.row_counts

    def logits(self, model: Transformer) -> Tensor:
        """(loss node, d_vocab)."""
        return model.logits(model.residual(self.layout))


class Tree(Engine):
    """Shares equal prefixes. Not for dropout, which makes equal prefixes different."""

    def __init__(self, sequences: Sequences) -> None:
        super().__init__(sequences)
        self.prefixes = Prefixes.of(sequences)

    def batch(self, index: Integers | None = None) -> TreePlan:
        batch = self.sequences.take(index)
        return TreePlan(batch, TreeLayout(self.prefixes, index, batch.device))
