"""What a batch costs in one form: products, time and memory, from the number of its rows."""

import os
from dataclasses import dataclass

import torch

from memlab.preset.schema import Model
from memlab.preset.size import d_mlp_of

PRODUCTS_PER_SECOND = 175e9
DENSE_BLOCK_SECONDS = 2.0e-3
"""a block's operations beside their work, with dense attention"""
EDGE_BLOCK_SECONDS = 2.75e-3
"""the same with attention along edges, their making included"""
DENSE_SECONDS = 3.5e-6
"""dense attention of one head of one example, however short"""
DENSE_READ_SECONDS = 3e-9
"""the same for each pair of positions"""
EDGE_SECONDS = 21e-9
"""attention along one edge in one head"""


@dataclass(frozen=True)
class RowCounts:
    """How many rows a forward pass makes."""

    embedded: int
    """rows that the first block projects to queries, keys and values"""
    inner: int
    """rows that leave every block but the last, and make the last one's keys and values"""
    queries: int
    """queries of the last block"""
    outputs: int
    """rows that leave the last block and become logits"""
    reads: int
    """pairs of a row and a row that it attends to, in an inner block"""
    dense: int = 0
    """examples that attend densely, each by itself; 0 = along edges, pair by pair"""


def _matrices(model: Model) -> tuple[int, int]:
    """Weights that a row meets outside q, k, v in one block, and in one of the three."""
    ups = 3 if model.activation == "swiglu" else 2
    return model.d_model**2 + ups * model.d_model * d_mlp_of(model), model.d_model**2


def products(model: Model, d_vocab: int, row_counts: RowCounts) -> float:
    """Floating point operations of the matrix products of forward and backward together."""
    rest, square = _matrices(model)
    inner = model.n_layers - 1
    projected = 3 * row_counts.embedded + max(0, inner - 1) * 3 * row_counts.inner
    if inner:
        projected += 2 * row_counts.inner + row_counts.queries
    weighted = projected * square + (inner * row_counts.inner + row_counts.outputs) * rest
    return 6.0 * (weighted + row_counts.outputs * model.d_model * d_vocab)


def seconds(model: Model, d_vocab: int, row_counts: RowCounts) -> float:
    """Rough time of forward and backward, to compare forms by.

    The rates were fitted to fourteen presets on two cores of a server processor of 2025; a faster
    machine changes all of them, and so the comparison little.
    """
    if row_counts.dense:
        block, attention = DENSE_BLOCK_SECONDS, row_counts.dense * DENSE_SECONDS
        attention += row_counts.reads * DENSE_READ_SECONDS
    else:
        block, attention = EDGE_BLOCK_SECONDS, row_counts.reads * EDGE_SECONDS
    blocks = model.n_layers * (block + model.n_heads * attention)
    return products(model, d_vocab, row_counts) / PRODUCTS_PER_SECOND + blocks


def memory_bytes(model: Model, d_vocab: int, row_counts: RowCounts) -> int:
    """Memory of forward and backward in float32 beside the weights."""
    hidden = d_mlp_of(model) * (3 if model.activation == "swiglu" else 2)
    rows = (model.n_layers - 1) * row_counts.inner + row_counts.outputs
    edges = model.n_layers * model.n_heads * row_counts.reads
    activations = rows * (10 * model.d_model + hidden) + 3 * row_counts.outputs * d_vocab
    return 4 * (activations + 12 * edges)


def memory_limit(device: torch.device) -> int:
    """Bytes that a step may take: half of what the device has, whatever else runs on it now."""
    if device.type == "cuda":
        total = torch.cuda.get_device_properties(device).total_memory
    else:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return int(total) // 2
