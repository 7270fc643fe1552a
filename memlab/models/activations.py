"""Activations. To add one, write its function here and its name into the preset's schema.

A faster way to get value and slope together is optional; a test compares it with autograd.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

GELU = 2 * (2 / torch.pi) ** 0.5
CUBIC = 0.044715


@dataclass(frozen=True)
class Activation:
    """A nonlinearity, element by element."""

    function: Callable[[Tensor], Tensor]
    with_slope: Callable[[Tensor], tuple[Tensor, Tensor]] | None = None
    """its value and its derivative, both of the input's shape, without autograd"""


def gelu(u: Tensor) -> Tensor:
    """Gelu in its tanh form, as in GPT-2 (Hendrycks and Gimpel 2016, arXiv 1606.08415)."""
    return F.gelu(u, approximate="tanh")


def gelu_with_slope(u: Tensor) -> tuple[Tensor, Tensor]:
    """Gelu in its tanh form, and its slope.

    0.5 (1 + tanh(z / 2)) is the logistic function s of z, here z = GELU (u + CUBIC u^3), and is
    much cheaper than a tanh. With a = u s, the slope is s + (a - a s) dz/du.
    """
    square, one = u * u, torch.tensor(GELU, dtype=u.dtype)
    s = torch.add(one, square, alpha=GELU * CUBIC).mul_(u).sigmoid_()
    a = u * s
    slope_z = torch.add(one, square, alpha=3 * GELU * CUBIC, out=square)
    return a, torch.addcmul(s, torch.addcmul(a, a, s, value=-1), slope_z, out=s)


def relu_with_slope(u: Tensor) -> tuple[Tensor, Tensor]:
    return u.clamp(min=0), (u > 0).to(u.dtype)


ACTIVATIONS = {
    "gelu": Activation(gelu, gelu_with_slope),
    "relu": Activation(F.relu, relu_with_slope),
    "swiglu": Activation(F.silu),
}
"""By the name in `preset.schema.Model.activation`; those in `preset.size.GATED` multiply a gate."""
