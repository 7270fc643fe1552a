"""Rotary position embeddings in the half-split layout of GPT-NeoX.

Components i and i + size / 2 form a pair, which is rotated by an angle proportional to the position
(Su et al. 2021, arXiv:2104.09864).
"""

from functools import lru_cache

import torch
from torch import Tensor

BASE = 10_000.0


@lru_cache(maxsize=16)
def _table(
    n_ctx: int, size: int, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the angles position * BASE^(-2i / size), each (position, 1, size / 2)."""
    frequency = BASE ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
    angle = torch.outer(torch.arange(n_ctx, dtype=torch.float64), frequency).unsqueeze(1)
    return angle.cos().to(device, dtype), angle.sin().to(device, dtype)


def rotate(x: Tensor, positions: Tensor, n_ctx: int) -> Tensor:
    """Rotate the pairs of `x` (..., head, size) by the angles of `positions` (...), each below `n_ctx`."""
    cos, sin = (table[positions] for table in _table(n_ctx, x.shape[-1], x.dtype, x.device))
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)
