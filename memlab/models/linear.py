"""Matrix products with oneDNN or with the default of torch, whichever is faster.

oneDNN computes rows (row, size), the layout of the fast engines; torch computes tensors with more axes,
as in the plain engine.

On the CPU, oneDNN selects its kernels by the instruction set, and MKL, the default of torch, by the
vendor: on AMD processors with AVX-512, oneDNN has twice the float32 speed of MKL. Both compute in
float32 without reduced precision.
"""

from functools import reduce
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FEWEST_ROWS = 64
"""with fewer rows, the overhead of a Python autograd function outweighs the faster product"""
CHUNK = 1024
"""rows per product: more do not fit into the cache, and longer sums have larger rounding errors"""


def has_onednn() -> bool:
    """Whether this build of torch has the oneDNN product."""
    built: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return built and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def suits(x: Tensor) -> bool:
    """Whether the oneDNN product is faster for `x`: float32 rows (row, size) on the CPU, enough of them."""
    plain = x.device.type == "cpu" and x.dtype == torch.float32
    return plain and x.dim() == 2 and len(x) >= FEWEST_ROWS and has_onednn()


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x (row, in) @ weight (out, in).T + bias (out,), by oneDNN, without autograd."""
    y: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return y


def weight_gradient(grad: Tensor, x: Tensor) -> Tensor:
    """grad (row, out).T @ x (row, in) -> (out, in), summed chunk by chunk in a fixed order."""
    swap = grad.shape[1] > x.shape[1]  # oneDNN is faster with the narrower matrix on the left
    left, right = (x, grad) if swap else (grad, x)
    chunks = zip(torch.split(left, CHUNK), torch.split(right, CHUNK), strict=True)
    total = reduce(Tensor.add_, (product(a.t(), b.t()) for a, b in chunks))
    return total.t() if swap else total


class LinearFunction(torch.autograd.Function):
    """`F.linear` on rows, by oneDNN."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """(row, in), (out, in), (out,) -> (row, out)."""
        ctx.save_for_backward(x, weight)
        return product(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Gradients of x, weight and bias from `grad` (row, out)."""
        x, weight = ctx.saved_tensors
        bias = grad.sum(0) if ctx.needs_input_grad[2] else None
        return product(grad, weight.t()), weight_gradient(grad, x), bias


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`F.linear`, by oneDNN if that is faster."""
    if not suits(x):
        return F.linear(x, weight, bias)
    y: Tensor = LinearFunction.apply(x, weight, bias)  # type: ignore[no-untyped-call]
    return y


class Linear(nn.Linear):
    """`nn.Linear` with `linear` as its product."""

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) -> (..., out)."""
        return linear(x, self.weight, self.bias)
