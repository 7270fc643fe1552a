"""Measures of a model in memory."""

from collections.abc import Sequence

import torch

from memlab.errors import RunError, nearest
from memlab.measures import measure_names, named_measures
from memlab.measures.kinds import ModelMeasure
from memlab.models.transformer import Transformer
from memlab.training.model_arrays import ModelArrays
from memlab.training.run_data import RunData


def measured_now(
    model: Transformer, run_data: RunData, names: Sequence[str], keys: tuple[int, ...] | None = None
) -> dict[str, float]:
    """Recorded names to values of several measures of a model.

    Args:
        names: names of measures; those that are not model measures are ignored.
        keys: key frequencies; None = those of this model.
    """
    view = ModelArrays(model, run_data, keys)
    return {
        name: value
        for measure in named_measures(names)
        if isinstance(measure, ModelMeasure)
        for name, value in measured(measure, view).items()
    }


def measured(measure: ModelMeasure, view: ModelArrays) -> dict[str, float]:
    """Recorded names to values of one measure; torch's random generators keep their state."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return dict(measure.compute(view))


def known_measure(name: str) -> ModelMeasure:
    """The model measure with this name.

    Raises:
        RunError: no model measure has this name.
    """
    known = measure_names()
    measure = named_measures([name])[0] if name in known else None
    if not isinstance(measure, ModelMeasure):
        raise RunError(
            "no measure of this name is computed from a model",
            found=name,
            allowed=", ".join(known),
            hint=nearest(name, known),
        )
    return measure
