"""Attention along the edges of a graph: exact, sparse and deterministic.

An edge lets one output attend to one row. Forward and backward pass are sums over groups of edges:
forward over the edges of each output, backward over the edges of each key and of each query. Each sum is
one `embedding_bag` over edges sorted by group, which adds in a fixed order without atomics.

Heads are concatenated: row r of head h has index h * n_rows + r, and edges are numbered likewise.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from memlab.training.engines.engine import Integers

aten = torch.ops.aten


@dataclass(frozen=True)
class Graph:
    """The rows that each output attends to, for one head. Edges are sorted by output."""

    degrees: list[tuple[int, int]]
    """(number of outputs, edges per output) for consecutive outputs"""
    output: Integers
    """(edge,) output of each edge, ascending"""
    key: Integers
    """(edge,) row of the key and value"""
    n_keys: int
    query_of_output: Integers | None
    """(output,) row of the query of each output; None = query i belongs to output i"""
    n_queries: int

    @property
    def n_outputs(self) -> int:
        """Number of outputs per head."""
        return sum(n for n, _ in self.degrees)


@dataclass(frozen=True)
class EdgeGroups:
    """The edges of one head, grouped by one of their rows."""

    order: Integers | None
    """(edge,) stable sorting permutation; None = already sorted"""
    start: Integers
    """(row,) index of the first edge of each row in sorted order"""

    @classmethod
    def of(cls, row: Integers, n_rows: int, *, is_sorted: bool = False) -> "EdgeGroups":
        """Group edges by `row` (edge,), each below `n_rows`."""
        count = np.bincount(row, minlength=n_rows)
        start = count.cumsum() - count
        if is_sorted:
            return cls(None, start)
        # numpy uses radix sort for 16-bit integers, which is 15 times as fast as for wider ones
        key = row.astype(np.uint16) if n_rows <= 1 << 16 else row
        return cls(key.argsort(kind="stable"), start)


@dataclass(frozen=True)
class WeightedSum:
    """out[r] = sum of weight[e] * source[index[e]] over the edges e of row r, for all heads."""

    order: Tensor | None
    """(head * edge,) permutation that sorts edges by r; None = already sorted"""
    index: Tensor
    """(head * edge,) row of `source`, in sorted order"""
    offsets: Tensor
    """(head * row,) index of the first edge of each row, in sorted order"""

    def __call__(self, source: Tensor, weight: Tensor) -> Tensor:
        """(head * source row, size), (head * edge,) -> (head * row, size)."""
        if self.order is not None:
            weight = weight.index_select(0, self.order)
        return F.embedding_bag(
            self.index, source, self.offsets, mode="sum", per_sample_weights=weight
        )


class Edges:
    """A graph prepared for attention with `n_heads` heads on `device`.

    `to_output`, `to_query`, `to_key_from_output` and `to_key_from_query` are the sums of forward and
    backward pass, named after destination and source.
    """

    def __init__(self, graph: Graph, n_heads: int, device: torch.device) -> None:
        head = np.arange(n_heads, dtype=np.int32)[:, None]
        n_edges = len(graph.key)

        def put(ids: Integers, n: int) -> Tensor:
            """Ids (id,) of one head, each below `n` -> (head * id,)."""
            return torch.from_numpy((ids.astype(np.int32) + n * head).ravel()).to(device)

        def weighted(groups: EdgeGroups, source: Integers, n_source: int) -> WeightedSum:
            order = None if groups.order is None else put(groups.order, n_edges)
            index = source if groups.order is None else source[groups.order]
            return WeightedSum(order, put(index, n_source), put(groups.start, n_edges))

        n_outputs = graph.n_outputs
        by_output = EdgeGroups.of(graph.output, n_outputs, is_sorted=True)
        by_key = EdgeGroups.of(graph.key, graph.n_keys)
        self.n_heads, self.degrees = n_heads, graph.degrees
        self.to_output = weighted(by_output, graph.key, graph.n_keys)
        self.to_key_from_output = weighted(by_key, graph.output, n_outputs)
        self.to_query, self.to_key_from_query = self.to_output, self.to_key_from_output
        self.key = self.to_output.index
        self.output = self.query = put(graph.output, n_outputs)
        if graph.query_of_output is not None:
            query = graph.query_of_output[graph.output]
            by_query = EdgeGroups.of(query, graph.n_queries)
            self.to_query = weighted(by_query, graph.key, graph.n_keys)
            self.to_key_from_query = weighted(by_key, query, graph.n_queries)
            self.query = put(query, graph.n_queries)

    def dot(self, a: Tensor, b: Tensor, at: Tensor) -> Tensor:
        """(head * edge,) dot products of `a[at[e]]` and `b[key[e]]` for every edge e.

        The gradient of `embedding_bag` with respect to its per-sample weights is this product, and its
        kernel does not build the gathered (edge, size) matrices.
        """
        product: Tensor = aten._embedding_bag_per_sample_weights_backward(
            a, b, self.key, self.to_output.offsets, at, 0, -1
        )
        return product

    def by_output(self, z: Tensor) -> list[Tensor]:
        """(head * edge,) -> views (head, output, edge), one per entry of `degrees`."""
        sizes = [n * degree for n, degree in self.degrees]
        views = torch.split(z.view(self.n_heads, -1), sizes, dim=1)
        return [v.view(-1, *shape) for v, shape in zip(views, self.degrees, strict=True)]

    def flat(self, z: Tensor) -> Tensor:
        """(row, head, size) -> (head * row, size)."""
        return z.transpose(0, 1).reshape(-1, z.shape[-1])

    def unflat(self, z: Tensor) -> Tensor:
        """(head * row, size) -> (row, head, size)."""
        return z.view(self.n_heads, -1, z.shape[-1]).transpose(0, 1)


class EdgeAttention(torch.autograd.Function):
    """Softmax attention over edges, with a hand-written backward pass."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, edges: Edges) -> Tensor:
        """(query, head, size), (key, head, size) twice -> (output, head, size)."""
        scale = q.shape[-1] ** -0.5
        q, k, v = map(edges.flat, (q, k, v))  # each (head * row, size)
        p = edges.dot(q, k, edges.query).mul_(scale)  # (head * edge,) scores; softmax is in place
        # Outputs with the same number of edges form a dense view (head, output, edge).
        for rows in edges.by_output(p):
            torch.softmax(rows, -1, out=rows)
        ctx.save_for_backward(q, k, v, p)
        ctx.edges, ctx.scale = edges, scale
        return edges.unflat(edges.to_output(v, p))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        """Gradients of q, k and v, from the gradient of the output (output, head, size)."""
        q, k, v, p = ctx.saved_tensors
        edges: Edges = ctx.edges
        grad = edges.flat(grad)  # (head * output, size)
        # out = sum_e p_e v_e, so dp_e = grad . v_e; then the backward pass of the softmax
        dp = edges.dot(grad, v, edges.output)  # (head * edge,)
        for rows, dp_rows in zip(edges.by_output(p), edges.by_output(dp), strict=True):
            dp_rows.copy_(aten._softmax_backward_data(dp_rows, rows, -1, rows.dtype))
        dp.mul_(ctx.scale)  # gradient of the dot products q . k
        dq, dk = edges.to_query(k, dp), edges.to_key_from_query(q, dp)
        dv = edges.to_key_from_output(grad, p)
        return edges.unflat(dq), edges.unflat(dk), edges.unflat(dv), None


def attend(q: Tensor, k: Tensor, v: Tensor, edges: Edges) -> Tensor:
    """(query, head, size), (key, head, size) twice -> (output, head, size)."""
    out: Tensor = EdgeAttention.apply(q, k, v, edges)  # type: ignore[no-untyped-call]
    return out
