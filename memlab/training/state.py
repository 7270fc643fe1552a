"""The complete state of a training run, which checkpoints contain."""

from collections import deque
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from memlab.detectors import all_detectors
from memlab.detectors.detector import Context, Detector
from memlab.models.transformer import Transformer
from memlab.preset.facts import Facts
from memlab.preset.schema import Preset
from memlab.record.commands import Edit
from memlab.record.events import Event
from memlab.record.example_history import MAX_EXAMPLES
from memlab.training.forgetting import Forgetting
from memlab.training.optimizers import build_optimizer
from memlab.training.run_data import RunData

COMPLETED = ("finished", "early_stop")
"""end reasons that persist when a run is resumed, until an edit extends it"""


@dataclass
class Best:
    """The weights with the lowest val_loss so far (train_loss if there is no val split)."""

    step: int
    loss: float
    weights: dict[str, Tensor]


@dataclass
class TrainState:
    """The state between two updates.

    `train` has no other state, so its generator can be dropped at any yield and created again.
    """

    preset: Preset
    """with all edits applied"""
    model: Transformer
    optimizer: torch.optim.Optimizer
    detectors: list[Detector]
    step: int = 0
    """number of updates made"""
    evaluated_at: int = -1
    """step of the newest evaluation"""
    checkpointed_at: int = -1
    """step of the newest checkpoint"""
    edits: dict[str, Any] = field(default_factory=dict)
    """dotted setting to value, all edits so far"""
    planned: list[Edit] = field(default_factory=list)
    """requested edits whose step has not been reached"""
    best: Best | None = None
    worse_evaluations: int = 0
    """number of evaluations since the best one"""
    forgetting: Forgetting | None = None
    """when each training example was learned; None for large training sets"""
    stage: str | None = None
    """last reported stage of a curriculum"""
    sustained: bool = False
    """whether the phase `sustained` was detected"""
    ending: str | None = None
    """reason for ending the run at this step; None = it continues"""
    queue: deque[Event] = field(default_factory=deque)
    """events not yielded yet; empty in every checkpoint"""

    @cached_property
    def parameters(self) -> list[Tensor]:
        """Those of the model; collecting them takes as long as a small matrix product."""
        return list(self.model.parameters())

    @cached_property
    def weights_before(self) -> list[Tensor]:
        """Memory for the weights before an update whose norm is measured."""
        return [torch.empty_like(parameter) for parameter in self.parameters]


def fresh_state(run_data: RunData) -> TrainState:
    """The state before the first update, from the run's `init` seed."""
    preset, facts = run_data.preset, run_data.facts
    seed = preset.seeds.number("init")
    model = Transformer(preset.model, len(run_data.dataset.vocabulary), facts.n_ctx, seed=seed)
    model.to(run_data.device)
    return TrainState(
        preset=preset,
        model=model,
        optimizer=build_optimizer(preset.optimizer, model),
        detectors=all_detectors(_context(facts)),
        forgetting=_no_history(facts, run_data.device),
    )


def _no_history(facts: Facts, device: torch.device) -> Forgetting | None:
    n_examples = len(facts.train)
    return Forgetting.none(n_examples, device) if n_examples <= MAX_EXAMPLES else None


def _context(facts: Facts) -> Context:
    return Context(
        chance_loss=facts.chance_loss,
        steps=facts.updates,
        floor_loss=facts.irreducible_loss,
        updates_per_epoch=facts.updates_per_epoch,
        warmup_steps=facts.preset.optimizer.warmup_steps,
        float64_loss=facts.preset.training.loss_dtype == "float64",
        val_within_train=facts.dataset.val_within_train,
    )
