"""Activations. To add one, write its function here and add its name to the schema of presets.

A function that computes value and derivative together is optional, for speed; a test compares it with
autograd.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

GELU = 2 * (2 / torch.pi) ** 0.5
"""factor of the argument of the logistic function in gelu"""
CUBIC = 0.044715
"""factor of the cubic term in gelu"""


@dataclass(frozen=True)
class Activation:
    """An elementwise nonlinearity."""

    function: Callable[[Tensor], Tensor]
    with_slope: Callable[[Tensor], tuple[Tensor, Tensor]] | None = None
    """value and derivative, both with the shape of the input, without autograd"""


def gelu(u: Tensor) -> Tensor:
    """The tanh approximation of gelu, as in GPT-2 (Hendrycks and Gimpel 2016, arXiv:1606.08415)."""
    return F.gelu(u, approximate="tanh")


def gelu_with_slope(u: Tensor) -> tuple[Tensor, Tensor]:
    """Value and derivative of `gelu`.

    0.5 (1 + tanh(z / 2)) is the logistic function s(z), here with z = GELU (u + CUBIC u^3), and is much
    cheaper than tanh. With a = u s, the derivative is s + (a - a s) dz/du.
    """
    square, linear = u * u, torch.tensor(GELU, dtype=u.dtype)
    s = torch.add(linear, square, alpha=GELU * CUBIC).mul_(u).sigmoid_()
    a = u * s
    slope_z = torch.add(linear, square, alpha=3 * GELU * CUBIC, out=square)
    return a, torch.addcmul(s, torch.addcmul(a, a, s, value=-1), slope_z, out=s)


def relu_with_slope(u: Tensor) -> tuple[Tensor, Tensor]:
    """Value and derivative of relu; the derivative at 0 is 0."""
    return u.clamp(min=0), (u > 0).to(u.dtype)


ACTIVATIONS = {
    "gelu": Activation(gelu, gelu_with_slope),
    "relu": Activation(F.relu, relu_with_slope),
    "swiglu": Activation(F.silu),
}
"""`preset.schema.Model.activation` to activation; those in `preset.size.GATED` act on a gate"""
