"""Rough estimate of an engine's time per batch, and the memory limit."""

import os

import torch

from memlab.preset.schema import Model
from memlab.preset.size import RowCounts, products

PRODUCTS_PER_SECOND = 175e9
DENSE_BLOCK_SECONDS = 2.0e-3
"""overhead of one block with dense attention"""
EDGE_BLOCK_SECONDS = 2.75e-3
"""the same with attention along edges, including their construction"""
DENSE_SECONDS = 3.5e-6
"""dense attention of one head of one example, of any length"""
DENSE_READ_SECONDS = 3e-9
"""the same for each pair of positions"""
EDGE_SECONDS = 21e-9
"""attention along one edge in one head"""


def seconds(model: Model, d_vocab: int, rows: RowCounts) -> float:
    """Rough time of forward and backward pass, to compare engines by.

    The rates were fitted to fourteen presets on two cores of a server processor of 2025; on a
    faster machine all of them change, and the comparison hardly does.
    """
    if rows.dense:
        block, attention = DENSE_BLOCK_SECONDS, rows.dense * DENSE_SECONDS
        attention += rows.reads * DENSE_READ_SECONDS
    else:
        block, attention = EDGE_BLOCK_SECONDS, rows.reads * EDGE_SECONDS
    blocks = model.n_layers * (block + model.n_heads * attention)
    return products(model, d_vocab, rows) / PRODUCTS_PER_SECOND + blocks


def memory_limit(device: torch.device) -> int:
    """Bytes that a step may take: half of the memory of the device, whatever else runs on it now."""
    if device.type == "cuda":
        total = torch.cuda.get_device_properties(device).total_memory
    else:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return int(total) // 2
