"""The changes that are tested as causes of a spike, one at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from memlab.preset.schema import Preset
from memlab.record.explanation import CAUSE, INFORMATION, PLACEBO
from memlab.training.explain.window import Window
from memlab.training.state import TrainState

LARGER_EPS, LEAST_EPS = 1000.0, 1e-6
"""factor of a larger eps, and its minimum"""
BETA2 = 0.999
"""the larger beta2 that is tested"""
PLACEBOS = 5
NOISE = 1e-7
"""relative standard deviation of the noise that a placebo adds to the weights: the rounding error of
float32"""
GROUPS = {
    "embedding": ("token", "position", "head"),
    "attention": ("attention",),
    "mlp": ("mlp",),
    "norms": ("norm",),
}
"""group of tensors to parts of parameter names"""


def _unchanged(state: TrainState) -> None:
    pass


@dataclass(frozen=True)
class TrialChange:
    """One change: settings, an operation on the state, or tensors that are kept constant."""

    name: str
    kind: str
    """CAUSE, INFORMATION, CONTROL or PLACEBO"""
    overrides: tuple[str, ...] = ()
    """KEY=VALUE settings"""
    prepare: Callable[[TrainState], None] = _unchanged
    """modifies weights or moments once, before the first recomputed step; can be pickled"""
    frozen: tuple[str, ...] = ()
    """parameters whose names contain one of these parts are not updated"""
    without_edits: bool = False
    """omit the recorded edits shortly before the onset"""


def all_changes(
    preset: Preset, window: Window, grad_norm: float, *, mini_batches: bool
) -> Iterator[TrialChange]:
    """The changes that apply to a run with these settings.

    Args:
        preset: settings in effect before the spike.
        grad_norm: median gradient norm before the onset, the threshold of clipping.
        mini_batches: whether updates use different examples.
    """
    yield from _causes(preset, window, mini_batches=mini_batches)
    # Clipping and a halved lr make the updates during any spike smaller, so they are not evidence of a
    # cause.
    if grad_norm > 0:
        clip = f"optimizer.clip_grad_norm={float(f'{grad_norm:.3g}')!r}"
        yield TrialChange(f"gradient clipping at {grad_norm:.3g}", INFORMATION, (clip,))
    half = preset.optimizer.lr / 2
    yield TrialChange("lr halved", INFORMATION, (f"optimizer.lr={half!r}",))
    for group, parts in GROUPS.items():
        yield TrialChange(f"{group} frozen", INFORMATION, frozen=parts)
    for seed in range(1, PLACEBOS + 1):
        yield TrialChange(f"placebo {seed}", PLACEBO, prepare=partial(_add_noise, seed))


def _causes(preset: Preset, window: Window, *, mini_batches: bool) -> Iterator[TrialChange]:
    optimizer, adam = preset.optimizer, preset.optimizer.kind != "sgd"
    if optimizer.weight_decay:
        yield TrialChange("weight decay 0", CAUSE, ("optimizer.weight_decay=0.0",))
    if adam:
        eps = max(LARGER_EPS * optimizer.eps, LEAST_EPS)
        yield TrialChange(f"eps {eps:g}", CAUSE, (f"optimizer.eps={eps!r}",))
    if adam and optimizer.betas[1] < BETA2:
        betas = f"optimizer.betas=[{optimizer.betas[0]!r}, {BETA2}]"
        old = optimizer.betas[1]
        yield TrialChange(f"beta2 {BETA2}", CAUSE, (betas,), prepare=partial(_keep_step_size, old))
    if preset.training.loss_dtype == "float32":
        yield TrialChange("float64 softmax", CAUSE, ("training.loss_dtype=float64",))
    if adam or optimizer.momentum:
        yield TrialChange("cleared momentum", CAUSE, prepare=_clear_momentum)
    if mini_batches:
        order = (preset.seeds.number("batches") + 1) % 2**62
        yield TrialChange("other batch order", CAUSE, (f"training.seeds.batches={order}",))
    if window.edits:
        yield TrialChange(_edit_name(window), CAUSE, without_edits=True)


def _edit_name(window: Window) -> str:
    keys = dict.fromkeys(key for edit in window.edits for key in edit.changes)
    return f"without the edit of {', '.join(keys)}"


def _moments(state: TrainState, name: str) -> Iterator[torch.Tensor]:
    for values in state.optimizer.state.values():
        if isinstance(values.get(name), torch.Tensor):
            yield values[name]


def _clear_momentum(state: TrainState) -> None:
    for name in ("exp_avg", "momentum_buffer"):
        for moment in _moments(state, name):
            moment.zero_()


def _keep_step_size(old: float, state: TrainState) -> None:
    """Rescale the second moment so that another beta2 does not change the step size immediately.

    Adam divides the second moment by 1 - beta2^t, which is smaller for a larger beta2. Without
    rescaling, the effective learning rate would drop immediately and hide the effect of the longer
    average.
    """
    factor = (1 - BETA2**state.step) / (1 - old**state.step) if state.step else 1.0
    for moment in _moments(state, "exp_avg_sq"):
        moment.mul_(factor)


def _add_noise(seed: int, state: TrainState) -> None:
    """Multiply every weight by 1 + `NOISE` times a standard normal number."""
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for parameter in state.model.parameters():
            noise = torch.from_numpy(rng.standard_normal(tuple(parameter.shape)))
            factor = 1 + NOISE * noise.to(parameter.device)
            parameter.copy_((parameter.double() * factor).float())


def optimizer_groups(preset: Preset) -> dict[str, Any]:
    """The options of the optimizer's parameter groups that a change can set."""
    if preset.optimizer.kind == "sgd":
        return {"momentum": preset.optimizer.momentum}
    return {"betas": tuple(preset.optimizer.betas), "eps": preset.optimizer.eps}
