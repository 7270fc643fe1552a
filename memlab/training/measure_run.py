"""Measures of the models of a run, computed afterwards and cached in `derived/`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

from memlab.errors import RunError
from memlab.measures.circuit import key_frequencies
from memlab.measures.kinds import ModelMeasure
from memlab.measures.stored_values import read_values, store_values
from memlab.record.folder import RunFolder
from memlab.training.measure_model import known_measure, measured
from memlab.training.model_arrays import ModelArrays
from memlab.training.models_at import ModelsAt


@dataclass(frozen=True)
class MeasuredRun:
    values: dict[int, dict[str, float]]
    """step to recorded name to value"""
    keys: tuple[int, ...]
    """the key frequencies used; empty if they are not defined"""
    undefined: list[str] = field(default_factory=list)
    """measures that are not defined for this run"""


def measure_run(
    models: ModelsAt,
    names: Sequence[str],
    steps: Sequence[int] | None = None,
    keys: tuple[int, ...] | None = None,
) -> MeasuredRun:
    """Compute measures; values in `derived/` are not computed again.

    Steps without a checkpoint are recomputed, and the recomputed rows are compared with the recorded
    ones.

    Args:
        models: models of the run.
        names: names of `ModelMeasure`s.
        steps: steps to measure; None = all steps with a checkpoint.
        keys: key frequencies at every step; None = those of the newest checkpoint.

    Raises:
        RunError: a measure or a step does not exist, or a recomputed row differs.
    """
    measures = [known_measure(name) for name in names]
    folder = models.folder
    available = folder.checkpoints.steps()
    requested = sorted(set(available if steps is None else steps))
    if not requested:
        raise RunError("this run has no checkpoint to measure", where=folder.path.name)
    views = _Views(models)
    newest = available[-1] if available else requested[-1]
    used_keys = keys or key_frequencies(views.at(newest, None))
    values: dict[int, dict[str, float]] = {}
    for step in requested:
        values[step] = {}
        for measure in measures:
            values[step] |= _at_step(folder, measure, step, used_keys, views)
    undefined = [
        measure.declared.name
        for measure in measures
        if not any(_belongs(name, measure) for measured in values.values() for name in measured)
    ]
    return MeasuredRun(values, used_keys, undefined)


@final
class _Views:
    """The models of a run as arrays, with a cache of one: all measures of a step share it."""

    def __init__(self, models: ModelsAt) -> None:
        self._models = models
        self._last: tuple[int, tuple[int, ...] | None, ModelArrays] | None = None

    def at(self, step: int, keys: tuple[int, ...] | None) -> ModelArrays:
        """The model at `step` with the key frequencies `keys`."""
        if self._last is None or self._last[:2] != (step, keys):
            arrays = ModelArrays(self._models.model(step), self._models.run_data, keys)
            self._last = (step, keys, arrays)
        return self._last[2]


def _at_step(
    folder: RunFolder, measure: ModelMeasure, step: int, keys: tuple[int, ...], views: _Views
) -> dict[str, float]:
    stored = read_values(folder, measure, step, keys)
    if stored is not None:
        return stored
    values = measured(measure, views.at(step, keys))
    store_values(folder, measure, step, keys, values)
    return values


def _belongs(name: str, measure: ModelMeasure) -> bool:
    return name.partition("/")[0].endswith(measure.declared.name)
