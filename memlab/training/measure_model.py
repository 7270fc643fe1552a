"""Measures of a model in memory."""

from collections.abc import Sequence

import torch

from memlab.errors import RunError, nearest
from memlab.measures import model_measures
from memlab.measures.kinds import ModelMeasure
from memlab.models.transformer import Transformer
from memlab.training.model_arrays import ModelArrays
from memlab.training.run_data import RunData


def measured_now(
    model: Transformer, run_data: RunData, names: Sequence[str], keys: tuple[int, ...] | None = None
) -> dict[str, float]:
    """Recorded names to values of several measures of a model.

    Args:
        keys: key frequencies; None = those of this model.
    """
    view = ModelArrays(model, run_data, keys)
    return {
        name: value
        for measure in map(known_measure, names)
        for name, value in measured(measure, view).items()
    }


def measured(measure: ModelMeasure, view: ModelArrays) -> dict[str, float]:
    """Recorded names to values of one measure; random numbers go on as if nothing was computed."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return dict(measure.compute(view))


def known_measure(name: str) -> ModelMeasure:
    """The measure of a model by its name.

    Raises:
        RunError: there is none.
    """
    known = model_measures()
    if name not in known:
        raise RunError(
            "no measure of this name is computed from a model",
            found=name,
            allowed=", ".join(known),
            hint=nearest(name, known),
        )
    return known[name]
