"""The normalization before each sublayer and before the logits."""

from torch import nn

EPSILON = 1e-5
"""added to the variance or mean square"""


def make_norm(kind: str, size: int, biases: bool) -> nn.Module:
    """The module for `layernorm`, `rmsnorm` or `none`."""
    match kind:
        case "layernorm":
            return nn.LayerNorm(size, eps=EPSILON, bias=biases)
        case "rmsnorm":
            return nn.RMSNorm(size, eps=EPSILON)
    return nn.Identity()
