"""Typed facts from `run.json`, known before the run starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final


@final
@dataclass(frozen=True)
class RunFacts:
    """Facts from the resolved preset and from its preflight check; defaults where one is missing."""

    preset: str = ""
    """name of the preset"""
    about: str = ""
    seed: int | None = None
    has_batches: bool = True
    """whether updates use a part of the data, so that the loss is noisy"""
    planned_steps: int = 0
    """updates as planned at the start; 0 = unknown"""
    updates_per_epoch: int = 1
    parameters: int | None = None
    train_examples: int = 0
    chance_loss: float | None = None
    """chance loss, nats; None = unknown or not positive"""
    label_smoothing: float = 0.0
    objective_floor: float | None = None
    """lowest possible value of the training objective, nats; None = unknown"""

    @property
    def is_smoothed(self) -> bool:
        """Whether label smoothing makes the objective another quantity than the evaluated losses."""
        return self.label_smoothing > 0

    @property
    def update_loss(self) -> str:
        """The displayed name of the per-step column `loss`.

        It is the objective of each update on its batch, before the update. The evaluated `train`
        loss is that of the whole training set after it, so the two have different names. The loss
        that another program recorded is called `train`.
        """
        return "objective" if self.is_smoothed else "batch" if self.preset else "train"

    @classmethod
    def of(cls, description: Mapping[str, Any]) -> Self:
        """The facts in the contents of `run.json`."""
        preset, check = _part(description, "preset"), _part(description, "check")
        training, chance = _part(preset, "training"), check.get("chance_loss")
        floor = check.get("objective_floor")
        updates_per_epoch = check.get("updates_per_epoch", 1)
        return cls(
            preset=str(preset.get("name", "")),
            about=str(preset.get("about", "")),
            seed=training.get("seed"),
            has_batches=training.get("batch_size") != "full",
            planned_steps=check.get("updates", 0),
            updates_per_epoch=max(int(updates_per_epoch or 1), 1),
            parameters=check.get("parameters"),
            train_examples=_part(check, "examples").get("train", 0),
            chance_loss=float(chance) if chance and chance > 0 else None,
            label_smoothing=float(training.get("label_smoothing") or 0.0),
            objective_floor=None if floor is None else float(floor),
        )


def edited_steps(changes: Mapping[str, Any], updates_per_epoch: int) -> int | None:
    """The last step as set by an edit of steps or epochs; None if it sets neither."""
    steps, epochs = changes.get("training.steps"), changes.get("training.epochs")
    if isinstance(steps, int):
        return steps
    return epochs * updates_per_epoch if isinstance(epochs, int) else None


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = document.get(name)
    return part if isinstance(part, Mapping) else {}
