"""Measures of a run's models, computed afterwards and kept in `derived/`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

from memlab.errors import RunError
from memlab.measures.circuit import key_frequencies
from memlab.measures.kept import keep_values, read_values
from memlab.measures.kinds import ModelMeasure
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
    """Compute measures; what is in `derived/` already is not computed again.

    Steps without a checkpoint are recomputed, and the recomputed rows compared with the recorded
    ones.

    Args:
        models: of the run.
        names: of `ModelMeasure`s.
        steps: None = those of all kept checkpoints.
        keys: key frequencies; None = those of the newest checkpoint, at every step.

    Raises:
        RunError: a measure or a step that does not exist, or a recomputed row that differs.
    """
    measures = [known_measure(name) for name in names]
    folder = models.folder
    available = folder.checkpoints.steps()
    wanted = sorted(set(available if steps is None else steps))
    if not wanted:
        raise RunError("this run has no checkpoint to measure", where=folder.path.name)
    views = _Views(models)
    frozen = keys or key_frequencies(views.at(available[-1] if available else wanted[-1], None))
    values: dict[int, dict[str, float]] = {}
    for step in wanted:
        values[step] = {}
        for measure in measures:
            values[step] |= _at_step(folder, measure, step, frozen, views)
    undefined = [
        measure.declared.name
        for measure in measures
        if not any(_belongs(name, measure) for measured in values.values() for name in measured)
    ]
    return MeasuredRun(values, frozen, undefined)


@final
class _Views:
    """The models of a run at steps as arrays; the newest is kept."""

    def __init__(self, models: ModelsAt) -> None:
        self._models = models
        self._last: tuple[int, tuple[int, ...] | None, ModelArrays] | None = None

    def at(self, step: int, keys: tuple[int, ...] | None) -> ModelArrays:
        """The model at `step`, to be measured with `keys`."""
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
    keep_values(folder, measure, step, keys, values)
    return values


def _belongs(name: str, measure: ModelMeasure) -> bool:
    return name.partition("/")[0].endswith(measure.declared.name)
