"""The position-wise network of a block."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from memlab.preset.schema import Model


class MLP(nn.Module):
    """d_model -> d_mlp -> d_model with gelu (tanh form, as GPT-2), relu, or swiglu.

    Swiglu (Shazeer 2020, arXiv 2002.05202) is `down(silu(gate(x)) * up(x))`, with three matrices.
    """

    def __init__(self, settings: Model) -> None:
        super().__init__()
        d_model, biases = settings.d_model, settings.biases
        d_mlp = settings.d_mlp or 4 * d_model
        self.activation = settings.activation
        self.up = nn.Linear(d_model, d_mlp, bias=biases)
        self.gate = nn.Linear(d_model, d_mlp, bias=biases) if self.activation == "swiglu" else None
        self.down = nn.Linear(d_mlp, d_model, bias=biases)

    def forward(self, x: Tensor, linear: Callable[..., Tensor] = F.linear) -> Tensor:
        """(..., d_model) -> the same; `linear` multiplies."""
        hidden = linear(x, self.up.weight, self.up.bias)
        if self.gate is not None:
            hidden = F.silu(linear(x, self.gate.weight, self.gate.bias)) * hidden
        elif self.activation == "gelu":
            hidden = F.gelu(hidden, approximate="tanh")
        else:
            hidden = F.relu(hidden)
        return linear(hidden, self.down.weight, self.down.bias)
