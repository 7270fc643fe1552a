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
class WeightedSum:
    """out[r] = sum over the edges e of row r of weight[e] * source[e's row there]."""

    order: Tensor | None
    """(edge,) sorts the edges by r; None = they are sorted"""
    index: Tensor
    """(edge,) the source's row, in that order"""
    offsets: Tensor
    """(r,) where each row's edges begin, in that order"""

    @classmethod
    def of(cls, onto: Tensor, n_rows: int, source: Tensor, *, is_sorted: bool) -> "WeightedSum":
        """Args: `onto`, `source`: (edge,) rows of the result and of the source."""
        order = None if is_sorted else onto.sort(stable=True).indices
        count = torch.bincount(onto, minlength=n_rows)
        index = source if order is None else source[order]
        return cls(order, index.int(), (count.cumsum(0) - count).int())

    def __call__(self, source: Tensor, weight: Tensor) -> Tensor:
        """(source row, size), (edge,) -> (row, size)."""
        if self.order is not None:
            weight = weight[self.order]
        return F.embedding_bag(
            self.index, source, self.offsets, mode="sum", per_sample_weights=weight
        )


@dataclass(frozen=True)
class Edges:
    """Who reads whom, for all heads. Rows below are (row, head), flattened."""

    degrees: list[tuple[int, int]]
    """(outputs, edges of each) in the order of the outputs: softmax runs over each one's edges"""
    output: Tensor
    query: Tensor
    key: Tensor
    """(edge,) rows; sorted by output"""
    to_output: WeightedSum
    to_query: WeightedSum
    to_key_from_query: WeightedSum
    to_key_from_output: WeightedSum

    @classmethod
    def of(  # noqa: PLR0913
        cls,
        degrees: list[tuple[int, int]],
        output: Tensor,
        key: Tensor,
        n_keys: int,
        query_of_output: Tensor | None,
        n_queries: int,
    ) -> "Edges":
        """Args: (edge,) rows, sorted by output; `query_of_output` None = the same rows."""
        n_outputs = sum(n for n, _ in degrees)
        query = output if query_of_output is None else query_of_output[output]
        to_output = WeightedSum.of(output, n_outputs, key, is_sorted=True)
        to_key = WeightedSum.of(key, n_keys, query, is_sorted=False)
        shared = query_of_output is None
        return cls(
            degrees,
            output.int(),
            query.int(),
            key.int(),
            to_output,
            to_output if shared else WeightedSum.of(query, n_queries, key, is_sorted=False),
            to_key,
            to_key if shared else WeightedSum.of(key, n_keys, output, is_sorted=False),
        )

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
