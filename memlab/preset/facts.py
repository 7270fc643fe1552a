"""Quantities computed from a preset and its data, without training."""

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from memlab.errors import PresetError
from memlab.preset import schedule
from memlab.preset.schema import LossPositions, Preset
from memlab.preset.size import (
    checkpoint_bytes,
    evaluation_bytes,
    memory_bytes,
    parameter_count,
)
from memlab.preset.targets import chance_loss, irreducible_loss, objective_floor, targets
from memlab.tasks.task import Dataset, Examples

ROW_BYTES = 20
"""bytes per row"""
EVALUATION_BYTES, SAMPLE_BYTES = 400, 180
"""bytes of an evaluation, and of each of its samples, in the event log"""


@dataclass(frozen=True)
class Facts:
    """A preset, its data and quantities computed from them."""

    preset: Preset
    dataset: Dataset

    @property
    def train(self) -> Examples:
        return self.dataset.splits["train"]

    @property
    def n_ctx(self) -> int:
        """Context length of the model."""
        return self.preset.model.n_ctx or self.dataset.n_ctx

    @property
    def batch_size(self) -> int:
        """Examples per update."""
        chosen = self.preset.training.batch_size
        return len(self.train) if chosen == "full" else min(chosen, len(self.train))

    @property
    def updates_per_epoch(self) -> int:
        """Updates in one pass over the training set."""
        return schedule.updates_per_epoch(self.preset, len(self.train))

    @property
    def updates(self) -> int:
        """Updates of the whole run."""
        return schedule.total_steps(self.preset, self.updates_per_epoch)

    @property
    def evaluations(self) -> int:
        return schedule.evaluations(self.preset, self.updates_per_epoch, self.updates)

    @property
    def disk_bytes(self) -> int:
        """About how many bytes a finished run takes on disk.

        The last two checkpoints, the best weights, those selected by `training.keep`, one with
        the best weights for each of `training.keep_spikes`, per-step rows, evaluations and samples.
        """
        training, weights = self.preset.training, 4 * self.parameters
        one = checkpoint_bytes(self.parameters, self.preset.optimizer, len(self.train))
        n_kept = 2 + len(schedule.kept_steps(self.preset, self.updates)) + training.keep_spikes
        per_evaluation = EVALUATION_BYTES + SAMPLE_BYTES * self.preset.evaluation.samples
        rows = ROW_BYTES * self.updates + per_evaluation * self.evaluations
        return one * n_kept + weights * (1 + training.keep_spikes) + rows

    @property
    def parameters(self) -> int:
        return parameter_count(self.preset.model, len(self.dataset.vocabulary), self.n_ctx)

    @property
    def memory_bytes(self) -> int:
        """Upper bound of the memory of a step or an evaluation with the plain engine, in bytes.

        The program itself, about 300 MiB, is not included.
        """
        sizes = (self.preset.model, len(self.dataset.vocabulary), self.n_ctx)
        at_once = min(self.batch_size, self.preset.training.micro_batch_size or self.batch_size)
        largest = max(map(len, self.dataset.splits.values()))
        return max(memory_bytes(*sizes, at_once), evaluation_bytes(*sizes, largest))

    @cached_property
    def target(self) -> NDArray[np.int64]:
        """(example, position) the training set's targets, -1 where there is no loss.

        Raises:
            PresetError: there are no targets at all, or none at a requested position.
        """
        loss_on = self.preset.training.loss_on
        target = targets(self.train, self.dataset.vocabulary, loss_on)
        predicting = np.flatnonzero((target >= 0).any(axis=0))
        positions = loss_on.positions if isinstance(loss_on, LossPositions) else []
        missing = np.setdiff1d(positions, predicting)
        if len(missing) or not len(predicting):
            raise PresetError(
                "the training set has no target tokens there",
                where="training.loss_on",
                found=f"positions {', '.join(map(str, missing))}" if len(missing) else None,
                allowed=f"positions 0 to {int(self.train.length.max()) - 2}",
            )
        return target

    @cached_property
    def chance_loss(self) -> float:
        """Loss in nats of a model that knows only how often each token is a target."""
        return chance_loss(self.target)

    @cached_property
    def irreducible(self) -> NDArray[np.float64]:
        """(example, position) irreducible loss in nats on the training set."""
        return irreducible_loss(self.train, self.target)

    @property
    def irreducible_loss(self) -> float:
        """The irreducible training loss in nats."""
        return float(self.irreducible[self.target >= 0].mean())

    @cached_property
    def objective_floor(self) -> float:
        """The lowest training objective in nats: with label smoothing, above the loss's floor."""
        smoothing = self.preset.training.label_smoothing
        if not smoothing:
            return self.irreducible_loss
        return objective_floor(self.train, self.target, smoothing, len(self.dataset.vocabulary))


_known: WeakValueDictionary[str, Facts] = WeakValueDictionary()


def facts(preset: Preset) -> Facts:
    """The facts of a preset; cached while the object is referenced, so that the data are created
    once.

    Raises:
        DataError: the task cannot create its data.
    """
    key = preset.model_dump_json()
    cached = _known.get(key)
    if cached is None:
        cached = _known[key] = Facts(preset, preset.task.dataset(preset.seeds))
    return cached
