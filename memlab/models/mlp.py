"""The MLP of a block."""

from torch import Tensor, nn

from memlab.models.activations import ACTIVATIONS
from memlab.models.feed_forward import feed_forward
from memlab.models.linear import Linear
from memlab.preset.schema import Model
from memlab.preset.size import d_mlp_of, is_gated


class MLP(nn.Module):
    """d_model -> d_mlp -> d_model with an activation on the hidden layer.

    A gated activation has three matrices, `down(activation(gate(x)) * up(x))`; with silu this is
    swiglu (Shazeer 2020, arXiv:2002.05202).
    """

    def __init__(self, settings: Model) -> None:
        super().__init__()
        d_model, d_mlp, biases = settings.d_model, d_mlp_of(settings), settings.biases
        self.activation = ACTIVATIONS[settings.activation]
        self.up = Linear(d_model, d_mlp, bias=biases)
        self.gate = Linear(d_model, d_mlp, bias=biases) if is_gated(settings) else None
        self.down = Linear(d_mlp, d_model, bias=biases)

    def forward(self, x: Tensor) -> Tensor:
        """(..., d_model) -> (..., d_model)."""
        if self.gate is None:
            return feed_forward(x, self.up, self.activation, self.down)
        hidden = self.up(x)
        y: Tensor = self.down(self.activation.function(self.gate(x)) * hidden)
        return y
