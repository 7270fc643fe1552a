"""Attention along edges, compared with an explicit softmax on a random graph."""

import numpy as np
import pytest
import torch

from memlab.training.engines.edges import Edges, Graph, attend
from memlab.training.engines.engine import CPU

DEGREES = [(3, 1), (2, 4), (4, 2)]
N_KEYS, N_QUERIES, N_HEADS, SIZE = 6, 5, 3, 4


def make_graph(own_queries: bool) -> Graph:
    rng = np.random.default_rng(0)
    degree = np.array([d for n, d in DEGREES for _ in range(n)])
    n_outputs = len(degree)
    return Graph(
        degrees=DEGREES,
        output=np.arange(n_outputs).repeat(degree),
        key=rng.integers(N_KEYS, size=degree.sum()),
        n_keys=N_KEYS,
        query_of_output=None if own_queries else rng.integers(N_QUERIES, size=n_outputs),
        n_queries=n_outputs if own_queries else N_QUERIES,
    )


def by_hand(q, k, v, graph: Graph) -> torch.Tensor:
    rows = []
    for output in range(int(graph.output[-1]) + 1):
        keys = graph.key[graph.output == output]
        query = q[output if graph.query_of_output is None else graph.query_of_output[output]]
        p = (torch.einsum("hs,khs->hk", query, k[keys]) / SIZE**0.5).softmax(-1)
        rows.append(torch.einsum("hk,khs->hs", p, v[keys]))
    return torch.stack(rows)


@pytest.mark.parametrize("own_queries", [True, False])
def test_attention_and_its_gradients_equal_the_formula(own_queries):
    graph = make_graph(own_queries)
    generator = torch.Generator().manual_seed(1)
    shapes = [(graph.n_queries, N_HEADS, SIZE)] + [(N_KEYS, N_HEADS, SIZE)] * 2
    leaves = [
        torch.randn(s, generator=generator, dtype=torch.float64).requires_grad_() for s in shapes
    ]
    results = []
    for attended in (by_hand(*leaves, graph), attend(*leaves, Edges(graph, N_HEADS, CPU))):
        cotangent = torch.arange(attended.numel(), dtype=torch.float64).view(attended.shape).sin()
        results.append([attended, *torch.autograd.grad(attended, leaves, cotangent)])
    for expected, found in zip(*results, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12)
