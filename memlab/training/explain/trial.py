"""A trial: the steps around a spike, recomputed with one change."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from memlab.preset.edit import apply_edits
from memlab.preset.fork import forked_preset
from memlab.preset.learning_rate import learning_rate
from memlab.preset.schedule import total_steps
from memlab.preset.schema import Preset
from memlab.record.events import Edited
from memlab.record.explanation import CONTROL
from memlab.training.explain.changes import TrialChange, optimizer_groups
from memlab.training.explain.window import Window
from memlab.training.optimizers import apply_settings
from memlab.training.run_data import RunData
from memlab.training.state import TrainState
from memlab.training.step import update


@dataclass(frozen=True)
class StartState:
    """Copy of weights, moments and settings before the first recomputed step of every trial."""

    step: int
    preset: Preset
    edits: tuple[Edited, ...]
    """recorded edits from this step on"""
    weights: list[Tensor]
    optimizer: dict[str, Any]

    @classmethod
    def of(cls, state: TrainState, edits: list[Edited]) -> "StartState":
        """A copy of `state`."""
        weights = [p.detach().clone() for p in state.model.parameters()]
        optimizer = copy.deepcopy(state.optimizer.state_dict())
        return cls(state.step, state.preset, tuple(edits), weights, optimizer)

    def restore(self, state: TrainState) -> None:
        """Make `state` equal to the copy again."""
        with torch.no_grad():
            for parameter, weight in zip(state.model.parameters(), self.weights, strict=True):
                parameter.copy_(weight)
        state.optimizer.load_state_dict(copy.deepcopy(self.optimizer))
        state.step, state.preset = self.step, self.preset

    def __reduce__(self) -> tuple[Any, ...]:
        """Copied to another process as arrays: `multiprocessing` passes tensors in shared memory."""
        tensors = _mapped(
            (self.weights, self.optimizer), Tensor, lambda tensor: tensor.cpu().numpy()
        )
        return _start_state, (self.step, self.preset, self.edits, *tensors)


def _start_state(step: int, preset: Preset, edits: tuple[Edited, ...], *arrays: Any) -> StartState:
    return StartState(step, preset, edits, *_mapped(arrays, np.ndarray, torch.from_numpy))


def _mapped(value: Any, kind: type, function: Callable[[Any], Any]) -> Any:
    """A copy of nested lists, tuples and dicts, in which a function replaces the values of a type."""
    if isinstance(value, kind):
        return function(value)
    if isinstance(value, dict):
        return {key: _mapped(item, kind, function) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_mapped(item, kind, function) for item in value)
    return value


@dataclass(frozen=True)
class TrialResult:
    """The effect of a change. Losses in nats."""

    change: TrialChange
    effect: str
    """prevents, delays or no effect"""
    losses: NDArray[np.float64]
    """(step,) loss of each recomputed step"""
    first: int
    """first recomputed step"""

    @property
    def peak(self) -> float:
        """The highest loss; infinite if a loss is not finite."""
        return float(np.where(np.isfinite(self.losses), self.losses, np.inf).max())

    @property
    def peak_step(self) -> int:
        highest = np.where(np.isfinite(self.losses), self.losses, np.inf)
        return self.first + int(highest.argmax())

    def to_json(self) -> dict[str, Any]:
        return {
            "change": self.change.name,
            "kind": self.change.kind,
            "effect": self.effect,
            "peak": self.peak,
            "peak_step": self.peak_step,
            "first_step": self.first,
            "losses": [float(f"{loss:.6g}") for loss in self.losses],
        }


def try_change(
    state: TrainState, run_data: RunData, start: StartState, change: TrialChange, window: Window
) -> TrialResult:
    """Recompute the steps of `window` from `start` with one change; modifies `state`."""
    start.restore(state)
    state.preset = forked_preset(start.preset, change.overrides, None)
    apply_settings(state.optimizer, state.preset.optimizer)
    for group in state.optimizer.param_groups:
        group.update(optimizer_groups(state.preset))
    change.prepare(state)
    edits = [e for e in start.edits if not (change.without_edits and e in window.edits)]
    data = _data(run_data, state.preset, change)
    losses: list[Tensor] = []
    while state.step < window.last:
        _apply_due(state, edits, change)
        steps = total_steps(state.preset, data.batches.per_epoch)
        lr = learning_rate(state.preset.optimizer, state.step + 1, steps)
        frozen = _frozen(state, change)
        losses.append(update(state, data, lr, steps)[0])
        with torch.no_grad():
            for parameter, before in frozen:
                parameter.copy_(before)
    values = torch.stack(losses).double().cpu().numpy()
    return TrialResult(change, window.effect(values), values, start.step + 1)


def _data(run_data: RunData, preset: Preset, change: TrialChange) -> RunData:
    """The data of the run; created again for another batch order."""
    reordered = any("seeds.batches" in override for override in change.overrides)
    return RunData(preset, run_data.device) if reordered else run_data


def _apply_due(state: TrainState, edits: list[Edited], change: TrialChange) -> None:
    """Apply recorded edits that are due, and the change again on top of them."""
    for edit in [edit for edit in edits if edit.step <= state.step]:
        edits.remove(edit)
        state.preset = forked_preset(
            apply_edits(state.preset, edit.changes), change.overrides, None
        )
        apply_settings(state.optimizer, state.preset.optimizer)


def _frozen(state: TrainState, change: TrialChange) -> list[tuple[Tensor, Tensor]]:
    """The frozen parameters and copies of them."""
    return [
        (parameter, parameter.detach().clone())
        for name, parameter in state.model.named_parameters()
        if any(part in name for part in change.frozen)
    ]


def control(losses: NDArray[np.float64], start: StartState, window: Window) -> TrialResult:
    """The recomputation without a change."""
    change = TrialChange("no change", CONTROL)
    return TrialResult(change, window.effect(losses), losses, start.step + 1)
