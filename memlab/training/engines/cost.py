"""Estimate of the time of an engine per batch, and the memory limit."""

import os

import torch

from memlab.preset.schema import Model
from memlab.preset.size import RowCounts, products

PRODUCTS_PER_SECOND = 175e9
"""floating point operations per second of matrix products"""
DENSE_BLOCK_SECONDS = 2.0e-3
"""overhead of a block with dense attention"""
EDGE_BLOCK_SECONDS = 2.75e-3
"""overhead of a block with attention along edges, including the construction of the edges"""
DENSE_SECONDS = 3.5e-6
"""dense attention of one head on one example, independent of its length"""
DENSE_READ_SECONDS = 3e-9
"""additional time per pair of positions"""
EDGE_SECONDS = 21e-9
"""attention along one edge in one head"""


def seconds(model: Model, d_vocab: int, rows: RowCounts) -> float:
    """Estimated seconds of a forward and backward pass, for the comparison of engines.

    The constants were fitted to fourteen presets on two cores of a server CPU of 2025. On other
    machines all of them scale by a similar factor, so the comparison remains valid.
    """
    if rows.dense:
        block, attention = DENSE_BLOCK_SECONDS, rows.dense * DENSE_SECONDS
        attention += rows.reads * DENSE_READ_SECONDS
    else:
        block, attention = EDGE_BLOCK_SECONDS, rows.reads * EDGE_SECONDS
    blocks = model.n_layers * (block + model.n_heads * attention)
    return products(model, d_vocab, rows) / PRODUCTS_PER_SECOND + blocks


def memory_limit(device: torch.device) -> int:
    """Maximum bytes of a step: half of the total memory of the device, so that the choice of an engine
    does not depend on other processes.
    """
    if device.type == "cuda":
        total = torch.cuda.get_device_properties(device).total_memory
    else:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return int(total) // 2
