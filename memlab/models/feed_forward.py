"""down(activation(up(x))) on rows, computed in chunks that fit into the CPU cache.

The forward pass saves the value and derivative of the activation, so that its backward pass is an
elementwise product, which oneDNN fuses into the preceding matrix product.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from memlab.models.activations import Activation
from memlab.models.linear import CHUNK, Linear, product, suits, weight_gradient


class ChunkedFeedForward(torch.autograd.Function):
    """down(activation(up(x))) with a hand-written backward pass."""

    @staticmethod
    def forward(  # noqa: PLR0913
        ctx: Any,
        x: Tensor,
        up: Tensor,
        up_bias: Tensor | None,
        down: Tensor,
        down_bias: Tensor | None,
        with_slope: Callable[[Tensor], tuple[Tensor, Tensor]],
    ) -> Tensor:
        """(row, d_model) -> (row, d_model)."""
        saved, out = [], []
        for rows in torch.split(x, CHUNK):
            hidden, slope = with_slope(product(rows, up, up_bias))  # both (row, d_mlp)
            out.append(product(hidden, down, down_bias))
            saved += [hidden, slope]
        ctx.save_for_backward(x, up, down, *saved)
        return torch.cat(out)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of x, weights and biases; those of weights are summed chunk by chunk."""
        x, up, down, *saved = ctx.saved_tensors
        total: tuple[Tensor, ...] | None = None
        dx = []
        parts = zip(
            torch.split(x, CHUNK), torch.split(grad, CHUNK), saved[::2], saved[1::2], strict=True
        )
        for rows, g, hidden, slope in parts:
            d_hidden = _scaled_product(g, down.t(), slope)  # (row, d_mlp), before the activation
            dx.append(product(d_hidden, up.t()))
            terms = weight_gradient(d_hidden, rows), d_hidden.sum(0), weight_gradient(g, hidden)
            total = terms if total is None else tuple(map(Tensor.add_, total, terms))
        assert total is not None
        d_up, d_up_bias, d_down = total
        biased = ctx.needs_input_grad[2]
        down_bias = grad.sum(0) if biased else None
        return torch.cat(dx), d_up, d_up_bias if biased else None, d_down, down_bias, None


def _scaled_product(x: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
    """(x @ weight.T) * scale, by oneDNN: (row, in), (out, in), (row, out) -> (row, out)."""
    y: Tensor = torch.ops.mkldnn._linear_pointwise.binary(x, scale, weight, None, "mul")
    return y


def feed_forward(x: Tensor, up: Linear, activation: Activation, down: Linear) -> Tensor:
    """down(activation(up(x))) for `x` (..., d_model); in chunks if that is faster."""
    if activation.with_slope is None or not suits(x):
        y: Tensor = down(activation.function(up(x)))
        return y
    y = ChunkedFeedForward.apply(  # type: ignore[no-untyped-call]
        x, up.weight, up.bias, down.weight, down.bias, activation.with_slope
    )
    return y
