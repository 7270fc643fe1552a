"""The tree form: every distinct prefix once, and only what the loss reads.

The state at a position depends on the tokens up to it alone, so examples that share a prefix
share its states. A batch is a tree of distinct prefixes, its nodes. Beyond sharing them, nodes
that no loss reads are never made, the last block makes only loss nodes, and the first block's
queries, keys and values are made once per distinct (token, position).
"""

import torch
from torch import Tensor

from memlab.engine.forms.cost import Extent
from memlab.engine.forms.edges import Edges, Graph, attend
from memlab.engine.forms.form import Form, Plan, Sequences
from memlab.engine.forms.prefixes import Prefixes
from memlab.engine.forms.walk import Layout, Reading, walk
from memlab.models.transformer import Transformer


class OverPaths(Reading):
    """Each output reads the nodes on its path from the root."""

    def __init__(self, edges: Edges, queries: Tensor | None, outputs: Tensor | None) -> None:
        self.edges, self.queries, self.outputs = edges, queries, outputs

    def attend(self, q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
        """Attention along the tree's paths."""
        assert dropout == 0.0, "dropout makes equal prefixes differ"
        return attend(q, k, v, self.edges)


class Nodes(Layout):
    """The nodes of one batch. The rows that are embedded are distinct (token, position)."""

    def __init__(self, prefixes: Prefixes, index: Tensor | None, has_loss: Tensor) -> None:
        node = prefixes.node if index is None else prefixes.node[index]
        n_examples, length = node.shape
        device = node.device
        chosen, local = _renumber(node, len(prefixes.token))
        node_of = local[node]
        alive = node < len(prefixes.token)
        self.depth = prefixes.depth[chosen]
        n_tokens = int(prefixes.token.max()) + 1
        pair_of_depth = self.depth * n_tokens + prefixes.token[chosen]
        pair, local_pair = _renumber(pair_of_depth, length * n_tokens)
        self.pair_of_node = local_pair[pair_of_depth]
        self.tokens, self.positions = pair % n_tokens, pair // n_tokens
        example = torch.empty_like(chosen)
        every = torch.arange(n_examples, device=device)
        example[node_of[alive]] = every[:, None].expand_as(node)[alive]
        self.path = node_of[example]
        loss_node = node_of[has_loss[:, :length]]
        self.loss_nodes, local_loss = _renumber(loss_node, len(chosen))
        self.rows = local_loss[loss_node]
        self._readings: dict[tuple[int, bool, bool], OverPaths] = {}

    @property
    def extent(self) -> Extent:
        """Inner blocks make the nodes."""
        nodes, losses = len(self.path), len(self.loss_nodes)
        return Extent(len(self.tokens), nodes, losses, losses, int((self.depth + 1).sum()))

    def reading(self, n_heads: int, *, first: bool, last: bool) -> Reading:
        """Made when first asked for: a plan may serve models with other heads."""
        key = (n_heads, first, last)
        if key not in self._readings:
            self._readings[key] = self._read(*key)
        return self._readings[key]

    def _read(self, n_heads: int, first: bool, last: bool) -> OverPaths:
        every = torch.arange(len(self.path), device=self.path.device)
        nodes = self.loss_nodes if last else every
        depth, path = self.depth[nodes], self.path[nodes]
        ancestor = torch.arange(path.shape[1], device=path.device) <= depth.unsqueeze(1)
        count = torch.bincount(depth).tolist()
        pairs = self.pair_of_node[nodes]
        keys = path[ancestor]
        n_keys = len(self.tokens) if first else len(self.path)
        graph = Graph(
            degrees=[(n, t + 1) for t, n in enumerate(count) if n],
            output=every[: len(nodes)].repeat_interleave(depth + 1),
            key=self.pair_of_node[keys] if first else keys,
            n_keys=n_keys,
            query_of_output=pairs if first else None,
            n_queries=n_keys if first else len(nodes),
        )
        queries = nodes if last and not first else None
        return OverPaths(Edges(graph, n_heads), queries, pairs if first else queries)


def _renumber(ids: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """The distinct ids below `n`, ascending, and a table from id to its place among them."""
    present = torch.zeros(n + 1, dtype=torch.bool, device=ids.device)
    present[ids] = True
    present[n] = False
    return present.nonzero().squeeze(1), present.cumsum(0) - 1


class TreePlan(Plan):
    """A batch as a tree."""

    def __init__(self, batch: Sequences, layout: Nodes) -> None:
        super().__init__(batch)
        self.layout = layout

    @property
    def rows(self) -> Tensor:
        """(target,) the loss node of each target."""
        return self.layout.rows

    @property
    def extent(self) -> Extent:
        """How many rows are computed."""
        return self.layout.extent

    def logits(self, model: Transformer) -> Tensor:
        """(loss node, d_vocab)."""
        return walk(model, self.layout)


class Tree(Form):
    """Shares equal prefixes; not for dropout, which makes them differ."""

    def __init__(self, sequences: Sequences) -> None:
        super().__init__(sequences)
        self.prefixes = Prefixes.of(sequences)

    def batch(self, index: Tensor | None = None) -> TreePlan:
        """The examples with ids `index` (example,), or all of them."""
        batch = self.sequences.take(index)
        return TreePlan(batch, Nodes(self.prefixes, index, batch.targets >= 0))
