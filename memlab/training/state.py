"""Everything that must survive a kill: the whole memory of a training run."""

from collections import deque
from dataclasses import dataclass, field
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
"""endings that last when a run is taken up again, until an edit gives it more to do"""


@dataclass
class Best:
    """The weights with the lowest val_loss so far (train_loss if there is no val split)."""

    step: int
    loss: float
    weights: dict[str, Tensor]


@dataclass
class TrainState:
    """The state between two updates.

    `train` keeps no memory anywhere else, so its generator may be dropped at any yield and made
    again.
    """

    preset: Preset
    """with all edits applied"""
    model: Transformer
    optimizer: torch.optim.Optimizer
    detectors: list[Detector]
    step: int = 0
    """updates done"""
    evaluated_at: int = -1
    """step of the newest evaluation"""
    checkpointed_at: int = -1
    """step of the newest checkpoint"""
    edits: dict[str, Any] = field(default_factory=dict)
    """dotted setting to value, everything that was ever edited"""
    planned: list[Edit] = field(default_factory=list)
    """edits that were asked for and whose step has not come"""
    best: Best | None = None
    worse_evaluations: int = 0
    """evaluations since the best one"""
    forgetting: Forgetting | None = None
    """when each training example was learned; None for large training sets"""
    stage: str | None = None
    """the stage of a curriculum that was announced last"""
    sustained: bool = False
    """generalization has lasted"""
    ending: str | None = None
    """why the run is about to end"""
    queue: deque[Event] = field(default_factory=deque)
    """events that have happened and are not yielded yet; empty in every checkpoint"""


def fresh_state(run_data: RunData) -> TrainState:
    """The state before the first update, from the run's `init` seed."""
    preset, known = run_data.preset, run_data.facts
    seed = preset.seeds.number("init")
    model = Transformer(preset.model, len(run_data.dataset.vocabulary), known.n_ctx, seed=seed)
    model.to(run_data.device)
    return TrainState(
        preset=preset,
        model=model,
        optimizer=build_optimizer(preset.optimizer, model),
        detectors=all_detectors(_context(known)),
        forgetting=_nothing_learned(known, run_data.device),
    )


def _nothing_learned(known: Facts, device: torch.device) -> Forgetting | None:
    n_examples = len(known.train)
    return Forgetting.none(n_examples, device) if n_examples <= MAX_EXAMPLES else None


def _context(known: Facts) -> Context:
    return Context(
        chance_loss=known.chance_loss,
        steps=known.updates,
        floor_loss=known.irreducible_loss,
        updates_per_epoch=known.updates_per_epoch,
        warmup_steps=known.preset.optimizer.warmup_steps,
        float64_loss=known.preset.training.loss_dtype == "float64",
        val_within_train=known.dataset.val_within_train,
    )
