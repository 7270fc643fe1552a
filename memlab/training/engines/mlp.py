"""A block's MLP on rows, worked off in chunks that stay in the cache.

The forward pass keeps each hidden unit's activation and slope, so that the backward pass has
nothing left to do for the nonlinearity but a product that oneDNN fuses into its matrix product.
"""

from typing import Any

import torch
from torch import Tensor

from memlab.models.mlp import MLP
from memlab.training.engines.linear import CHUNK, linear, product, suits, weight_gradient

GELU = 2 * (2 / torch.pi) ** 0.5
CUBIC = 0.044715


def gelu(u: Tensor) -> tuple[Tensor, Tensor]:
    """Gelu in its tanh form, and its slope.

    0.5 (1 + tanh(z / 2)) is the logistic function of z, here z = GELU (u + CUBIC u^3); it is much
    cheaper than a tanh.
    """
    square, one = u * u, torch.tensor(GELU, dtype=u.dtype)
    s = torch.add(one, square, alpha=GELU * CUBIC).mul_(u).sigmoid_()
    a = u * s
    slope_z = torch.add(one, square, alpha=3 * GELU * CUBIC, out=square)
    return a, torch.addcmul(s, torch.addcmul(a, a, s, value=-1), slope_z, out=s)


def relu(u: Tensor) -> tuple[Tensor, Tensor]:
    """Relu, and its slope."""
    return u.clamp(min=0), (u > 0).to(u.dtype)


ACTIVATIONS = {"gelu": gelu, "relu": relu}


class ChunkedMLP(torch.autograd.Function):
    """down(activation(up(x)))."""

    @staticmethod
    def forward(  # noqa: PLR0913
        ctx: Any,
        x: Tensor,
        up: Tensor,
        up_bias: Tensor | None,
        down: Tensor,
        down_bias: Tensor | None,
        activation: str,
    ) -> Tensor:
        """Rows (row, d_model) -> the same."""
        kept, out = [], []
        for rows in torch.split(x, CHUNK):
            hidden, slope = ACTIVATIONS[activation](product(rows, up, up_bias))
            out.append(product(hidden, down, down_bias))
            kept += [hidden, slope]
        ctx.save_for_backward(x, up, down, *kept)
        return torch.cat(out)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of x, weights and biases, summed up chunk by chunk."""
        x, up, down, *kept = ctx.saved_tensors
        total: tuple[Tensor, ...] | None = None
        dx = []
        parts = zip(
            torch.split(x, CHUNK), torch.split(grad, CHUNK), kept[::2], kept[1::2], strict=True
        )
        for rows, g, hidden, slope in parts:
            d_hidden = _scaled_product(g, down.t(), slope)
            dx.append(product(d_hidden, up.t()))
            terms = weight_gradient(d_hidden, rows), d_hidden.sum(0), weight_gradient(g, hidden)
            total = terms if total is None else tuple(map(Tensor.add_, total, terms))
        assert total is not None
        d_up, d_up_bias, d_down = total
        biased = ctx.needs_input_grad[2]
        down_bias = grad.sum(0) if biased else None
        return torch.cat(dx), d_up, d_up_bias if biased else None, d_down, down_bias, None


def _scaled_product(x: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
    """(x @ weight.T) * scale."""
    y: Tensor = torch.ops.mkldnn._linear_pointwise.binary(x, scale, weight, None, "mul")
    return y


def mlp(module: MLP, x: Tensor) -> Tensor:
    """The module's forward on rows `x` (row, d_model)."""
    if module.gate is not None or not suits(x):
        out: Tensor = module(x, linear)
        return out
    up, down = module.up, module.down
    out = ChunkedMLP.apply(  # type: ignore[no-untyped-call]
        x, up.weight, up.bias, down.weight, down.bias, module.activation
    )
    return out
