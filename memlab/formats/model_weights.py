"""Model weights as numpy arrays, as read and written by the weight formats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from memlab.errors import PresetError, RunError
from memlab.preset.schema import Model

Array = NDArray[np.float32]
EPSILON = 1e-5
"""epsilon of every layernorm"""
ACTIVATIONS = {"gelu": "gelu_new", "relu": "relu"}
"""memlab's activations -> names in transformers and TransformerLens, where `gelu` is the exact
function and memlab's is the tanh approximation"""


@final
@dataclass(frozen=True)
class ModelWeights:
    """Settings and weights; matrices are (out, in), as in `nn.Linear`."""

    settings: Model
    n_ctx: int
    """number of positions"""
    arrays: Mapping[str, Array]
    """parameters by their names in memlab's `model.safetensors`"""

    @property
    def d_vocab(self) -> int:
        """Number of tokens."""
        return len(self.arrays["token.weight"])

    @property
    def d_mlp(self) -> int:
        """Hidden units of each MLP."""
        return self.settings.d_mlp or 4 * self.settings.d_model

    def bias(self, name: str, size: int) -> Array:
        """The bias `name`; (size,) zeros if the model has none, which is equivalent."""
        return self.arrays.get(name, np.zeros(size, np.float32))

    def positions(self) -> Array:
        """(position, d_model) position embeddings; zeros if the model has none."""
        shape = (self.n_ctx, self.settings.d_model)
        return self.arrays.get("position.weight", np.zeros(shape, np.float32))


def require(model: ModelWeights, format_name: str, allowed: Mapping[str, Sequence[object]]) -> None:
    """Refuse a model that a format cannot represent.

    Args:
        model: the model to export.
        format_name: for the message.
        allowed: by setting of the model, the values that the format can represent.

    Raises:
        PresetError: lists the settings that the format cannot represent.
    """
    values = {name: getattr(model.settings, name) for name in allowed}
    refused = [name for name, value in values.items() if value not in allowed[name]]
    if refused:
        raise PresetError(
            f"the format {format_name} cannot represent this model",
            found=", ".join(f"model.{name}={_yaml(values[name])}" for name in refused),
            allowed=", ".join(
                f"model.{name}={' or '.join(map(_yaml, allowed[name]))}" for name in refused
            ),
        )


def adapt_arrays(
    model: ModelWeights, settings: Model, d_vocab: int, n_ctx: int
) -> dict[str, Array]:
    """The parameters of a model with `settings`: drops zero biases and positions that it lacks.

    Raises:
        RunError: the weights belong to a model of another shape.
    """
    arrays = dict(model.arrays)
    optional = [name for name in arrays if name.endswith(".bias") and not settings.biases]
    optional += ["position.weight"] if settings.positions != "learned" else []
    for name in optional:
        if not np.any(arrays.get(name, 0)):
            arrays.pop(name, None)
    if settings.tie_embeddings and np.array_equal(
        arrays.get("head.weight", arrays["token.weight"]), arrays["token.weight"]
    ):
        arrays.pop("head.weight", None)
    actual = {"d_vocab": model.d_vocab, "n_ctx": model.n_ctx}
    expected = {"d_vocab": d_vocab, "n_ctx": n_ctx}
    for name in ("n_layers", "n_heads", "d_model", "activation", "norm"):
        actual[name], expected[name] = getattr(model.settings, name), getattr(settings, name)
    different = [name for name in expected if actual[name] != expected[name]]
    if different:
        raise RunError(
            "these weights belong to another model",
            found=", ".join(f"{name} {actual[name]}" for name in different),
            allowed=", ".join(f"{name} {expected[name]}" for name in different),
        )
    return arrays


def _yaml(value: object) -> str:
    return (
        "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )
