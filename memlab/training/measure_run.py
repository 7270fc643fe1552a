"""Measures of a run's checkpoints, computed afterwards and kept in `derived/`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

import torch

from memlab.errors import RunError, nearest
from memlab.measures import model_measures
from memlab.measures.circuit import key_frequencies
from memlab.measures.kinds import ModelMeasure
from memlab.models.transformer import Transformer
from memlab.preset.run_preset import preset_of
from memlab.record import derived
from memlab.record.folder import RunFolder
from memlab.training.checkpoint import load_weights
from memlab.training.device import choose_device
from memlab.training.model_arrays import ModelArrays
from memlab.training.run_data import RunData


@dataclass(frozen=True)
class MeasuredRun:
    values: dict[int, dict[str, float]]
    """step to recorded name to value"""
    keys: tuple[int, ...]
    """the key frequencies that were measured with; empty where they are not defined"""
    undefined: list[str] = field(default_factory=list)
    """measures that are not defined for this run"""


def measure_run(
    folder: RunFolder,
    names: Sequence[str],
    steps: Sequence[int] | None = None,
    keys: tuple[int, ...] | None = None,
    device: str = "auto",
) -> MeasuredRun:
    """Compute measures from kept checkpoints; results in `derived/` are not recomputed.

    Args:
        folder: the run.
        names: of `ModelMeasure`s.
        steps: of checkpoints; None = all that are kept.
        keys: key frequencies; None = those of the newest checkpoint, at every step.
        device: cpu, cuda or auto.

    Raises:
        RunError: a measure or a checkpoint that does not exist.
    """
    measures = [_known(name) for name in names]
    kept = folder.checkpoints.steps()
    if not kept:
        raise RunError("this run has no checkpoint to measure", where=folder.path.name)
    for step in steps or ():
        if step not in kept:
            raise RunError(
                "no checkpoint at this step",
                found=str(step),
                allowed=", ".join(map(str, kept)),
                hint="training.keep keeps checkpoints for good",
            )
    models = _Models(folder, device)
    frozen = keys or key_frequencies(models.at(kept[-1], None))
    values: dict[int, dict[str, float]] = {}
    for step in steps or kept:
        values[step] = {}
        for measure in measures:
            values[step] |= _at_step(folder, measure, step, frozen, models)
    undefined = [
        measure.declared.name
        for measure in measures
        if not any(_belongs(name, measure) for found in values.values() for name in found)
    ]
    return MeasuredRun(values, frozen, undefined)


@final
class _Models:
    """The models of a run's checkpoints; the data are created once, the latest model is cached."""

    def __init__(self, folder: RunFolder, device: str) -> None:
        self._folder = folder
        self._run_data = RunData(preset_of(folder), choose_device(device))
        self._last: tuple[int, tuple[int, ...] | None, ModelArrays] | None = None

    def at(self, step: int, keys: tuple[int, ...] | None) -> ModelArrays:
        """The model of the checkpoint at `step`, to be measured with `keys`."""
        if self._last is None or self._last[:2] != (step, keys):
            data = self._run_data
            stored = self._folder.checkpoints.load(step, need="weights")
            model = Transformer(data.preset.model, len(data.dataset.vocabulary), data.facts.n_ctx)
            load_weights(model, stored.files["model.safetensors"])
            self._last = (step, keys, ModelArrays(model.to(data.device), data, keys))
        return self._last[2]


def _at_step(
    folder: RunFolder, measure: ModelMeasure, step: int, keys: tuple[int, ...], models: _Models
) -> dict[str, float]:
    document = f"measures/{measure.declared.name}/step-{step:09d}.json"
    stored = derived.read_document(folder, document, measure.version)
    if stored is not None and stored.get("keys") == list(keys):
        return {str(name): float(value) for name, value in stored["values"].items()}
    torch.manual_seed(0)
    values = dict(measure.compute(models.at(step, keys)))
    contents = {"step": step, "keys": list(keys), "values": values}
    derived.write_document(folder, document, contents, measure.version)
    return values


def _belongs(name: str, measure: ModelMeasure) -> bool:
    return name.partition("/")[0].endswith(measure.declared.name)


def _known(name: str) -> ModelMeasure:
    known = model_measures()
    if name not in known:
        raise RunError(
            "no measure of this name is computed from checkpoints",
            found=name,
            allowed=", ".join(known),
            hint=nearest(name, known),
        )
    return known[name]
