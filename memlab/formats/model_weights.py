"""The weights of a model as numpy arrays: what the weight formats read and write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from memlab.errors import PresetError, RunError
from memlab.preset.schema import Model

Array = NDArray[np.float32]
EPSILON = 1e-5
"""of every layernorm"""


@final
@dataclass(frozen=True)
class ModelWeights:
    """Settings and weights; matrices as `nn.Linear` holds them, (out, in)."""

    settings: Model
    n_ctx: int
    """positions"""
    arrays: Mapping[str, Array]
    """memlab's parameter name to values; names as in `model.safetensors`"""

    @property
    def d_vocab(self) -> int:
        """Number of tokens."""
        return len(self.arrays["token.weight"])

    @property
    def d_mlp(self) -> int:
        """Hidden units of each MLP."""
        return self.settings.d_mlp or 4 * self.settings.d_model

    def bias(self, name: str, size: int) -> Array:
        """The bias `name`; zeros of `size` where the model has none, which is the same."""
        return self.arrays.get(name, np.zeros(size, np.float32))

    def positions(self) -> Array:
        """(position, d_model) position embeddings; zeros where the model has none."""
        shape = (self.n_ctx, self.settings.d_model)
        return self.arrays.get("position.weight", np.zeros(shape, np.float32))


def require(model: ModelWeights, format_name: str, allowed: Mapping[str, Sequence[object]]) -> None:
    """Refuse settings that a format cannot hold.

    Args:
        model: what is to be written.
        format_name: for the message.
        allowed: setting of `model` to the values that the format can hold.

    Raises:
        PresetError: naming each setting that does not fit.
    """
    values = {name: getattr(model.settings, name) for name in allowed}
    refused = [name for name, value in values.items() if value not in allowed[name]]
    if refused:
        raise PresetError(
            f"the format {format_name} cannot hold this model",
            found=", ".join(f"model.{name}={_yaml(values[name])}" for name in refused),
            allowed=", ".join(
                f"model.{name}={' or '.join(map(_yaml, allowed[name]))}" for name in refused
            ),
        )


def fitted(model: ModelWeights, settings: Model, d_vocab: int, n_ctx: int) -> dict[str, Array]:
    """The arrays as a model of `settings` needs them: biases and positions that are zero may go.

    Raises:
        RunError: the weights are of a model of another shape.
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
    found = {"d_vocab": model.d_vocab, "n_ctx": model.n_ctx}
    wanted = {"d_vocab": d_vocab, "n_ctx": n_ctx}
    for name in ("n_layers", "n_heads", "d_model", "activation", "norm"):
        found[name], wanted[name] = getattr(model.settings, name), getattr(settings, name)
    different = [name for name in wanted if found[name] != wanted[name]]
    if different:
        raise RunError(
            "these weights are of another model",
            found=", ".join(f"{name} {found[name]}" for name in different),
            allowed=", ".join(f"{name} {wanted[name]}" for name in different),
        )
    return arrays


def _yaml(value: object) -> str:
    return (
        "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )
