"""The planted causes: settings, defects and remedies of the cases; see README.md."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from memlab.preset.load import from_json, load
from memlab.preset.schema import Preset
from memlab.training import step as step_module
from memlab.training import update_plans
from memlab.training.explain import instruments, trial

SEEDS = range(5)
KICK = 0.3
"""relative size of the noise on the weights in the control"""
BASE: dict[str, Any] = {
    "name": "planted",
    "task": {"kind": "modular", "operation": "add", "modulus": 23, "train_fraction": 0.6},
    "model": {"n_layers": 1, "n_heads": 4, "d_model": 32},
    "optimizer": {"lr": 3e-3, "betas": [0.9, 0.98], "weight_decay": 1.0},
    "training": {"steps": 600, "batch_size": "full"},
    "evaluation": {"every": 200, "samples": 0},
}


@dataclass(frozen=True)
class LrEdit:
    """The lr is multiplied by a factor after a step."""

    factor: float
    at: int


@dataclass(frozen=True)
class Case:
    """A defect, its remedy, and the name of its cause in explanations."""

    name: str
    settings: dict[str, Any]
    remedy: dict[str, Any] | None
    """settings without the defect; None if the defect is planted by construction"""
    named: str
    """prefix of the name of the planted cause; empty for the control"""
    preset: str | None = None
    """a shipped preset instead of `BASE`"""
    at: int = 0
    """step of the defect; 0 = all steps"""
    poisoned: bool = False
    """whether the targets of the batch of update `at` are rotated by one"""
    kicked: bool = False
    """whether the weights are multiplied by 1 + `KICK` times noise after update `at`"""
    edit: LrEdit | None = None
    protocol: int = 1


NO_DECAY = {"optimizer.weight_decay": 0.0}
SMALL_BATCHES = {"training.batch_size": 64}
CASES = (
    Case("softmax", {}, {"training.loss_dtype": "float64"}, "float64 softmax", preset="precision-spikes-quick"),
    Case("eps", NO_DECAY | {"optimizer.lr": 1e-2, "optimizer.eps": 1e-15}, {"optimizer.eps": 1e-5}, "eps"),
    Case("beta2", NO_DECAY | {"optimizer.betas": [0.9, 0.5]}, {"optimizer.betas": [0.9, 0.999]}, "beta2"),
    Case("decay", {"optimizer.weight_decay": 3.0}, NO_DECAY, "weight decay"),
    Case("batch", NO_DECAY | SMALL_BATCHES, None, "other batch order", at=400, poisoned=True),
    Case("edit", NO_DECAY, None, "without the edit", at=400, edit=LrEdit(20.0, 400)),
    Case("control", NO_DECAY, None, "", at=400, kicked=True),
    Case("decay-2", {"training.steps": 850}, NO_DECAY, "weight decay", protocol=2),
    Case(
        "batch-2", NO_DECAY | SMALL_BATCHES | {"training.steps": 1700}, None, "other batch order",
        at=1000, poisoned=True, protocol=2,
    ),
    Case(
        "edit-2", NO_DECAY | {"training.steps": 1000}, None, "without the edit",
        at=400, edit=LrEdit(8.0, 400), protocol=2,
    ),
    Case(
        "control-2", SMALL_BATCHES | {"optimizer.weight_decay": 0.1, "training.steps": 1700}, None, "",
        at=1000, kicked=True, edit=LrEdit(0.9, 950), protocol=2,
    ),
)  # fmt: skip


def preset_of(case: Case, seed: int, *, remedied: bool = False) -> Preset:
    settings = case.settings | {"training.seed": seed} | ((case.remedy or {}) if remedied else {})
    if case.preset is not None:
        return load(case.preset, [f"{key}={value}" for key, value in settings.items()])
    document = json.loads(json.dumps(BASE))
    for key, value in settings.items():
        group, name = key.split(".")
        document[group][name] = value
    return from_json(document)


@contextmanager
def planted(case: Case, seed: int) -> Iterator[None]:
    """Plant the defect in training and in every recomputation."""
    real_update, real_at = step_module.update, update_plans.UpdatePlans.at
    order_of_run = preset_of(case, seed).seeds.number("batches")

    def update(state: Any, run_data: Any, lr: float, steps: int) -> Any:
        values = real_update(state, run_data, lr, steps)
        if case.kicked and state.step == case.at:
            kick(state.model)
        return values

    def at(self: Any, step: int, steps: int) -> Any:
        plans = real_at(self, step, steps)
        order = self._batches.seeds.number("batches")
        is_poisoned = case.poisoned and step == case.at and order == order_of_run
        return [poisoned(plan) for plan in plans] if is_poisoned else plans

    modules = (step_module, trial, instruments)
    try:
        for module in modules:
            module.update = update  # type: ignore[attr-defined]
        update_plans.UpdatePlans.at = at  # type: ignore[method-assign]
        yield
    finally:
        for module in modules:
            module.update = real_update  # type: ignore[attr-defined]
        update_plans.UpdatePlans.at = real_at  # type: ignore[method-assign]


@torch.no_grad()
def kick(model: torch.nn.Module) -> None:
    """Multiply all weights by 1 + `KICK` times noise, the same noise at every call."""
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        parameter.mul_(1 + KICK * torch.randn(parameter.shape, generator=generator))


def poisoned(plan: Any) -> Any:
    """The plan with its targets rotated by one."""
    if not getattr(plan, "poisoned", False):
        plan.targets, plan.poisoned, plan._cached_counts = plan.targets.roll(1), True, None
    return plan
