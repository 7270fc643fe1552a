"""Attention along the edges of a graph: exact, sparse and deterministic.

An edge lets one output attend to one row. Both directions are sums over runs of edges: forward over
the edges of each output, backward over those of each key and each query. Each sum is computed by
one `embedding_bag`, in a fixed order, so that no atomic addition is needed on any device.

Heads are concatenated: row r of head h is h * n_rows + r, and edges are numbered likewise.
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
    """Which rows each output attends to, for one head. Edges are sorted by output."""

    degrees: list[tuple[int, int]]
    """(outputs, edges of each) in the order of the outputs"""
    output: Integers
    key: Integers
    """(edge,) rows"""
    n_keys: int
    query_of_output: Integers | None
    """(output,) the row of each output's query; None = its own"""
    n_queries: int

    @property
    def n_outputs(self) -> int:
        """Number of outputs of one head."""
        return sum(n for n, _ in self.degrees)


@dataclass(frozen=True)
class Runs:
    """The edges of one head, sorted by one of their rows."""

    order: Integers | None
    """(edge,) stable sorting permutation; None = already sorted"""
    start: Integers
    """(row,) index of each row's first edge"""

    @classmethod
    def of(cls, row: Integers, n_rows: int, *, is_sorted: bool = False) -> "Runs":
        """Sort edges by `row` (edge,), each below `n_rows`."""
        count = np.bincount(row, minlength=n_rows)
        start = count.cumsum() - count
        if is_sorted:
            return cls(None, start)
        # numpy sorts 16-bit integers by radix sort, 15 times as fast as wider ones
        key = row.astype(np.uint16) if n_rows <= 1 << 16 else row
        return cls(key.argsort(kind="stable"), start)


@dataclass(frozen=True)
class WeightedSum:
    """out[r] = sum over the edges e of r of weight[e] * source[e's row there], for all heads."""

    order: Tensor | None
    """(head * edge,) permutation that sorts edges and weights by r; None = already sorted"""
    index: Tensor
    """(head * edge,) the source's rows, in that order"""
    offsets: Tensor
    """(head * row,) index of each row's first edge, in that order"""

    def __call__(self, source: Tensor, weight: Tensor) -> Tensor:
        """(head * source row, size), (head * edge,) -> (head * row, size)."""
        if self.order is not None:
            weight = weight.index_select(0, self.order)
        return F.embedding_bag(
            self.index, source, self.offsets, mode="sum", per_sample_weights=weight
        )


class Edges:
    """A graph, prepared for attention with `n_heads` heads on `device`."""

    def __init__(self, graph: Graph, n_heads: int, device: torch.device) -> None:
        head = np.arange(n_heads, dtype=np.int32)[:, None]
        n_edges = len(graph.key)

        def put(ids: Integers, n: int) -> Tensor:
            """(id,) of one head, each below `n` -> (head * id,)."""
            return torch.from_numpy((ids.astype(np.int32) + n * head).ravel()).to(device)

        def weighted(runs: Runs, source: Integers, n_source: int) -> WeightedSum:
            order = None if runs.order is None else put(runs.order, n_edges)
            index = source if runs.order is None else source[runs.order]
            return WeightedSum(order, put(index, n_source), put(runs.start, n_edges))

        n_outputs = graph.n_outputs
        by_output = Runs.of(graph.output, n_outputs, is_sorted=True)
        by_key = Runs.of(graph.key, graph.n_keys)
        self.n_heads, self.degrees = n_heads, graph.degrees
        self.to_output = weighted(by_output, graph.key, graph.n_keys)
        self.to_key_from_output = weighted(by_key, graph.output, n_outputs)
        self.to_query, self.to_key_from_query = self.to_output, self.to_key_from_output
        self.key = self.to_output.index
        self.output = self.query = put(graph.output, n_outputs)
        if graph.query_of_output is not None:
            query = graph.query_of_output[graph.output]
            by_query = Runs.of(query, graph.n_queries)
            self.to_query = weighted(by_query, graph.key, graph.n_keys)
            self.to_key_from_query = weighted(by_key, query, graph.n_queries)
            self.query = put(query, graph.n_queries)

    def dot(self, a: Tensor, b: Tensor, at: Tensor) -> Tensor:
        """(head * edge,) products of the rows `a[at]` and `b[key]`."""
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
    """Softmax attention over edges."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, edges: Edges) -> Tensor:
        """(query, head, size), (key, head, size) twice -> (output, head, size)."""
        scale = q.shape[-1] ** -0.5
        q, k, v = map(edges.flat, (q, k, v))  # each (head * row, size)
        p = edges.dot(q, k, edges.query).mul_(scale)  # (head * edge,) scores, then weights
        # Outputs with equally many edges form a dense matrix (head, output, edge), in place.
        for rows in edges.by_output(p):
            torch.softmax(rows, -1, out=rows)
        ctx.save_for_backward(q, k, v, p)
        ctx.edges, ctx.scale = edges, scale
        return edges.unflat(edges.to_output(v, p))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        """Gradients of q, k and v."""
        q, k, v, p = ctx.saved_tensors
        edges: Edges = ctx.edges
        grad = edges.flat(grad)  # (head * output, size)
        # out = sum_e p_e v_e, so dp_e is grad . v_e, and the softmax is differentiated row by row.
        dp = edges.dot(grad, v, edges.output)  # (head * edge,)
        for rows, dp_rows in zip(edges.by_output(p), edges.by_output(dp), strict=True):
            dp_rows.copy_(aten._softmax_backward_data(dp_rows, rows, -1, rows.dtype))
        dp.mul_(ctx.scale)  # now the gradient of the products q . k
        dq, dk = edges.to_query(k, dp), edges.to_key_from_query(q, dp)
        dv = edges.to_key_from_output(grad, p)
        return edges.unflat(dq), edges.unflat(dk), edges.unflat(dv), None


def attend(q: Tensor, k: Tensor, v: Tensor, edges: Edges) -> Tensor:
    """(query, head, size), (key, head, size) twice -> (output, head, size)."""
    out: Tensor = EdgeAttention.apply(q, k, v, edges)  # type: ignore[no-untyped-call]
    return out
