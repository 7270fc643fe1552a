"""Attention along the edges of a graph: exact, sparse, and with the same bits every time.

An edge lets one output read one row. Both directions are sums over runs of edges: forward over
the edges of each output, backward over those of each key and each query. Each sum is computed by
one `embedding_bag`, in a fixed order, so that no atomic addition is needed on any device.
"""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

aten = torch.ops.aten


@dataclass(frozen=True)
class Sorted:
    """Edges sorted by one of their rows, and then by head. A head's row is row * n_heads + head."""

    order: Tensor | None
    """(edge,) sorts the edges of one head; None = they are sorted"""
    place: Tensor
    """(edge, head) where each of them, in that order, stands among the edges of all heads"""
    offsets: Tensor
    """(row * head,) where each head's row begins"""

    @classmethod
    def by(cls, row: Tensor, n_rows: int, n_heads: int, *, is_sorted: bool = False) -> "Sorted":
        """Sort edges by `row` (edge,), stably."""
        order = None
        if not is_sorted:
            row, order = row.sort(stable=True)
        count = torch.bincount(row, minlength=n_rows)
        start = count.cumsum(0) - count
        head = torch.arange(n_heads, device=row.device)
        offsets = start.unsqueeze(1) * n_heads + count.unsqueeze(1) * head
        within = torch.arange(len(row), device=row.device) - start[row]
        return cls(order, offsets[row] + within.unsqueeze(1), offsets.flatten().int())

    def spread(self, row: Tensor) -> Tensor:
        """(edge,) rows -> (edge * head,) the heads' rows, in this order."""
        n_heads = self.place.shape[1]
        row = row if self.order is None else row[self.order]
        heads = row.unsqueeze(1) * n_heads + torch.arange(n_heads, device=row.device)
        return (
            torch.empty_like(heads).flatten().index_copy_(0, self.place.flatten(), heads.flatten())
        )


@dataclass(frozen=True)
class WeightedSum:
    """out[r] = sum over the edges e of r of weight[e] * source[e's row there], for all heads."""

    order: Tensor | None
    """(edge * head,) sorts the edges, and so their weights, by r; None = they are sorted"""
    index: Tensor
    """(edge * head,) the source's rows, in that order"""
    offsets: Tensor
    """(row * head,) where each row's edges begin, in that order"""

    def __call__(self, source: Tensor, weight: Tensor) -> Tensor:
        """(source row, size), (edge,) -> (row, size)."""
        if self.order is not None:
            weight = weight[self.order]
        return F.embedding_bag(
            self.index, source, self.offsets, mode="sum", per_sample_weights=weight
        )


@dataclass(frozen=True)
class Graph:
    """Who reads whom, for one head. Edges are sorted by output."""

    degrees: list[tuple[int, int]]
    """(outputs, edges of each) in the order of the outputs"""
    output: Tensor
    key: Tensor
    """(edge,) rows"""
    n_keys: int
    query_of_output: Tensor | None
    """(output,) the row of each output's query; None = its own"""
    n_queries: int


class Edges:
    """A graph, prepared for attention with `n_heads` heads."""

    def __init__(self, graph: Graph, n_heads: int) -> None:
        n_outputs = sum(n for n, _ in graph.degrees)
        own, query = graph.query_of_output is None, graph.output
        by_output = Sorted.by(graph.output, n_outputs, n_heads, is_sorted=True)
        by_key = Sorted.by(graph.key, graph.n_keys, n_heads)

        def weighted(onto: Sorted, source: Tensor) -> WeightedSum:
            order = None
            if onto.order is not None:
                order = torch.empty_like(by_output.place).flatten()
                order[onto.place.flatten()] = by_output.place[onto.order].flatten()
            return WeightedSum(order, onto.spread(source).int(), onto.offsets)

        self.degrees = [(n * n_heads, degree) for n, degree in graph.degrees]
        self.to_output = weighted(by_output, graph.key)
        self.to_key_from_output = weighted(by_key, graph.output)
        self.to_query, self.to_key_from_query = self.to_output, self.to_key_from_output
        if graph.query_of_output is not None:
            query = graph.query_of_output[graph.output]
            by_query = Sorted.by(query, graph.n_queries, n_heads)
            self.to_query = weighted(by_query, graph.key)
            self.to_key_from_query = weighted(by_key, query)
        self.key = self.to_output.index
        self.output = by_output.spread(graph.output).int()
        self.query = self.output if own else by_output.spread(query).int()

    def dot(self, a: Tensor, b: Tensor, at: Tensor) -> Tensor:
        """(edge,) products of the rows `a[at]` and `b[key]`."""
        product: Tensor = aten._embedding_bag_per_sample_weights_backward(
            a, b, self.key, self.to_output.offsets, at, 0, -1
        )
        return product

    def by_output(self, z: Tensor) -> list[Tensor]:
        """(edge,) -> views (output, edge), one per entry of `degrees`."""
        views = torch.split(z, [n * degree for n, degree in self.degrees])
        return [v.view(n, d) for v, (n, d) in zip(views, self.degrees, strict=True)]


class EdgeAttention(torch.autograd.Function):
    """Softmax attention over edges, on (row, head) rows."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, edges: Edges) -> Tensor:
        """(query, size), (key, size), (key, size) -> (output, size)."""
        scale = q.shape[-1] ** -0.5
        p = edges.dot(q, k, edges.query).mul_(scale)
        for rows in edges.by_output(p):
            torch.softmax(rows, -1, out=rows)
        ctx.save_for_backward(q, k, v, p)
        ctx.edges, ctx.scale = edges, scale
        return edges.to_output(v, p)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        """Gradients of q, k and v."""
        q, k, v, p = ctx.saved_tensors
        edges: Edges = ctx.edges
        grad = grad.contiguous()
        dp = edges.dot(grad, v, edges.output)
        for rows, dp_rows in zip(edges.by_output(p), edges.by_output(dp), strict=True):
            dp_rows.copy_(aten._softmax_backward_data(dp_rows, rows, -1, rows.dtype))
        dp.mul_(ctx.scale)
        dq, dk = edges.to_query(k, dp), edges.to_key_from_query(q, dp)
        return dq, dk, edges.to_key_from_output(grad, p), None


def attend(q: Tensor, k: Tensor, v: Tensor, edges: Edges) -> Tensor:
    """(query, head, size), (key, head, size) twice -> (output, head, size)."""
    flat = [z.reshape(-1, z.shape[-1]) for z in (q, k, v)]
    out: Tensor = EdgeAttention.apply(*flat, edges)  # type: ignore[no-untyped-call]
    return out.view(-1, *q.shape[1:])
